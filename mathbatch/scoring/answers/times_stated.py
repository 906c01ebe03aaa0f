"""Find the time of day or the date that a response states: "the clock shows a quarter to ten" -> 9:45."""

from __future__ import annotations

import re
from typing import NamedTuple

from mathbatch.scoring.answers.stated import EXPLICIT, Rule
from mathbatch.scoring.answers.statements import statements_of_values
from mathbatch.scoring.expressions.times import DATE, SPOKEN, Time, as_time

HALF_OF_DAY = r"(?:\s|\\[ ,;]|~|\\(?:text|mathrm|mbox)\s?\{){0,4}[ap]\.?\s?m\b"
TIME = re.compile(
    # A minus sign in front makes it none, unless it stands between two times.
    rf"(?<!(?<!\w)-)(?:(?<![\d:.])\d{{1,2}}:\d\d(?!\d)(?:{HALF_OF_DAY})?|\b\d{{1,2}}{HALF_OF_DAY}|\b(?P<full>\w+)\so['’]clock"
    rf"|\b(?:{SPOKEN.pattern})\b|\b(?:{DATE.pattern}))".replace("?P<hour>", ""),
    re.IGNORECASE,
)


class StatedTime(NamedTuple):
    """Time, how it was written, and the rule that found it."""

    time: Time
    shown: str
    rule: Rule | str


def stated_time(response: str) -> StatedTime | None:
    """Return the time in the strongest statement that has one; None where that has several."""
    said = statements_of_values(response)
    for stated in [one for one in said if one.rule in EXPLICIT] or said:
        found = {time: shown for shown in _shown_in(stated.text) if (time := as_time(shown)) is not None}
        if found:
            return StatedTime(*found.popitem(), stated.rule) if len(found) == 1 else None
    return None


def _shown_in(text: str) -> list[str]:
    """Return the texts of all times and dates, those of full hours as "nine past nine"."""
    return [f"0 past {one['full']}" if one["full"] else one[0] for one in TIME.finditer(text)]
