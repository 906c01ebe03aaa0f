"""Make checked, typed configurations of what Hydra has composed and of plain `key=value` arguments."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mathbatch.config.dataset_file import refuse_classes
from mathbatch.config.environment_secrets import refuse_secrets_in_config
from mathbatch.config.explain import config_error
from mathbatch.config.names import settle_names
from mathbatch.config.schema import Config
from mathbatch.config.secrets import refuse_resolvers, refuse_written_secrets
from mathbatch.config.spelling import spelled
from mathbatch.errors import ConfigError, nearest

C = TypeVar("C", bound=Config)
T = TypeVar("T")


def typed(composed: DictConfig, schema: type[C] = Config, is_new: bool = True) -> C:  # type: ignore[assignment]
    """Return the checked configuration; in `composed`, models get their names in plain words.

    Raises ConfigError for a value that is unknown, mistyped, missing or out of range, for a class that the dataset
    names, and, if it `is_new`, for a secret that would be saved.
    """
    try:
        settle_names(composed)
        values = OmegaConf.to_container(composed, resolve=False)  # untyped again, so that `+` has opened nothing
        if is_new:  # before anything else is said, which could show the secret
            refuse_written_secrets(values, "")
        merged = OmegaConf.merge(OmegaConf.structured(schema), values)
        # A name is made of the path where there is one, so that is what to give.
        for path in sorted(OmegaConf.missing_keys(merged), key=lambda path: (path.endswith(".name"), path)):
            raise ConfigError(path, "has no value", f"give it on the command line: {path}=…")
        dataset = values.get("dataset") if isinstance(values, dict) else None
        if isinstance(dataset, dict):
            refuse_classes(dataset)
            refuse_resolvers(dataset, "dataset")
        config = OmegaConf.to_object(merged)
    except OmegaConfBaseException as error:
        raise config_error(error, schema) from error
    assert isinstance(config, schema)
    if is_new:
        refuse_secrets_in_config(dataclasses.asdict(config))
    return config


def arguments_as(schema: type[T], arguments: list[str], usage: str) -> T:
    """Return the `key=value` arguments of a command without groups.

    Raises ConfigError for a key that `schema` has not, and for one without a value.
    """
    names = [own.name for own in dataclasses.fields(schema)]  # type: ignore[arg-type]
    for key in (argument.partition("=")[0] for argument in arguments):
        if key not in names:
            raise ConfigError(key, "no such key", f"{nearest(key, names)}; {usage}")
    try:
        merged = OmegaConf.merge(OmegaConf.structured(schema), _as_typed(schema, arguments))
        for path in sorted(OmegaConf.missing_keys(merged)):
            raise ConfigError(path, "has no value", usage)
        config = OmegaConf.to_object(merged)
    except OmegaConfBaseException as error:
        raise ConfigError(error.full_key or "arguments", str(error.msg).splitlines()[0], usage) from error
    assert isinstance(config, schema)
    return config


def _as_typed(schema: type[Any], arguments: list[str]) -> dict[str, Any]:
    """Return the values by key; those of texts as they are typed, without the quotes that YAML would take off."""
    values = {}
    for key, _, text in (argument.partition("=") for argument in arguments):
        try:
            values[key] = spelled(text, OmegaConf.from_dotlist([f"{key}={text}"])[key], key, schema)
        except yaml.YAMLError:  # such as a path with characters that YAML refuses
            values[key] = text
    return values
