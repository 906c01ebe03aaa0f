"""Turn the errors of Hydra, OmegaConf and YAML into sentences: config path, problem, fix, nearest valid name."""

from __future__ import annotations

import dataclasses
import re
import typing
from typing import Any

import yaml
from hydra.errors import MissingConfigException, OverrideParseException
from omegaconf.errors import OmegaConfBaseException

from mathbatch.config.schema import Config
from mathbatch.config.vllm_arguments import is_engine_argument
from mathbatch.errors import ConfigError, MathBatchError, nearest

# Hydra's words for a key of a YAML file that is not in the schema.
KEY_IN_FILE = re.compile(r"In '(?P<file>[^']+)'.*?Key '(?P<key>[^']+)' not in", re.DOTALL)
# Hydra's words for a value of a YAML file that the schema does not take.
VALUE_IN_FILE = re.compile(
    r"In '(?P<file>[^']+)': \w+ raised while composing config:\n(?P<problem>.*)(\n\s+full_key: (?P<key>.+))?"
)
# Plugins of Hydra that come with the extra `launchers`.
OPTIONAL = ("joblib", "optuna", "submitit_local", "submitit_slurm")


class Refused(MathBatchError):
    """Hydra refuses the command line; the message says where and what to do."""


# Sections that may be null, in which Hydra can't set a key then: what chooses one, and what to do.
NULL = {
    "judge.model": ("model@judge.model=", "name one: model@judge.model=qwen"),
    "deploy": ("deploy=", "choose one: deploy=vllm"),
    "report": ("report=", "leave out report=false"),
}


def explain(error: Exception, schema: type[Config] = Config) -> str:
    """Say what Hydra or OmegaConf refused, with the config path and the nearest valid name."""
    if isinstance(error, MissingConfigException):
        return _explain_missing_group(error)
    if isinstance(error, OverrideParseException):
        override = str(error.override).removeprefix("++")  # which `allow_new_key` has added
        return f"{override}: not an override that Hydra can read\n  fix: quote it: 'key=\"value\"'"
    if match := KEY_IN_FILE.search(str(error)):
        group = match["file"].split("/")[0]
        hint = nearest(match["key"], _schema_types(group, schema))
        return str(ConfigError(f"{group}.{match['key']}", f"no such key, in {match['file']}.yaml", hint))
    if match := VALUE_IN_FILE.search(str(error)):
        group, problem = match["file"].split("/")[0], f"{match['problem']}, in {match['file']}.yaml"
        return str(ConfigError(match["key"] or group, problem, "correct the value"))
    cause = error.__cause__ if isinstance(error.__cause__, OmegaConfBaseException) else error
    if isinstance(cause, OmegaConfBaseException):
        return str(config_error(cause, schema))
    return str(error)


def explain_uncomposed(error: Exception, arguments: list[str]) -> str:
    """Say what Hydra tripped over while it composed, instead of a traceback of its own."""
    given = [argument for argument in arguments if not argument.endswith("=null")]
    for section, (chosen, fix) in NULL.items():
        own = [one for one in given if one.lstrip("+").startswith((f"{section}.", f"{section}="))]
        if own and not any(one.startswith(chosen) for one in given):
            return str(ConfigError(own[0].partition("=")[0], f"there is no {section} that it could change", fix))
    problem = f"{type(error).__name__}: {error}"
    return str(
        ConfigError("arguments", f"Hydra can't put them together: {problem}", "leave out the last that you added")
    )


def explain_yaml(error: yaml.YAMLError) -> str:
    """Say where a YAML file can't be read, and why."""
    if isinstance(error, yaml.reader.ReaderError):  # which has a place of its own kind
        return f"{error.name}: {error.reason}\n  fix: correct the file"
    mark = getattr(error, "problem_mark", None)
    where = "a YAML file" if mark is None else f"{mark.name}, line {mark.line + 1}"
    return f"{where}: {getattr(error, 'problem', None) or error}\n  fix: correct the file"


def config_error(error: OmegaConfBaseException, schema: type[Config]) -> ConfigError:
    """Return the ConfigError for a key that OmegaConf refused."""
    path = error.full_key or str(error.key or "")
    problem = str(error.msg or error).splitlines()[0]
    parent, _, key = path.rpartition(".")
    if "not in" in problem and parent in ("model", "judge.model") and is_engine_argument(key):
        fix = f"vLLM's own arguments go to {parent}.engine: {parent}.engine.{key}=…"
        return ConfigError(path, "no such key", fix)
    if "not in" in problem:
        return ConfigError(path, "no such key", nearest(key, _schema_types(parent, schema)))
    expected = _schema_types(parent, schema).get(key)
    return ConfigError(path, problem, f"give a value of the type {expected}" if expected else "correct the value")


def _explain_missing_group(error: MissingConfigException) -> str:
    missing = (error.missing_cfg_file or "").split("/")
    group, name = "/".join(missing[:-1]), missing[-1]
    options = [option for option in error.options or [] if option != "schema"]
    if not group or not options:
        return str(error)
    if group in ("hydra/launcher", "hydra/sweeper") and name in OPTIONAL:
        return str(ConfigError(group, f"'{name}' is not installed", "pip install 'mathbatch[launchers]'"))
    return str(ConfigError(group, f"there is no '{name}'", nearest(name, options, others=True)))


def _schema_types(parent: str, schema: type[Config]) -> dict[str, str]:
    """Map each key of the section at `parent` to its type, as the schema writes it."""
    section: Any = schema
    for part in filter(None, parent.split(".")):
        found = typing.get_type_hints(section).get(part) if dataclasses.is_dataclass(section) else None
        section = next(filter(dataclasses.is_dataclass, typing.get_args(found)), found)  # of `ModelConfig | None`
    return {f.name: str(f.type) for f in dataclasses.fields(section)} if dataclasses.is_dataclass(section) else {}
