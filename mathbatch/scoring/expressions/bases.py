r"""Numbers in a base: `2516_8`, `101_{2}`. Math-Verify drops an index, so that `4210_5` and `4210_6` would be equal."""

from __future__ import annotations

import re

NUMBER_IN_BASE = re.compile(r"\(?(\d[\dA-F]{0,60})\)?_\s?\{?\s?(?:\\text\s?\{)?([1-9]\d?)\s?\}{0,2}")


def same_number_in_base(gold: str, answer: str) -> bool | None:
    """Whether both are the same number; None where not both have a base."""
    ours, theirs = _value_in_base(answer), _value_in_base(gold)
    return None if ours is None or theirs is None else ours == theirs


def _value_in_base(text: str) -> int | None:
    found = NUMBER_IN_BASE.fullmatch(text.strip().strip("$").strip())
    try:
        return int(found[1], int(found[2])) if found else None
    except ValueError:  # no such digit, or no such base
        return None
