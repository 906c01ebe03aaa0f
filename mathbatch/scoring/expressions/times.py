"""Read times of day and dates: "6:20 PM" is 18:20, "a quarter to ten" is 9:45, "the 9th of May" is May 9."""

from __future__ import annotations

import re
from typing import NamedTuple

from mathbatch.scoring.expressions.canonical_text import canonical_text
from mathbatch.scoring.expressions.numbers import WORDS

CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?::|\s?h\s?)(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?\s?(?P<half>[ap]\.?\s?m\.?)?"
)
HOUR = re.compile(r"(?P<hour>\d{1,2})\s?(?P<half>[ap]\.?\s?m\.?)")
SPOKEN = re.compile(
    r"(?:a )?(?P<minutes>quarter|half|[a-z]+|\d{1,2})(?: minutes)? (?P<side>past|to) (?P<hour>[a-z]+|\d{1,2})"
)
MONTHS = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
]  # fmt: skip
MONTH = rf"(?P<month>{'|'.join(f'{one[:3]}(?:{one[3:]})?' for one in MONTHS)})\.?"
DAY = r"(?:the )?(?P<day>\d{1,2})(?:st|nd|rd|th)?"
DATE = re.compile(
    rf"(?:{MONTH} {DAY}|{DAY.replace('day', 'day2')} (?:of )?{MONTH.replace('month', 'month2')})"
    r"(?:,? (?P<year>\d{4}))?"
)


NAMED = {"noon": "12:00 pm", "midday": "12:00 pm", "midnight": "12:00 am"}


class Time(NamedTuple):
    """Time of day, whose half is empty where it is not told, or date as month, day and year."""

    parts: tuple[int, ...]
    half: str


def as_time(text: str) -> Time | None:
    """Return the time or date that a text is, or None."""
    if len(text) > 60:
        return None
    text = canonical_text(text).replace(" : ", ":")
    text = NAMED.get(text, text)
    if found := DATE.fullmatch(text):
        month = (found["month"] or found["month2"])[:3]
        number = 1 + next(place for place, one in enumerate(MONTHS) if one.startswith(month))
        return Time((number, int(found["day"] or found["day2"]), int(found["year"] or 0)), "date")
    if spoken := SPOKEN.fullmatch(text):
        return _spoken(spoken)
    found = CLOCK.fullmatch(text) or HOUR.fullmatch(text)
    if found is None or int(found["hour"]) > 24:
        return None
    parts = found.groupdict()
    half = (parts["half"] or "")[:1]
    hour = int(parts["hour"])
    if half:
        return Time(
            (hour % 12 + 12 * (half == "p"), int(parts.get("minute") or 0), int(parts.get("second") or 0)), half
        )
    return Time((hour, int(parts["minute"]), int(parts["second"] or 0)), "")


def same_time(one: Time, other: Time) -> bool:
    """Tell whether two times are the same; one without a.m. or p.m. may be in either half of the day."""
    if one == other or (one.half != "date" != other.half and one.parts == other.parts):
        return True
    if "date" in (one.half, other.half):
        return one.half == other.half and one.parts[:2] == other.parts[:2] and 0 in (one.parts[2], other.parts[2])
    hours = one.parts[0], other.parts[0]
    told = [bool(time.half) or time.parts[0] > 12 or time.parts[0] == 0 for time in (one, other)]
    return not all(told) and hours[0] % 12 == hours[1] % 12 and one.parts[1:] == other.parts[1:]


def _spoken(found: re.Match[str]) -> Time | None:
    """Return the time of "a quarter to ten"; None where a word is no number."""
    minutes = {"quarter": 15, "half": 30}.get(found["minutes"], _count(found["minutes"]))
    hour = _count(found["hour"])
    if minutes is None or hour is None or not 0 < hour <= 12 or minutes > 59:
        return None
    return Time((hour, minutes, 0), "") if found["side"] == "past" else Time(((hour - 2) % 12 + 1, 60 - minutes, 0), "")


def _count(word: str) -> int | None:
    return int(word) if word.isdigit() else WORDS.get(word)
