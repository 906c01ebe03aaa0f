r"""Read the time of day or the date that a text states, for gold answers that are one.

    "6:20 PM", "18:20", "twenty past six in the evening"   ->  6:20 p.m.
    "May 9", "the 9th of May"                              ->  May 9
"""

from __future__ import annotations

import re
from typing import NamedTuple

from mathbatch.scoring.answers.statements import EXPLICIT, Stated, statements_of_values

HOURS = {
    word: hour
    for hour, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), 1)
}
MINUTES = {**HOURS, "quarter": 15, "half": 30, "twenty": 20, "twenty-five": 25}
HALF_OF_DAY = r"(?:\s|\\[ ,;]|~|\\(?:text|mathrm|mbox)\s?\{|\}){0,4}(?P<half>[ap])\.?\s?m\b\.?|\s(?:in\sthe|at)\s(?P<part>morning|afternoon|evening|night)\b"
IN_DIGITS = re.compile(rf"(?<![\d:.])(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?![\d:])(?:{HALF_OF_DAY})?", re.IGNORECASE)
FULL_HOUR = re.compile(
    rf"(?<![\d:.])(?<!past\s)(?<!after\s)(?<!to\s)(?<!till\s)(?<!before\s)\b(?P<hour>1[0-2]|[1-9]|{'|'.join(HOURS)})(?=\so['’]clock|[\s\\]|[ap]\.?m)(?P<clock>\so['’]clock)?(?:{HALF_OF_DAY})?",
    re.IGNORECASE,
)
IN_WORDS = re.compile(
    rf"\b(?P<minute>{'|'.join(sorted(MINUTES, key=len, reverse=True))}|[1-5]?\d)(?:\sminutes)?\s(?P<side>past|after|to|before|till|of)\s"
    rf"(?P<hour>{'|'.join(HOURS)}|1[0-2]|[1-9])\b(?:{HALF_OF_DAY})?",
    re.IGNORECASE,
)
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
MONTH = r"(?P<month>(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6})\.?"
DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?(?!\d)"
DATES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (rf"\b{MONTH}\s(?:the\s)?{DAY}", rf"(?<!\d){DAY}\.?\s(?:of\s)?{MONTH}(?![a-z])")
]


class Moment(NamedTuple):
    """Time of day as hour and minute, or date as month and day. `half` is "a", "p", or empty where it is not told."""

    kind: str
    first: int
    second: int
    half: str
    shown: str

    def same(self, other: Moment) -> bool:
        """Tell whether two are the same; a half of the day that only one tells does not count, except from 13:00 on."""
        halves = {self.half, other.half} - {""}
        return self[:3] == other[:3] and len(halves) < 2


def moments_in(text: str) -> list[Moment]:
    """Return all times of day and dates of a text, in order."""
    found = [
        (one.start(), read(one))
        for pattern, read in [(IN_DIGITS, _time), (FULL_HOUR, _time), (IN_WORDS, _time), *((date, _date) for date in DATES)]
        for one in pattern.finditer(text)
    ]
    return [one for _, one in sorted(found, key=lambda pair: pair[0]) if one is not None]


def stated_moment(response: str) -> tuple[Stated, Moment] | None:
    """Return the strongest statement with a time of day or a date, and what it is; None where it has several."""
    said = statements_of_values(response)
    introduced = [one for one in said if one.rule in EXPLICIT]
    for stated in introduced or said:
        if found := moments_in(stated.text):
            return (stated, found[-1]) if all(one.same(found[-1]) for one in found) else None
    return None


def as_moment(text: str) -> Moment | None:
    """Return the time of day or the date that a text is, or None: "6:20 PM", "May 9"."""
    bare = text.strip(" .$")
    found = moments_in(bare)
    return found[0] if len(found) == 1 and found[0].shown.strip(" .") == bare.strip(" .") else None


def _time(found: re.Match[str]) -> Moment | None:
    """Return a time of day on the clock of twelve hours; a lone number is none."""
    shown = found.groupdict()
    if not any(shown.get(name) for name in ("minute", "clock", "half", "part")):
        return None
    hour = HOURS.get(shown["hour"].lower()) or int(shown["hour"])
    minute = MINUTES.get((shown.get("minute") or "0").lower(), None)
    minute = int(shown.get("minute") or 0) if minute is None else minute
    half = (shown["half"] or "").lower() or {"morning": "a", None: ""}.get(shown["part"] and shown["part"].lower(), "p")
    if (shown.get("side") or "past").lower() not in ("past", "after"):
        hour, minute = hour - 1, 60 - minute
    half = "p" if hour > 12 else "a" if hour == 0 and not shown.get("side") else half
    return Moment("time", hour % 12, minute, half, found[0])


def _date(found: re.Match[str]) -> Moment | None:
    day = int(found["day"])
    return Moment("date", MONTHS.index(found["month"][:3].lower()) + 1, day, "", found[0]) if 1 <= day <= 31 else None
