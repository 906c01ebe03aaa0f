r"""Find the contents of `\boxed{}` in a text: "so \boxed{x = 3}" -> "x = 3"."""

from __future__ import annotations

import re
from typing import NamedTuple

# Commands that draw a frame.
BOX = r"\\(?:boxed|fbox|framebox)\s?(?:\[[^\[\]{}]{0,20}\]){0,2}\{"
BRACES = re.compile(rf"{BOX}|[{{}}]")
# Blanks that are cut off. A form feed is kept, since JSON makes it of the backslash and the f of `\frac`.
BLANKS = " \t\r\n"


class Box(NamedTuple):
    """Content of a box, and the places where the whole box starts and ends."""

    text: str
    start: int
    end: int


def boxes(text: str) -> list[Box]:
    r"""Return all `\boxed{}` with balanced braces and no other box within, in one pass."""
    opened: list[tuple[int, int] | None] = []
    found: list[Box] = []
    for brace in BRACES.finditer(text):
        if brace[0] != "}":
            opened.append(brace.span() if len(brace[0]) > 1 else None)
        elif opened and (start := opened.pop()) is not None and (not found or start[0] > found[-1].start):
            found.append(Box(text[start[1] : brace.start()].strip(BLANKS), start[0], brace.end()))
    return found


def last_boxed(text: str) -> str | None:
    r"""Return the content of the last `\boxed{}`, or None where there is none."""
    found = boxes(text)
    return found[-1].text if found else None


def is_cut(text: str) -> bool:
    r"""Tell whether a text ends within a `\boxed{` that nothing closes, as a response that was cut off does."""
    found = boxes(text)
    last = max((one.start() for one in re.finditer(BOX, text)), default=-1)
    return last >= 0 and not any(box.start <= last < box.end for box in found[-1:])
