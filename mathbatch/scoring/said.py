r"""The number that a sentence states: that in bold, else the one after the last "is" or "=", else the last.

said_number("There are 3 bars of 40 cm.").digits == "3"
"""

from __future__ import annotations

import re
from bisect import bisect_left

from mathbatch.scoring.numbers import Number, even, numbers_in, spelled_in

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
    r"\b(?:is|are|was|were|be|equals?|gives?|makes?|has|have|had|approximately|about)\b|[=≈:：是为]", re.IGNORECASE
)


def numerals(text: str) -> list[Number]:
    """All numbers of a text, in order; those in words only where there is none in digits."""
    return numbers_in(text) or spelled_in(text)


def said_number(text: str) -> Number | None:
    """The number that a sentence states. Bounds and dates ("more than 5", "in 2014") are passed over where there is
    another, in digits or in words."""
    text = even(text)
    every = numerals(text)
    found = [one for one in every if not _aside(text, one)] or [one for one in spelled_in(text) if every] or every
    if not found:
        return None
    for rule in (_in_bold, _counted, _leading, _said):
        if (one := rule(text, found)) is not None:
            return one
    return found[-1]


def _aside(text: str, one: Number) -> bool:
    before = text[max(one.start - 30, 0) : one.start]
    return bool(BOUND.search(before) or (YEAR.fullmatch(one.shown) and WHEN.search(before)))


def _in_bold(text: str, found: list[Number]) -> Number | None:
    """The last number in bold."""
    spans = [one.span() for one in BOLD.finditer(text)]
    return next((one for start, end in reversed(spans) for one in reversed(found) if start <= one.start < end), None)


def _counted(text: str, found: list[Number]) -> Number | None:
    """The last number right after "there are"."""
    return next((one for one in reversed(found) if THERE.search(text[max(one.start - 40, 0) : one.start])), None)


def _leading(text: str, found: list[Number]) -> Number | None:
    """The number that a text starts with, when the text goes on in words: "1982 with an income of 931"."""
    return found[0] if "=" not in text and not re.search(r"\w", text[: found[0].start]) else None


def _said(text: str, found: list[Number]) -> Number | None:
    """The number that follows the last "is", "are", "=" that has one near, at most three words away."""
    starts = [one.start for one in found]
    for says in reversed([*SAYS.finditer(text)]):
        place = bisect_left(starts, says.end())
        if place < len(found) and text[says.end() : starts[place]].count(" ") <= 3:
            return found[place]
    return None
