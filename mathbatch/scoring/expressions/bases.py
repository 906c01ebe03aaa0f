r"""Numbers in a base: `2516_8`, `101_{2}`. Math-Verify drops an index, so that `4210_5` and `4210_6` would be equal."""

from __future__ import annotations

import re

BASED = re.compile(r"\(?(\d[\dA-F]{0,60})\)?_\s?\{?\s?(?:\\text\s?\{)?([1-9]\d?)\s?\}{0,2}")


def same_in_bases(gold: str, answer: str) -> bool | None:
    """Whether both are the same number; None where not both have a base."""
    ours, theirs = _value(answer), _value(gold)
    return None if ours is None or theirs is None else ours == theirs


def _value(text: str) -> int | None:
    found = BASED.fullmatch(text.strip().strip("$").strip())
    try:
        return int(found[1], int(found[2])) if found else None
    except ValueError:  # no such digit, or no such base
        return None
