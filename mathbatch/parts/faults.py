"""Tell what is wrong with a part: an object that a configuration names by `_target_`, often of the user's own class.

A fault names the class, its method, the error and the line of the user's file:

    my_parts.SlowModel.generate raised KeyError: 'choices' (/home/me/my_parts.py, line 21)
"""

from __future__ import annotations

import inspect
import os
import traceback
from functools import cache
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from mathbatch.errors import MathBatchError, SampleError

PACKAGE = f"{Path(__file__).parent.parent}/"
BASE = "mathbatch.base"
LIBRARIES = ("/site-packages/", "/dist-packages/", f"{Path(os.__file__).parent}/")
# Characters of an error's message that are kept.
MAX_MESSAGE = 500


class Fault(NamedTuple):
    """Mistake of a part. Faults with the same `key` are the same mistake, whatever sample it was made on."""

    who: str
    """Class and method, with their module."""
    did: str
    """Predicate about it, such as `raised KeyError: 'x'`."""
    where: str
    """File and line, or what else tells where to look."""
    key: str

    def sentence(self, about: str = "") -> str:
        """Return it as one sentence; `about` tells when it happened."""
        return f"{self.who} {self.did}{about} ({self.where})"


class PartError(MathBatchError):
    """Part that can't be worked with: it returned something else than it should, or raised an error for no sample."""


class PartFailure(SampleError):
    """Mistake that a part made on one sample. The others may be good."""

    def __init__(self, kind: str, message: str, fault: Fault) -> None:
        super().__init__(kind, message)
        self.fault = fault

    def __reduce__(self) -> tuple[type[PartFailure], tuple[str, str, Fault]]:  # type: ignore[override]
        return type(self), (self.kind, str(self), self.fault)


def is_ours(part: object) -> bool:
    """Tell whether its class belongs to MathBatch. What such a part returns isn't checked: its tests do that."""
    return _is_our_module(type(part).__module__)


# Asked of several parts for each of a million rows.
@cache
def _is_our_module(name: str) -> bool:
    return name.partition(".")[0] == BASE.partition(".")[0]


def name_of(part: object, call: str) -> str:
    """Return the words by which messages name a method of a part."""
    return f"{type(part).__module__}.{type(part).__qualname__}.{call}"


def in_words(error: BaseException) -> str:
    """Return class and message of an error in one line; of a group of errors, those of its first one."""
    error = _first(error)
    try:
        text = " ".join((error.msg if isinstance(error, SyntaxError) else str(error)).split())
    except Exception:  # noqa: BLE001 - whatever a class of the user's own does here, its name is known
        text = "(its message can't be read)"
    return f"{type(error).__name__}: {text}"[:MAX_MESSAGE].rstrip(": ")


def raised(part: object, call: str, error: BaseException) -> Fault:
    """Return the fault that a method of a part raised this error."""
    frames = _users_frames(error)
    if not frames and (unset := _unset(error)) is not None:
        return unset
    where = _line_of(*frames[-1]) if frames else _definition(part, call)
    return Fault(name_of(part, call), f"raised {in_words(error)}", where, f"{type(_first(error)).__name__} {where}")


def returned(part: object, call: str, what: str, verb: str = "returned") -> Fault:
    """Return the fault that a method of a part returned, or else gave, what it should not."""
    where = _definition(part, call)
    return Fault(name_of(part, call), f"{verb} {what}".rstrip(), where, f"{verb} {where}")


def failure(part: object, call: str, error: BaseException, kind: str, place: str = "") -> PartFailure:
    """Return the failure of the one sample on which a method of a part raised this error. `place` names its row."""
    return PartFailure(kind, place + in_words(error), raised(part, call, error))


def part_error(error: BaseException) -> PartError | None:
    """Return the sentence for an error that came out of a user's own code; None for a defect of MathBatch."""
    frames = _users_frames(error)
    if not frames:
        unset = _unset(error)
        return None if unset is None else PartError(unset.sentence())
    frame, _ = frames[0]
    own, code = frame.f_locals.get("self"), frame.f_code
    who = name_of(own, code.co_name) if _is_users_part(own) else f"{frame.f_globals.get('__name__')}.{code.co_qualname}"
    return PartError(f"{who} raised {in_words(error)} ({_line_of(*frames[-1])})")


def users_line(error: BaseException) -> str | None:
    """Return file and line of a user's own code that an error came from, None if it came from elsewhere."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}"
    frames = _users_frames(error)
    return _line_of(*frames[-1]) if frames else None


def _unset(error: BaseException) -> Fault | None:
    """Return the fault that a part lacks an attribute, which its base class sets; None for any other error."""
    if isinstance(error, AttributeError) and _is_users_part(error.obj):
        return returned(error.obj, "__init__", "", f"lacks the attribute {error.name}: call super().__init__ in it")
    return None


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _users_frames(error: BaseException) -> list[tuple[FrameType, int]]:
    """Return the frames of the user's own code between here and the place where the error was raised."""
    return [found for found in traceback.walk_tb(_first(error).__traceback__) if _is_users(found[0])]


def _is_users(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    if file.startswith((PACKAGE, "<")):  # frozen modules, templates
        return False
    # A part may be installed among the libraries.
    return _is_users_part(frame.f_locals.get("self")) or not any(library in file for library in LIBRARIES)


def _is_users_part(value: object) -> bool:
    return not is_ours(value) and any(one.__module__ == BASE for one in type(value).__mro__)


def _line_of(frame: FrameType, line: int) -> str:
    return f"{frame.f_code.co_filename}, line {line}"


def _definition(part: object, call: str) -> str:
    """Return file and line in which a method of a part, or else its class, is defined."""
    method = inspect.unwrap(getattr(type(part), call, None) or type(part))
    code = getattr(method, "__code__", None)
    if code is not None:
        return f"{code.co_filename}, line {code.co_firstlineno}"
    try:
        return f"{inspect.getsourcefile(type(part))}, line {inspect.getsourcelines(type(part))[1]}"
    except (OSError, TypeError):
        return f"module {type(part).__module__}"
