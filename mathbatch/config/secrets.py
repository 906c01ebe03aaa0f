"""Keep secrets out of what is saved: refuse them on the command line, in YAML, and in what a dataset may read."""

from __future__ import annotations

import re
from typing import Any

from mathbatch.errors import ConfigError

SECRET = re.compile(r"(^|_|\.)(hf_token|api_key|auth_token|access_token|password|secret)$", re.IGNORECASE)
SECRET_IN_VALUE = re.compile(r"(\w+)\s*:\s*([^\s,}]+)")
# Interpolation with a colon in it, unless an odd number of backslashes makes plain characters of its beginning.
RESOLVER = re.compile(r"(?<!\\)(?:\\\\)*\$\{(?:[^{}]|\$\{[^{}]*\})*:")
PATHS_OF_A_DATASET = ("input", "image_base_path", "examples")


def refuse_typed_secrets(arguments: list[str]) -> None:
    """Raise ConfigError for a secret on the command line: Hydra itself would save the overrides of a sweep."""
    for argument in arguments:
        path, _, value = argument.lstrip("+~").partition("=")
        refuse_written_secrets({path: value}, "")
        for name, inner in SECRET_IN_VALUE.findall(value):  # key={api_key: …}
            refuse_written_secrets({name: inner}, f"{path}.")


def refuse_written_secrets(node: Any, path: str) -> None:
    """Raise ConfigError for a secret that is written out, anywhere below `node`: it would be saved with the run."""
    if isinstance(node, list):
        for at, value in enumerate(node):
            refuse_written_secrets(value, f"{path}{at}.")
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if isinstance(value, str) and value and SECRET.search(str(key)) and "${" not in value:
            variable = str(key).rpartition(".")[2].upper()
            raise ConfigError(f"{path}{key}", "a secret would be saved with the run", f"'${{oc.env:{variable}}}'")
        refuse_written_secrets(value, f"{path}{key}.")


def refuse_resolvers(node: Any, path: str) -> None:
    """Raise ConfigError for a resolver in a dataset, other than in a path.

    `${oc.env:HF_TOKEN}` in a prompt would show a secret to the model and to whoever reads the answers.
    """
    if isinstance(node, dict):
        for key, value in node.items():
            if path != "dataset" or key not in PATHS_OF_A_DATASET:
                refuse_resolvers(value, f"{path}.{key}")
    elif isinstance(node, list):
        for value in node:
            refuse_resolvers(value, path)
    elif isinstance(node, str) and RESOLVER.search(node):
        raise ConfigError(path, f"{node!r:.80} calls a resolver", f"only paths may: {', '.join(PATHS_OF_A_DATASET)}")
