"""Instances of the classes that a configuration names."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import Any, TypeVar

from mathbatch.errors import ConfigError, nearest

T = TypeVar("T")


def make(path: str, section: Mapping[str, Any], kind: type[T], **given: Any) -> T:
    """An instance of the class that the section at `path` names by `_target_`, with the arguments beside it and those
    given. Raises ConfigError for a class that isn't there or is no `kind`, and for arguments that it does not take.
    """
    arguments = {name: value for name, value in section.items() if name != "_target_"}
    cls = _class_of(path, section.get("_target_"), kind)
    known = inspect.signature(cls).parameters
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())
    for name in arguments:
        if name in given or (name not in known and not takes_any):
            free = [parameter for parameter in known if parameter not in given]
            raise ConfigError(f"{path}.{name}", f"{cls.__name__} takes no such argument", nearest(name, free))
    try:
        return cls(**given, **arguments)
    except TypeError as error:
        raise ConfigError(
            path, f"{cls.__name__}: {error}", "give the arguments that it takes beside _target_"
        ) from error


def _class_of(path: str, target: str | None, kind: type[T]) -> type[T]:
    if not target:
        raise ConfigError(f"{path}._target_", "names no class", f"name a subclass of {kind.__name__}")
    try:
        module, _, name = target.rpartition(".")
        cls = getattr(importlib.import_module(module), name)
    except Exception as error:  # a module of the user's own may raise anything
        why = f"{type(error).__name__}: {error}"
        raise ConfigError(f"{path}._target_", f"there is no class '{target}'", f"correct the name ({why})") from error
    if not isinstance(cls, type) or not issubclass(cls, kind):
        raise ConfigError(
            f"{path}._target_", f"'{target}' is no {kind.__name__}", f"derive it from mathbatch.base.{kind.__name__}"
        )
    return cls
