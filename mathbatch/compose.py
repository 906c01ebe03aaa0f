"""Between Hydra and the schema: what the command line may say, typed configurations, errors with path and fix."""

from __future__ import annotations

import dataclasses
import re
import sys
import typing
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import yaml
from hydra.conf import RuntimeConf
from hydra.errors import MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mathbatch.config import Config
from mathbatch.errors import ConfigError, nearest
from mathbatch.models.vllm_options import is_engine_argument

C = TypeVar("C", bound=Config)
T = TypeVar("T")
PACKAGE = Path(__file__).resolve().parent
COMPONENTS = ("loader", "filter", "processor", "batcher", "saver", "scorer")
GROUPS = ("model", "dataset", "sampling")
OF_A_MODEL = ("engine", "chat_template_kwargs", "mm_processor_kwargs")
FREE_FORM = (
    *(f"{model}.{section}" for model in ("model", "judge.model") for section in OF_A_MODEL),
    *("sampling.logit_bias", "sampling.structured_outputs", "sampling.repetition_detection", "sampling.extra_args"),
    *("dataset.columns", "dataset.scoring", *COMPONENTS),
)
"""Dictionaries whose keys the schema does not list: they are checked against what takes them."""
IN_FILE = re.compile(r"In '(?P<file>[^']+)'.*?Key '(?P<key>[^']+)' not in", re.DOTALL)
"""How Hydra says that a key of a YAML file is not in the schema."""
SECRET = re.compile(r"(^|_|\.)(hf_token|api_key|auth_token|access_token|password|secret)$", re.IGNORECASE)
SECRET_IN_VALUE = re.compile(r"(\w+)\s*:\s*([^\s,}]+)")
FLAGS_WITH_VALUE = (
    "--config-path",
    "-cp",
    "--config-name",
    "-cn",
    "--config-dir",
    "-cd",
    "--package",
    "-p",
    "--cfg",
    "-c",
)
OPTIONAL = ("joblib", "optuna", "submitit_local", "submitit_slurm")
"""Plugins of Hydra in the extra `launchers`."""
EXIT_CONFIG = 2
HYDRAS_FOLDERS = {
    "hydra.run.dir": "set output_dir; below it a run's folder is named for its model, dataset and sampling",
    "hydra.output_subdir": "leave it out: a run's folder has its config.yaml and .hydra/<time>/",
    "hydra.job.chdir": "leave it out: paths are relative to where you start",
}


def conf_dir() -> Path:
    """The shipped YAML: inside an installed package, beside the package in a checkout."""
    packaged = PACKAGE / "conf"
    return packaged if packaged.is_dir() else PACKAGE.parent / "conf"


def fail(message: str, code: int = EXIT_CONFIG) -> NoReturn:
    """Say what is wrong and exit."""
    print(f"mathbatch: {message}", file=sys.stderr)
    sys.exit(code)


def flags_first(arguments: list[str]) -> list[str]:
    """Hydra wants its flags before the overrides; people write them anywhere."""
    flags, overrides, rest = [], [], iter(arguments)
    for argument in rest:
        if not argument.startswith("-") or argument == "-":
            overrides.append(argument)
            continue
        flags.append(argument)
        if argument in FLAGS_WITH_VALUE:
            flags += [value for value in [next(rest, None)] if value is not None]
    return flags + overrides


def refuse_typed_secrets(arguments: list[str]) -> None:
    """Hydra itself would save the overrides of a sweep. Raises ConfigError."""
    for argument in arguments:
        path, _, value = argument.lstrip("+~").partition("=")
        _refuse_written_secrets({path: value}, "")
        for name, inner in SECRET_IN_VALUE.findall(value):  # key={api_key: …}
            _refuse_written_secrets({name: inner}, f"{path}.")


def refuse_hydras_folders(arguments: list[str]) -> None:
    """A run's folder is found again by what it is, and so not by Hydra's keys. Raises ConfigError."""
    for argument in arguments:
        path = argument.lstrip("+~").partition("=")[0]
        if path in HYDRAS_FOLDERS:
            raise ConfigError(path, "has no effect here", HYDRAS_FOLDERS[path])


def refuse_code_in_dataset(runtime: RuntimeConf) -> None:
    """A dataset file is data and sets nothing but `dataset`. Raises ConfigError for one that would set more."""
    name = str(runtime.choices.get("dataset", ""))
    for source in runtime.config_sources:
        path = Path(source.path) / "dataset" / f"{name}.yaml"
        if source.schema != "file" or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        header = re.search(r"^\s*#\s*@package\s+(\S+)", text, re.MULTILINE)
        if header is not None and header[1] not in ("dataset", "_group_"):
            raise ConfigError(
                "dataset", f"{path} has the header '@package {header[1]}'", "a dataset sets only `dataset`"
            )
        if re.search(r"^\s*['\"]?defaults['\"]?\s*:", text, re.MULTILINE):
            raise ConfigError("dataset", f"{path} has a defaults list", "write all its keys in the file")


def typed(composed: DictConfig, schema: type[C] = Config) -> C:  # type: ignore[assignment]
    """The checked configuration. Raises ConfigError for an unknown, mistyped, missing or out-of-range value."""
    try:
        values = OmegaConf.to_container(composed, resolve=False)  # untyped again, so that `+` has opened nothing
        merged = OmegaConf.merge(OmegaConf.structured(schema), values)
        for path in sorted(OmegaConf.missing_keys(merged)):
            raise ConfigError(path, "has no value", f"give it on the command line: {path}=…")
        _refuse_written_secrets(values, "")
        _refuse_resolvers(values.get("dataset") if isinstance(values, dict) else None, "dataset")
        config = OmegaConf.to_object(merged)
    except OmegaConfBaseException as error:
        raise ConfigError(*_explain_key(error, schema)) from error
    assert isinstance(config, schema)
    return config


def arguments_as(schema: type[T], arguments: list[str], usage: str) -> T:
    """The `key=value` arguments of a command without groups. Raises ConfigError for a key that `schema` has not, and
    for one without a value.
    """
    names = [own.name for own in dataclasses.fields(schema)]  # type: ignore[arg-type]
    for key in (argument.partition("=")[0] for argument in arguments):
        if key not in names:
            raise ConfigError(key, "no such key", f"{nearest(key, names)}; {usage}")
    try:
        merged = OmegaConf.merge(OmegaConf.structured(schema), OmegaConf.from_dotlist(arguments))
        for path in sorted(OmegaConf.missing_keys(merged)):
            raise ConfigError(path, "has no value", usage)
        config = OmegaConf.to_object(merged)
    except OmegaConfBaseException as error:
        raise ConfigError(error.full_key or "arguments", str(error.msg).splitlines()[0], usage) from error
    assert isinstance(config, schema)
    return config


def refuse_null_groups(arguments: list[str]) -> None:
    """Raises ConfigError for `sampling=null`, which Hydra has no sentence for."""
    for argument in arguments:
        group, _, value = argument.partition("=")
        if group in GROUPS and value in ("null", ""):
            options = [path.stem for path in (conf_dir() / group).glob("*.yaml")]
            raise ConfigError(group, "it needs one", nearest("", options))


def explain_uncomposed(error: Exception, arguments: list[str]) -> str:
    """What Hydra trips over while it composes, instead of a traceback of its own."""
    own = [argument for argument in arguments if argument.lstrip("+").startswith(("judge.model.", "judge.model="))]
    if own:
        key = own[0].partition("=")[0]
        return str(ConfigError(key, "there is no judge.model that it could change", "name one: model@judge.model=qwen"))
    problem = f"{type(error).__name__}: {error}"
    return str(
        ConfigError("arguments", f"Hydra can't put them together: {problem}", "leave out the last that you added")
    )


def explain(error: Exception, schema: type[Config] = Config) -> str:
    """What Hydra or OmegaConf refused, with the config path and the nearest valid name."""
    if isinstance(error, MissingConfigException):
        return _explain_missing_group(error)
    if isinstance(error, OverrideParseException):
        override = str(error.override).removeprefix("++")  # which `allow_new_key` has added
        return f"{override}: not an override that Hydra can read\n  fix: quote it: 'key=\"value\"'"
    if match := IN_FILE.search(str(error)):
        group = match["file"].split("/")[0]
        hint = nearest(match["key"], _schema_types(group, schema))
        return str(ConfigError(f"{group}.{match['key']}", f"no such key, in {match['file']}.yaml", hint))
    cause = error.__cause__ if isinstance(error.__cause__, OmegaConfBaseException) else error
    if isinstance(cause, OmegaConfBaseException):
        return str(ConfigError(*_explain_key(cause, schema)))
    return str(error)


def explain_yaml(error: yaml.YAMLError) -> str:
    """A YAML file that can't be read: where, and what is wrong."""
    mark = getattr(error, "problem_mark", None)
    where = "a YAML file" if mark is None else f"{mark.name}, line {mark.line + 1}"
    return f"{where}: {getattr(error, 'problem', None) or error}\n  fix: correct the file"


def allow_new_key(argument: str) -> str:
    """`model.engine.x=1` and `model.engine={x: 1}` name a key that no schema lists: `++` lets Hydra add it."""
    openings = tuple(f"{path}{sign}" for path in FREE_FORM for sign in (".", "={"))
    return f"++{argument}" if argument.startswith(openings) else argument


def allow_new_keys_before_cursor(line: str) -> str:
    typed_so_far, space, word = line.rpartition(" ")
    return " ".join(map(allow_new_key, typed_so_far.split(" "))) + space + word


def _explain_missing_group(error: MissingConfigException) -> str:
    missing = (error.missing_cfg_file or "").split("/")
    group, name = "/".join(missing[:-1]), missing[-1]
    options = [option for option in error.options or [] if option != "schema"]
    if not group or not options:
        return str(error)
    if group in ("hydra/launcher", "hydra/sweeper") and name in OPTIONAL:
        return str(ConfigError(group, f"'{name}' is not installed", "pip install 'mathbatch[launchers]'"))
    return str(ConfigError(group, f"there is no '{name}'", nearest(name, options, others=True)))


def _explain_key(error: OmegaConfBaseException, schema: type[Config]) -> tuple[str, str, str]:
    path = error.full_key or str(error.key or "")
    problem = str(error.msg or error).splitlines()[0]
    parent, _, key = path.rpartition(".")
    if "not in" in problem and parent in ("model", "judge.model") and is_engine_argument(key):
        return path, "no such key", f"vLLM's own arguments go to {parent}.engine: {parent}.engine.{key}=…"
    if "not in" in problem:
        return path, "no such key", nearest(key, _schema_types(parent, schema))
    expected = _schema_types(parent, schema).get(key)
    return path, problem, f"give a value of the type {expected}" if expected else "correct the value"


def _schema_types(parent: str, schema: type[Config]) -> dict[str, str]:
    """Key to type, as the schema writes it, of the section at `parent`."""
    section: Any = schema
    for part in filter(None, parent.split(".")):
        found = typing.get_type_hints(section).get(part) if dataclasses.is_dataclass(section) else None
        section = next(filter(dataclasses.is_dataclass, typing.get_args(found)), found)  # of `ModelConfig | None`
    return {f.name: str(f.type) for f in dataclasses.fields(section)} if dataclasses.is_dataclass(section) else {}


def _refuse_resolvers(node: Any, path: str) -> None:
    """`${oc.env:HF_TOKEN}` in a prompt would show a secret to the model and to whoever reads the answers."""
    if isinstance(node, dict):
        for key, value in node.items():
            if path != "dataset" or key not in ("input", "image_base_path", "examples"):
                _refuse_resolvers(value, f"{path}.{key}")
    elif isinstance(node, list):
        for value in node:
            _refuse_resolvers(value, path)
    elif isinstance(node, str) and re.search(r"\$\{[^}]*:", node):
        raise ConfigError(path, f"{node!r:.80} calls a resolver", "only paths may: input, image_base_path, examples")


def _refuse_written_secrets(node: Any, path: str) -> None:
    """A secret on the command line or in YAML would be saved with the run."""
    if isinstance(node, list):
        for at, value in enumerate(node):
            _refuse_written_secrets(value, f"{path}{at}.")
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if isinstance(value, str) and value and SECRET.search(str(key)) and "${" not in value:
            variable = str(key).rpartition(".")[2].upper()
            raise ConfigError(f"{path}{key}", "a secret would be saved with the run", f"'${{oc.env:{variable}}}'")
        _refuse_written_secrets(value, f"{path}{key}.")
