"""Refuse texts that hold the value of a secret of the environment: a prompt would show it to the model and in results.

An `${oc.env:HF_TOKEN}` is saved as it is written, but what a prompt or a folder's name is made of is saved resolved.
"""

from __future__ import annotations

import functools
import os
from typing import Any

from mathbatch.config.secret_signs import is_secret_name, looks_secret
from mathbatch.errors import ConfigError
from mathbatch.records import Request

# Shorter values, and words or numbers up to a length, turn up in prompts by chance.
SHORTEST, SHORTEST_WORD = 8, 12
FOLDERS = {"PWD", "OLDPWD"}
# Sections whose values go to code, which may need a secret: an address, an account, a plugin.
FOR_CODE = (
    *("model.engine", "judge.model.engine", "sampling.extra_args"),
    *("loader", "filter", "processor", "batcher", "saver", "scorer"),
)


def refuse_secrets_in_config(values: Any, path: str = "") -> None:
    """Raise ConfigError for a secret of the environment in a resolved setting of which prompts and names are made."""
    if path in FOR_CODE:
        return
    if isinstance(values, dict):
        for key, value in values.items():
            refuse_secrets_in_config(value, f"{path}.{key}".lstrip("."))
    elif isinstance(values, list):
        for at, value in enumerate(values):
            refuse_secrets_in_config(value, f"{path}.{at}")
    elif isinstance(values, str) and (variable := secret_in(values)) is not None:
        problem = f"it holds the value of the environment variable {variable}, which prompts or results would show"
        raise ConfigError(path, problem, "take it out")


def refuse_secrets_in_prompt(request: Request) -> None:
    """Raise ConfigError if a message of a prompt holds the value of a secret of the environment."""
    for variable, value in _secrets():
        # A million prompts come by here.
        for message in request.messages:
            content = message["content"]
            if value in content if type(content) is str else any(value in part.get("text", "") for part in content):
                problem = f"row {request.row_number}: the prompt holds the value of the environment variable {variable}"
                raise ConfigError("dataset", problem, f"take it out of what the prompt is made of, or unset {variable}")


def secret_in(text: str) -> str | None:
    """Return the name of an environment variable that is a secret and whose value stands in the text, if there is one.

    Names and values are those at the first call.
    """
    return next((variable for variable, value in _secrets() if value in text), None)


@functools.cache
def _secrets() -> list[tuple[str, str]]:
    return [(name, value.strip()) for name, value in os.environ.items() if _is_secret(name, value.strip())]


def _is_secret(name: str, value: str) -> bool:
    is_word = len(value) < SHORTEST_WORD and (value.isalpha() or value.isdigit())
    if len(value) < SHORTEST or is_word or name in FOLDERS or os.path.isabs(value):
        return False
    return is_secret_name(name) or looks_secret(value)
