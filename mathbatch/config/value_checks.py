"""Check values of the configuration beyond their types: names, ranges of numbers, regular expressions."""

from __future__ import annotations

import errno
import math
import os
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from mathbatch.config.secret_signs import looks_secret
from mathbatch.config.templates.patterns import compiled
from mathbatch.errors import ConfigError

# Kinds of servers whose names for sampling parameters are known.
SERVER_KINDS = ("vllm", "sglang", "lmdeploy", "openai")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# In bytes. Two of them, and more, stand in one file's name, which may have 255.
LONGEST_NAME = 120


def check_names(path: str, value: Any) -> None:
    """Raise ConfigError if `value` is neither a name, nor a list of names, nor null."""
    listed = value if isinstance(value, list) else [value]
    if not listed or not all(isinstance(name, str) for name in listed if value is not None):
        raise ConfigError(path, f"{value!r} is no name and no list of names", f"write {path}=name or {path}=[a,b]")


def check_path(path: str, value: Any) -> None:
    """Raise ConfigError if `value` is, or lists, a text that no file system takes as a path."""
    for text in value if isinstance(value, list) else [value]:
        if not isinstance(text, str):
            continue
        expanded, why = os.path.expanduser(text), None
        try:
            os.lstat(os.path.join(os.getcwd(), expanded))
        except ValueError as error:  # a zero byte, or half of a character
            why = str(error)
        except OSError as error:
            why = error.strerror if error.errno == errno.ENAMETOOLONG else None
        if expanded.startswith("~"):
            why = "nobody of that name has a home here"
        if why is not None:
            raise ConfigError(path, f"{text!r:.80} is no path: {why}", "correct it")


def check_folder_name(path: str, name: str) -> None:
    """Raise ConfigError for a name that is too long to make a part of a folder's or a file's name of it."""
    if len(name.encode(errors="replace")) > LONGEST_NAME:
        raise ConfigError(path, f"'{name:.40}…' has more than {LONGEST_NAME} bytes", "shorten it: it names folders")


def check_date(path: str, value: Any) -> None:
    """Raise ConfigError if `value` is set but no date as 2025-03-17."""
    try:
        is_date = value is None or bool(date.fromisoformat(value))
    except (TypeError, ValueError):
        is_date = False
    if not is_date:
        raise ConfigError(path, f"{value!r} is no date", f"write {path}='2025-03-17'")


def check_variable(path: str, name: str) -> None:
    """Raise ConfigError if `name` is neither empty nor the name of a variable. It may be a key, so it is not told."""
    if name and (not VARIABLE.fullmatch(name) or looks_secret(name)):
        fix = f"put the key into a variable, and the name of that here: {path}=OPENAI_API_KEY"
        raise ConfigError(path, "is no name of an environment variable; a key itself would be saved with the run", fix)


def check_marks(path: str, value: Any) -> None:
    """Raise ConfigError if `value` is neither a name, nor a list of two different marks, nor null."""
    if value is None or (isinstance(value, str) and value):
        return
    is_pair = isinstance(value, list) and len(value) == 2 and all(isinstance(mark, str) for mark in value)
    if not is_pair or not all(mark.strip() for mark in value) or value[0] == value[1]:
        problem = f"{value!r} is neither the name of a parser nor a pair of marks"
        raise ConfigError(path, problem, f"write {path}=qwen3 or \"{path}=['<think>','</think>']\"")


def check_placeholder(path: str, pattern: str) -> None:
    """Raise ConfigError if `pattern` is not a regular expression with one group."""
    try:
        groups = compiled(pattern).groups
    except ValueError as error:
        raise ConfigError(path, f"no regular expression that is read: {error}", "correct it") from error
    if groups != 1:
        raise ConfigError(path, f"{pattern!r} has {groups} groups", "give it one, around the number")


def check_one_of(path: str, value: str, allowed: Sequence[str]) -> None:
    """Raise ConfigError if `value` is none of those that are allowed."""
    if value not in allowed:
        raise ConfigError(path, f"there is no '{value:.80}'", f"set it to {', '.join(allowed[:-1])} or {allowed[-1]}")


def check_at_least(path: str, value: float | None, least: float, most: float | None = None) -> None:
    """Raise ConfigError if `value` is set but no finite number between `least` and `most`, both included."""
    if value is not None and not (math.isfinite(value) and least <= value <= (value if most is None else most)):
        limits = f"a number, at least {least}" + ("" if most is None else f" and at most {most}")
        raise ConfigError(path, f"{value} is out of range", f"set it to {limits}")


def check_above(path: str, value: float | None, bound: float, most: float | None = None) -> None:
    """Raise ConfigError if `value` is set but no finite number above `bound`, or above `most`."""
    if value is not None and not (math.isfinite(value) and bound < value <= (value if most is None else most)):
        limits = f"a number, more than {bound}" + ("" if most is None else f" and at most {most}")
        raise ConfigError(path, f"{value} is out of range", f"set it to {limits}")
