"""Check values of the configuration beyond their types: names, ranges of numbers, regular expressions."""

from __future__ import annotations

import math
from typing import Any

from mathbatch.config.templates.patterns import compiled
from mathbatch.errors import ConfigError


def check_names(path: str, value: Any) -> None:
    """Raise ConfigError if `value` is neither a name, nor a list of names, nor null."""
    listed = value if isinstance(value, list) else [value]
    if not listed or not all(isinstance(name, str) for name in listed if value is not None):
        raise ConfigError(path, f"{value!r} is no name and no list of names", f"write {path}=name or {path}=[a,b]")


def check_placeholder(path: str, pattern: str) -> None:
    """Raise ConfigError if `pattern` is not a regular expression with one group."""
    try:
        groups = compiled(pattern).groups
    except ValueError as error:
        raise ConfigError(path, f"no regular expression that is read: {error}", "correct it") from error
    if groups != 1:
        raise ConfigError(path, f"{pattern!r} has {groups} groups", "give it one, around the number")


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
