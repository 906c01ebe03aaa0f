"""Change the configuration of a run that was made before, by overrides in Hydra's grammar."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, OverrideParseException
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from mathbatch.config.names import tie_names
from mathbatch.config.paths import conf_dir
from mathbatch.config.spelling import keep_spelling
from mathbatch.errors import ConfigError, nearest


def overridden(composed: DictConfig, overrides: Sequence[str]) -> DictConfig:
    """Return a copy in which each override takes the place of what was there. Raises ConfigError."""
    composed = _with_tied_names(composed)
    try:
        parsed = OverridesParser.create().parse_overrides([keep_spelling(override) for override in overrides])
    except (OverrideParseException, HydraException) as error:
        raise ConfigError("override", str(error).splitlines()[0], "write key=value, in quotes where needed") from error
    for override in parsed:
        _override(composed, override.key_or_group, override.package, override.value())
    return composed


def _override(composed: DictConfig, key: str, package: str | None, value: Any) -> None:
    if (key, package) == ("model", "judge.model"):
        key, value = "judge.model", _model(str(value))
    if key == "dataset.input":
        _keep_images(composed)
    value = _from_here(value) if key in ("dataset.input", "dataset.image_base_path") else value
    try:
        with open_dict(composed):
            OmegaConf.update(composed, key, value, merge=False, force_add=True)
    except OmegaConfBaseException as error:
        raise ConfigError(key, str(error.msg).splitlines()[0], "correct the key") from error


def _keep_images(composed: DictConfig) -> None:
    """Let images stay where they are when another file gives the rows."""
    dataset = composed.dataset
    if dataset.image_base_path is None and dataset.input is not None:
        first = dataset.input if isinstance(dataset.input, str) else dataset.input[0]
        dataset.image_base_path = first.rpartition("/")[0] or "."


def _model(name: str) -> DictConfig:
    """Return the shipped YAML of a model. Raises ConfigError."""
    path = conf_dir() / "model" / f"{name}.yaml"
    if not path.is_file():
        there = [other.stem for other in path.parent.glob("*.yaml")]
        raise ConfigError("model@judge.model", f"there is no '{name}'", nearest(name, there))
    loaded = OmegaConf.load(path)
    assert isinstance(loaded, DictConfig)
    return _with_tied_names(loaded, "model")


def _with_tied_names(config: DictConfig, package: str = "") -> DictConfig:
    """Return a copy in which a model that gets another path loses the name that it has for this one."""
    values = OmegaConf.to_container(config, resolve=False)
    tie_names(values, package)
    return OmegaConf.create(values)  # type: ignore[return-value]


def _from_here(value: Any) -> Any:
    """Return the full path of a file that is there: the configuration may be relative to another folder."""
    if isinstance(value, list):
        return [_from_here(one) for one in value]
    return str(Path(value).absolute()) if isinstance(value, str) and Path(value).exists() else value
