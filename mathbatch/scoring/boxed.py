r"""The content of the last `\boxed{}`."""

from __future__ import annotations

import re

BRACES = re.compile(r"\\boxed\{|[{}]")


def last_boxed(text: str) -> str | None:
    r"""What stands in the last `\boxed{}` whose braces are balanced, None where there is none; in one pass."""
    opened: list[int | None] = []
    last: tuple[int, int] | None = None
    for brace in BRACES.finditer(text):
        if brace[0] != "}":
            opened.append(brace.end() if len(brace[0]) > 1 else None)
        elif opened and (start := opened.pop()) is not None and (last is None or start > last[0]):
            last = start, brace.start()
    return None if last is None else text[slice(*last)].strip()
