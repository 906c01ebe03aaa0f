r"""The numbers that a sentence holds, in digits or in words: "1,250", "-3.5", "\frac{1}{2}", "37%", "twenty-one", "三".

Units are left out, a percentage is the number before its sign. The one that a sentence states is that in bold, else
the one after the last "is" or "=", else the last.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import NamedTuple


class Numeral(NamedTuple):
    """A number as it is written, in digits ("1250", "0.5"), and where it stood."""

    digits: str
    start: int
    end: int


ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
WORDS = {word: value for value, word in enumerate(ONES.split())} | {
    word: 10 * value for value, word in enumerate(TENS.split(), 2)
}
SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
WORD = rf"(?:{'|'.join(sorted(WORDS, key=len, reverse=True))})"
SCALE = rf"(?:{'|'.join(SCALES)})"
SPELLED = re.compile(
    rf"\b(?!one\sof\b){WORD}(?:[-\s](?:and\s)?(?:{WORD}|{SCALE})){{0,8}}\b|\b(?:no|none)\b", re.IGNORECASE
)
CHINESE = re.compile(
    r"(?<![第零一二两三四五六七八九十百千万])[零一二两三四五六七八九十]{1,3}(?=[\s。，个只条张岁年元]|$)"
)
DIGITS = re.compile(
    r"(?<![A-Za-z_√])(?<![A-Za-z]-)(?<!\d)(?P<minus>(?<![\w)\]}])[-−]\s?)?"
    r"(?:\\[dt]?frac\s?\{\s?(?P<over>-?\d{1,15}(?:\.\d{1,15})?)\s?\}\s?\{\s?(?P<under>\d{1,15}(?:\.\d{1,15})?)\s?\}"
    r"|(?P<number>\d{1,3}(?:(?:,|\{,\}|\\,|\\!)\d{3}){1,6}(?!\d)(?:\.\d{1,30})?|\d{1,30}(?:\.\d{1,30})?|\.\d{1,30})"
    r"(?:\s?/\s?(?P<by>\d{1,15}(?:\.\d{1,15})?)(?![\d/]))?)",
)
SEPARATOR = re.compile(r"[^\d.]")
BOLD = re.compile(r"\*\*[^*\n]{0,60}\*\*")
BOUND = re.compile(
    r"(?:\b(?:than|least|most|exactly|below|above|over|under|exceed(?:s|ing)?|within|between|reach(?:es)?|through)"
    r"|[<>≤≥]|\\[lg]eq?)\s?(?:or\sequal\sto\s)?\W{0,3}$",
    re.IGNORECASE,
)
WHEN = re.compile(r"\b(?:in|during|since|until|by|of|for|from|year|to|and)\s(?:the\s)?(?:year\s)?$", re.IGNORECASE)
YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
THERE = re.compile(
    r"\bthere\s(?:is|are|was|were|will\sbe|would\sbe)\s(?:a\stotal\sof\s|only\s|now\s|still\s|about\s)?\W{0,3}$",
    re.IGNORECASE,
)
SAYS = re.compile(
    r"\b(?:is|are|was|were|be|equals?|gives?|has|have|had|approximately|about)\b|[=≈:：是为]", re.IGNORECASE
)


def numerals(text: str) -> list[Numeral]:
    """All numbers of a text, in order; those in words only where there is none in digits."""
    found = [Numeral(_digits(one), *one.span()) for one in DIGITS.finditer(text)]
    return found or _in_words(text)


def stated_number(text: str) -> Numeral | None:
    """The number that a sentence states. Bounds and dates ("more than 5", "in 2014") are passed over where there is
    another, in digits or in words."""
    every = numerals(text)
    found = [one for one in every if not _aside(text, one)] or [one for one in _in_words(text) if every] or every
    if not found:
        return None
    for rule in (_in_bold, _counted, _leading, _said):
        if (one := rule(text, found)) is not None:
            return one
    return found[-1]


def _in_words(text: str) -> list[Numeral]:
    found = [Numeral(_spelled(one[0].lower()), *one.span()) for one in SPELLED.finditer(text)]
    return found or [Numeral(_chinese(one[0]), *one.span()) for one in CHINESE.finditer(text)]


def _aside(text: str, one: Numeral) -> bool:
    before = text[max(one.start - 30, 0) : one.start]
    return bool(BOUND.search(before) or (YEAR.fullmatch(one.digits) and WHEN.search(before)))


def _in_bold(text: str, found: list[Numeral]) -> Numeral | None:
    """The last number in bold."""
    spans = [one.span() for one in BOLD.finditer(text)]
    return next((one for start, end in reversed(spans) for one in reversed(found) if start <= one.start < end), None)


def _counted(text: str, found: list[Numeral]) -> Numeral | None:
    """The last number right after "there are"."""
    return next((one for one in reversed(found) if THERE.search(text[max(one.start - 40, 0) : one.start])), None)


def _leading(text: str, found: list[Numeral]) -> Numeral | None:
    """The number that a text starts with, when the text goes on in words: "1982 with an income of 931"."""
    return found[0] if "=" not in text and not re.search(r"\w", text[: found[0].start]) else None


def _said(text: str, found: list[Numeral]) -> Numeral | None:
    """The number that follows the last "is", "are", "=" that has one near, at most three words away."""
    starts = [one.start for one in found]
    for says in reversed([*SAYS.finditer(text)]):
        place = bisect_left(starts, says.end())
        if place < len(found) and text[says.end() : starts[place]].count(" ") <= 3:
            return found[place]
    return None


def _digits(found: re.Match[str]) -> str:
    number = found["over"] or SEPARATOR.sub("", found["number"])
    under = found["under"] or found["by"]
    if under is not None and float(under) != 0:
        number = f"{float(number) / float(under):.12g}"
    return f"-{number}" if found["minus"] else number


def _spelled(text: str) -> str:
    """ "two hundred and five" is 205: a scale multiplies what stands before it."""
    total = part = 0
    for word in re.findall("[a-z]+", text):
        if word in SCALES:
            part = max(part, 1) * SCALES[word]
            if SCALES[word] > 100:
                total, part = total + part, 0
        else:
            part += WORDS.get(word, 0)
    return str(total + part)


def _chinese(text: str) -> str:
    """Up to 99: "十二" is 12, "二十" is 20, "三" is 3."""
    tens, ten, ones = text.rpartition("十")
    value = {"": 0} | {sign: number for number, sign in enumerate("零一二三四五六七八九")} | {"两": 2}
    if ten and tens in value and ones in value:
        return str(10 * (value[tens] or 1) + value[ones])
    return str(value.get(text[-1], 10))
