"""Check what a user's own part returns, where it comes in: its type, the types of its fields, and its texts."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from mathbatch.parts.faults import PartError, returned

S = TypeVar("S", bound=msgspec.Struct)
# Characters of a value that messages show.
SHOWN = 60


def wrong_type(value: object, kind: type[msgspec.Struct]) -> str | None:
    """Return what is wrong with a value that should be a `kind`, such as `None, not a Score`; None if nothing is."""
    if not isinstance(value, kind):
        return f"{shown(value)}, not {article(kind.__name__)}"
    for name, hint in _hints(kind).items():
        if not _fits(getattr(value, name), hint):
            allowed = " or ".join(_names(hint))
            return f"{article(kind.__name__)} whose {name} is {shown(getattr(value, name))}, not {allowed}"
    return None


def checked(value: object, kind: type[S], part: object, call: str, verb: str = "returned", about: str = "") -> S:
    """Return the value, which a method of a part returned. Raise PartError unless it and its fields are of `kind`.

    Texts of a class of their own, as those of NumPy are, become plain ones, which can be written.
    """
    wrong = wrong_type(value, kind)
    if wrong is not None:
        raise PartError(returned(part, call, wrong, verb).sentence(about))
    fields = {name: getattr(value, name) for name in kind.__struct_fields__}
    odd = {name: str.__str__(one) for name, one in fields.items() if isinstance(one, str) and type(one) is not str}
    return msgspec.structs.replace(typing.cast(S, value), **odd) if odd else typing.cast(S, value)


def whole_number(value: object, part: object, name: str, at_least: int = 1) -> int:
    """Return the value that a method or attribute of a part gave. Raise PartError unless it is a whole number."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= at_least:
        return value
    verb = "returned" if callable(getattr(part, name, None)) else "is"
    raise PartError(returned(part, name, f"{shown(value)}, not a whole number from {at_least}", verb).sentence())


def shown(value: object) -> str:
    """Return a value as messages show it: small ones as they are, others by their type."""
    if value is None or isinstance(value, bool | int | float | str | bytes):
        text = repr(value)
        return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
    return article(type(value).__name__)


def article(noun: str) -> str:
    """Return the noun with `a` or `an` before it."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def writable(text: str) -> str:
    """Return a text that can be written as UTF-8: halves of surrogate pairs are joined, lone ones become U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


@functools.cache
def _hints(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _fits(value: object, hint: Any) -> bool:
    """Tell whether a value has a type that the records of MathBatch are annotated with."""
    origin, arguments = _parts_of(hint)
    if hint is Any:
        return True
    if origin is types.UnionType:
        return any(_fits(value, one) for one in arguments)
    if origin is Callable:
        return callable(value)
    if origin is dict:  # what is in a row is for the rules of rows
        return isinstance(value, dict)
    if origin in (tuple, list):
        return isinstance(value, origin) and all(_fits(one, arguments[0]) for one in value)
    return isinstance(value, hint) and not (isinstance(value, bool) and hint is int)


@functools.cache
def _parts_of(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    origin = typing.get_origin(hint)
    if origin is typing.Union:
        origin = types.UnionType
    return origin, typing.get_args(hint)


def _names(hint: Any) -> list[str]:
    origin, arguments = _parts_of(hint)
    if origin is types.UnionType:
        return [name for one in arguments for name in _names(one)]
    return (
        ["None"]
        if hint is types.NoneType
        else [str(hint).replace("mathbatch.records.", "") if origin else hint.__name__]
    )
