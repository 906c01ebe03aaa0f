r"""The contents of `\boxed{}`."""

from __future__ import annotations

import re
from typing import NamedTuple

BRACES = re.compile(r"\\boxed\{|[{}]")
BLANKS = " \t\r\n"
"""A form feed is none: it is what JSON makes of the backslash and the f of `\\frac`."""


class Box(NamedTuple):
    """The content of a box, and where all of the box stands."""

    text: str
    start: int
    end: int


def boxes(text: str) -> list[Box]:
    r"""All `\boxed{}` whose braces are balanced and that have no other within, in one pass."""
    opened: list[tuple[int, int] | None] = []
    found: list[Box] = []
    for brace in BRACES.finditer(text):
        if brace[0] != "}":
            opened.append(brace.span() if len(brace[0]) > 1 else None)
        elif opened and (start := opened.pop()) is not None and (not found or start[0] > found[-1].start):
            found.append(Box(text[start[1] : brace.start()].strip(BLANKS), start[0], brace.end()))
    return found


def last_boxed(text: str) -> str | None:
    r"""What stands in the last `\boxed{}`, None where there is none."""
    found = boxes(text)
    return found[-1].text if found else None


def is_cut(text: str) -> bool:
    r"""Whether the text ends within a `\boxed{` that nothing closes, as where a response is cut off."""
    found = boxes(text)
    last = text.rfind("\\boxed{")
    return last >= 0 and not any(box.start <= last < box.end for box in found[-1:])
