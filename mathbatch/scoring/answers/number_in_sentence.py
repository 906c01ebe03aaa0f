r"""The number that a statement states: that in bold, else the one after the last "is" or "=", else the last.

said_number("There are 3 bars of 40 cm.").digits == "3"

A number that is denied ("not 8"), a bound ("more than 5") and one of several ("6 or 7", "5 to 10") are not stated.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import pairwise

from mathbatch.scoring.answers.cues import without_place, without_repeats
from mathbatch.scoring.answers.statements import Stated
from mathbatch.scoring.expressions.notation import notation
from mathbatch.scoring.expressions.numbers import Number, numbers_in, spelled_in
from mathbatch.scoring.expressions.parse import Run, quantities_in, quantity
from mathbatch.scoring.expressions.units import factor

INTRODUCED = ("boxed", "after ####", "stated as the answer", "short answer")
"""Rules whose text is the answer; a sentence states it anywhere."""
SHORT = 40
"""Characters. A statement without a marker that is no longer may be a number alone, "a dozen"."""
REMARK = re.compile(r"[;,]\s+(?!and\b|or\b)(?=[A-Za-z]{3})")
EXACT = ("boxed", "short answer")
"""Here a mark of exclamation means a factorial."""
BOLD = re.compile(r"\*\*[^*\n]{0,60}\*\*")
DENIED = re.compile(
    r"(?:\b(?:not|never|neither|nor|cannot|rather\sthan|instead\sof)|n['’]t)\s"
    r"(?:(?:equal\sto|exactly|be|is|just|a|the)\s){0,2}\W{0,3}$",
    re.IGNORECASE,
)
BOUND = re.compile(
    r"(?:\b(?:than|below|above|over|under|exceed(?:s|ing)?|between|between\s\S{1,20}\sand)"
    r"|[<>≤≥]|\\[lg](?:eq?|t))\s?(?:or\sequal\sto\s)?\W{0,3}$",
    re.IGNORECASE,
)
EXTREME = re.compile(r"\b(?:least|most|exactly|within|reach(?:es)?|through)\s\W{0,3}$", re.IGNORECASE)
WHEN = re.compile(r"\b(?:in|during|since|until|by|of|for|from|year|to|and)\s(?:the\s)?(?:year\s)?$", re.IGNORECASE)
YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
THERE = re.compile(
    r"\bthere\s(?:is|are|was|were|will\sbe|would\sbe)\s(?:a\stotal\sof\s|only\s|now\s|still\s|about\s)?\W{0,3}$",
    re.IGNORECASE,
)
SAYS = re.compile(
    r"\b(?:is|are|was|were|be|equals?|gives?|makes?|has|have|had|approximately|about)\b|[=≈:：是为]", re.IGNORECASE
)
REASON = re.compile(
    r"(?:[,;(]?\s?\b(?:since|because)|[,;(]\s?(?:as|given|which(?!\s(?:gives?|makes?|means|equals?|leaves?|comes)\b))|\(=)"
    r"\s(?!.*\b(?:so|therefore|thus|hence)\b).*",
    re.DOTALL | re.IGNORECASE,
)
"""Behind an answer, with numbers of its own: "7, since 2*7+1 = 15"."""
JOINT = re.compile(
    r"[\s$°%)*]*(?:[A-Za-z]+[\s$]+){0,2}?(?:\\?[,;:]\s?(?:and\b|or\b)?|\b(?:and|or)\b|(?<!\bup\s)to\b|[-–~])"
    r"[\s$(*]*(?:[A-Za-z]\s?=[\s$]*)?"
)
"""What stands between the numbers of a list, alternatives or a range."""
EQUALS = re.compile(r"[\s$]*(?:[A-Za-z]+\s){0,2}(?:=|≈|\\approx)[\s$*]*")
BESIDE = re.compile(
    r"(?:\s(?!leav|total)[A-Za-z'’-]+){0,4}?\s(?:of\s(?:all|its|the|these|those|his|her|their)|in\sthe|out\sof|for|on|with|from|after"
    r"|to\s(?!(?:about|be|become|find|get|give|have|make|nearly|only|reach)\b)[a-z]+)\s(?:(?:the|these|his|her|their)\s)?\W{0,3}",
    re.IGNORECASE,
)
"""Between the number that is stated and one that only belongs to it: "6 of the 20", "4 buses for 160 students"."""
MONEY = re.compile(r"\W{0,2}[$€£]|[\d.,]{1,20}\s(?:dollars?|cents?|euros?|pounds)\b", re.IGNORECASE)
VERB = re.compile(r"\s(are|is|were|was)\b")
ANSWERS = re.compile(r"\d|\\(?:sqrt|pi|frac)|π|√")


def numerals(text: str) -> list[Number]:
    """All numbers of a text, in order; those in words only where there is none in digits."""
    return numbers_in(text) or spelled_in(text)


def stated_quantity(stated: Stated) -> Number | None:
    """The number that a statement comes to; what is short, or introduced as the answer, is first read as a whole."""
    text = stated.text if stated.rule in EXACT else without_place(stated.text).rstrip().removesuffix("!")
    if stated.rule not in INTRODUCED and len(text) > SHORT:
        return said_number(text)
    return quantity(text) or quantity(REMARK.split(text)[0]) or said_number(text)


def is_other(stated: Stated) -> bool:
    """Whether a statement without a number is an answer all the same, `2x+1` or `6 or 7`: no weaker one counts then."""
    return stated.rule in INTRODUCED and (stated.rule == "boxed" or ANSWERS.search(stated.text) is not None)


def said_number(text: str) -> Number | None:
    """The number that a sentence states. Bounds and dates ("at most 5", "in 2014") are passed over where there is
    another, in digits or in words."""
    text = notation(text)
    text = _without_reason(text)
    every: list[Number | Run] = quantities_in(text) or [*spelled_in(text)]
    kept = [one for one in every if not _matches_before(text, one, DENIED, BOUND)]
    found = [one for one in kept if not _aside(text, one)]
    if every and not found:
        found = [one for one in spelled_in(text) if not _matches_before(text, one, DENIED, BOUND)] or kept
    if not found:
        return None
    rules = (_in_bold, _counted, _leading, _said)
    chosen = next((one for rule in rules if (one := rule(text, found)) is not None), None)
    chosen = chosen or _main(text, found, every)
    chosen = _worked_out(text, chosen, every)
    return chosen if isinstance(chosen, Number) and not _is_one_of_several(text, chosen, every) else None


def _worked_out(text: str, chosen: Number | Run, every: list[Number | Run]) -> Number | Run:
    """Of "there are 3 + 2 = 5" the last."""
    place = every.index(chosen) if chosen in every else len(every)
    while place + 1 < len(every) and EQUALS.fullmatch(text, every[place].end, every[place + 1].start):
        place += 1
    return every[place] if place < len(every) else chosen


def _without_reason(text: str) -> str:
    text = without_place(without_repeats(text))
    reason = REASON.search(text)
    return text[: reason.start()] if reason and re.search(r"\d", text[: reason.start()]) else text


def _main(text: str, found: list[Number | Run], every: list[Number | Run]) -> Number | Run:
    """The last number that doesn't belong to the one before it."""
    beside = [other for one, other in pairwise(every) if isinstance(one, Number) and _belongs(text, one, other)]
    return next((one for one in reversed(found) if one not in beside), found[-1])


def _belongs(text: str, one: Number, other: Number | Run) -> bool:
    """For so much money something is sold, so that it may be the price that was asked for."""
    between = text[one.end : other.start]
    is_price = between.rstrip("$ ").endswith(" for") and MONEY.match(text, other.start) is not None
    return not is_price and BESIDE.fullmatch(between) is not None


def _matches_before(text: str, one: Number | Run, *patterns: re.Pattern[str]) -> bool:
    before = text[max(one.start - 30, 0) : one.start]
    return any(pattern.search(before) for pattern in patterns)


def _aside(text: str, one: Number | Run) -> bool:
    return _matches_before(text, one, EXTREME) or (
        YEAR.fullmatch(text, one.start, one.end) is not None and _matches_before(text, one, WHEN)
    )


def _is_one_of_several(text: str, one: Number, every: list[Number | Run]) -> bool:
    """Whether another number stands beside it with the same right, `6 or 7`, "3 are red and 4 are blue". The same in
    another form, `1/2 or 0.5`, is no other."""
    if one not in every:  # in words, beside bounds in digits
        return False
    place = every.index(one)
    for first, second in pairwise(every[max(place - 1, 0) : place + 2]):
        if JOINT.fullmatch(text, first.end, second.start) and not _same(first, second):
            return True
    verb = VERB.match(text, one.end)
    return verb is not None and any(
        other is not one and (own := VERB.match(text, other.end)) is not None and own[1] == verb[1] for other in every
    )


def _same(one: Number | Run, other: Number | Run) -> bool:
    if isinstance(one, Run) or isinstance(other, Run):
        return False
    values = [number.value / (100 if number.percent else 1) for number in (one, other)]
    values[0] *= factor(one.unit, other.unit)
    return abs(values[0] - values[1]) <= abs(values[0]) / (1000 if not (one.exact and other.exact) else 10**9)


def _in_bold(text: str, found: list[Number | Run]) -> Number | Run | None:
    """The last number in bold."""
    spans = [one.span() for one in BOLD.finditer(text)]
    return next((one for start, end in reversed(spans) for one in reversed(found) if start <= one.start < end), None)


def _counted(text: str, found: list[Number | Run]) -> Number | Run | None:
    """The last number right after "there are"."""
    return next((one for one in reversed(found) if THERE.search(text[max(one.start - 40, 0) : one.start])), None)


def _leading(text: str, found: list[Number | Run]) -> Number | Run | None:
    """The number that a text starts with, when the text goes on in words: "1982 with an income of 931"."""
    return found[0] if "=" not in text and not re.search(r"\w", text[: found[0].start]) else None


def _said(text: str, found: list[Number | Run]) -> Number | Run | None:
    """The number that follows the last "is", "are", "=" that has one near, at most three words away."""
    starts = [one.start for one in found]
    for says in reversed([*SAYS.finditer(text)]):
        place = bisect_left(starts, says.end())
        if place < len(found) and text[says.end() : starts[place]].count(" ") <= 3:
            return found[place]
    return None
