"""Read the number that a statement states: in bold, else behind the last "is" or "=", else the last one.

    "There are 3 bars of 40 cm." -> 3

A number that is denied ("not 8"), a bound ("more than 5") or one of several ("6 or 7", "5 to 10") is not stated.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import pairwise

from mathbatch.scoring.answers.cues import BOUND_BEFORE, DENIAL_BEFORE, REASON
from mathbatch.scoring.answers.side_remarks import without_location, without_repeated_value
from mathbatch.scoring.answers.stated import EXPLICIT, MAX_ANSWER, Rule, Stated
from mathbatch.scoring.expressions.normalize import to_number_notation
from mathbatch.scoring.expressions.numbers import Number, numbers_in, spelled_numbers_in
from mathbatch.scoring.expressions.parse import TokenSpan, as_quantity, quantities_in
from mathbatch.scoring.expressions.units import conversion_factor

# With these rules the text is nothing but the answer, while other rules give a sentence that states it somewhere. One
# more than `EXPLICIT`: the field "short answer" of a JSON reply (DynaMath).
ANSWER_ALONE = EXPLICIT | {Rule.SHORT_ANSWER}
# Characters. A statement without a marker that is no longer may be a number alone: "a dozen".
MAX_BARE_LENGTH = 40
# Stands between an answer and a remark: "12 cm; the base is 4".
REMARK_AFTER = re.compile(r"[;,]\s+(?!and\b|or\b)(?=[A-Za-z]{3})")
# A number of which the comma may be a decimal one: "3,5", but not the thousands of "3,500".
DECIMAL_COMMA = re.compile(
    r"((?:\\?[A-Za-z]\s?=\s?)?-?(?:\d{1,9}(?=(?:,|\{,\})(?:\d{1,2}|\d{4,9})(?!\d))|0))(?:,|\{,\})(\d{1,9}(?:[^\d,][^,]{0,30})?)"
)
# With these rules an exclamation mark at the end is a factorial and ends no sentence.
KEEPS_FACTORIALS = (Rule.BOXED, Rule.SHORT_ANSWER)
# A bound that may be the answer where no other number is: "at most 5".
WEAK_BOUND_BEFORE = re.compile(r"\b(?:least|most|exactly|within|reach(?:es)?|through)\s\W{0,3}$", re.IGNORECASE)
THERE_ARE_BEFORE = re.compile(
    r"\bthere\s(?:is|are|was|were|will\sbe|would\sbe)\s(?:a\stotal\sof\s|only\s|now\s|still\s|about\s)?\W{0,3}$",
    re.IGNORECASE,
)
STATING_WORD = re.compile(
    r"\b(?:is|are|was|were|be|equals?|gives?|makes?|has|have|had|approximately|about)\b|[=≈:：是为]", re.IGNORECASE
)
# Stands between the numbers of a list, a range, or of alternatives: "6 or 7", "5 to 10".
BETWEEN_ALTERNATIVES = re.compile(
    r"[\s$°%)*]*(?:[A-Za-z]+[\s$]+){0,2}?(?:\\?[,;:]\s?(?:and\b|or\b)?|\b(?:and|or)\b|(?<!\bup\s)to\b|[-–~])"
    r"[\s$(*]*(?:[A-Za-z]\s?=[\s$]*)?"
)
# Stands between the stated number and one that belongs to it: "6 of the 20", "4 buses for 160 students".
BETWEEN_MAIN_AND_SIDE = re.compile(
    r"(?:\s(?!leav|total)[A-Za-z'’-]+){0,4}?\s(?:of\s(?:all|its|the|these|those|his|her|their)|in\sthe|out\sof|for|on|with|from|after"
    r"|to\s(?!(?:about|be|become|find|get|give|have|make|nearly|only|reach)\b)[a-z]+)\s(?:(?:the|these|his|her|their)\s)?\W{0,3}",
    re.IGNORECASE,
)
MONEY = re.compile(r"\W{0,2}[$€£]|[\d.,]{1,20}\s(?:dollars?|cents?|euros?|pounds)\b", re.IGNORECASE)
# Shows that a price belongs to the number in front of it: "5 apples at $2".
PREPOSITION_AT_END = re.compile(
    r"\b(?:at|for|of|with|from|by|to|and|or|in|on|per|plus|costing)\s\W{0,3}\Z", re.IGNORECASE
)
MATH_SIGN = re.compile(r"\d|\\(?:sqrt|pi|frac)|π|√")


def numbers_in_digits_or_words(text: str) -> list[Number]:
    """Return all numbers of a text, in order; those in words only where there is none in digits.

    "3 of the five" -> 3, "two or five" -> 2, 5
    """
    return numbers_in(text) or spelled_numbers_in(text)


def with_decimal_point(text: str) -> str:
    """Return a number that may have a decimal comma with a point: "3,5 cm" -> "3.5 cm"; other texts as they are."""
    found = DECIMAL_COMMA.fullmatch(text)
    return f"{found[1]}.{found[2]}" if found else text


def stated_quantity(stated: Stated) -> Number | None:
    r"""Return the number that a statement comes to, or None: "So it is **5** cm." -> 5.

    A text that is short or explicit is first read as one number, such as "2\sqrt{3}", then as a sentence.
    """
    if len(stated.text) > MAX_ANSWER:
        return None
    text = stated.text if stated.rule in KEEPS_FACTORIALS else without_location(stated.text).rstrip().removesuffix("!")
    if stated.rule not in ANSWER_ALONE and len(text) > MAX_BARE_LENGTH:
        return number_stated_in(text)
    text = with_decimal_point(text.strip(" .*$"))
    return as_quantity(text) or as_quantity(REMARK_AFTER.split(text)[0]) or number_stated_in(text)


def is_answer_without_number(stated: Stated) -> bool:
    """Tell whether a statement without a number is the answer, so that no weaker one counts: "2x+1", "6 or 7"."""
    return stated.rule in ANSWER_ALONE and (stated.rule == Rule.BOXED or MATH_SIGN.search(stated.text) is not None)


def number_stated_in(text: str) -> Number | None:
    """Return the number that a sentence states, or None: "In 2014 the sum of 3 and 4 was 7." -> 7.

    Bounds ("at most 5") are passed over where there is another number, in digits or in words.
    """
    text = to_number_notation(text)
    text = _without_reason(text)
    every: list[Number | TokenSpan] = quantities_in(text) or [*spelled_numbers_in(text)]
    kept = [one for one in every if not _matches_before(text, one, DENIAL_BEFORE, BOUND_BEFORE)]
    found = [one for one in kept if not _is_weak_bound(text, one)]
    if every and not found:
        found = [
            one for one in spelled_numbers_in(text) if not _matches_before(text, one, DENIAL_BEFORE, BOUND_BEFORE)
        ] or kept
    if not found:
        return None
    rules = (_after_there_are, _leading, _after_stating_word)
    chosen = next((one for rule in rules if (one := rule(text, found)) is not None), None)
    chosen = chosen or _last_main_number(text, found, every)
    return chosen if isinstance(chosen, Number) and not _is_one_of_several(text, chosen, every) else None


def _without_reason(text: str) -> str:
    """Return a sentence without its reason, repetition and location, where a number is left."""
    text = without_location(without_repeated_value(text))
    reason = REASON.search(text)
    return text[: reason.start()] if reason and re.search(r"\d", text[: reason.start()]) else text


def _last_main_number(
    text: str, found: list[Number | TokenSpan], every: list[Number | TokenSpan]
) -> Number | TokenSpan:
    """Return the last number that doesn't belong to the one before it: "6 of the 20" -> 6."""
    beside = [other for one, other in pairwise(every) if isinstance(one, Number) and _belongs(text, one, other)]
    return next((one for one in reversed(found) if one not in beside), found[-1])


def _belongs(text: str, one: Number, other: Number | TokenSpan) -> bool:
    """Tell whether a number belongs to the one before it: "6 of the 20".

    An amount of money behind "for" doesn't, since it may be the price that was asked for: "sells 4 for $20".
    """
    between = text[one.end : other.start]
    is_price = between.rstrip("$ ").endswith(" for") and MONEY.match(text, other.start) is not None
    return not is_price and BETWEEN_MAIN_AND_SIDE.fullmatch(between) is not None


def _matches_before(text: str, one: Number | TokenSpan, *patterns: re.Pattern[str]) -> bool:
    """Tell whether one of the patterns matches the text right before a number."""
    before = text[max(one.start - 30, 0) : one.start]
    return any(pattern.search(before) for pattern in patterns)


def _is_weak_bound(text: str, one: Number | TokenSpan) -> bool:
    """Tell whether a number is a weak bound: "at most 5"."""
    return _matches_before(text, one, WEAK_BOUND_BEFORE)


def _is_one_of_several(text: str, one: Number, every: list[Number | TokenSpan]) -> bool:
    """Tell whether another number stands beside it as its equal: "6 or 7".

    The same number in another form doesn't count: "1/2 or 0.5".
    """
    if one not in every:  # in words, beside bounds in digits
        return False
    place = every.index(one)
    for first, second in pairwise(every[max(place - 1, 0) : place + 2]):
        if BETWEEN_ALTERNATIVES.fullmatch(text, first.end, second.start) and not _is_same_value(first, second):
            return True
    return False


def _is_same_value(one: Number | TokenSpan, other: Number | TokenSpan) -> bool:
    """Tell whether two numbers are equal, one of them perhaps rounded or in another unit."""
    if isinstance(one, TokenSpan) or isinstance(other, TokenSpan):
        return False
    values = [number.value / (100 if number.percent else 1) for number in (one, other)]
    values[0] *= conversion_factor(one.unit, other.unit)
    return abs(values[0] - values[1]) <= abs(values[0]) / (1000 if not (one.exact and other.exact) else 10**9)


def _after_there_are(text: str, found: list[Number | TokenSpan]) -> Number | TokenSpan | None:
    """Return the last number right after "there are": "there are 3 bars of 40 cm" -> 3."""
    return next(
        (one for one in reversed(found) if THERE_ARE_BEFORE.search(text[max(one.start - 40, 0) : one.start])), None
    )


def _leading(text: str, found: list[Number | TokenSpan]) -> Number | TokenSpan | None:
    """Return the number that a text starts with where words follow: "1982 with an income of 931" -> 1982.

    A price that is told of it comes first: "12 weeks cost $90" -> 90.
    """
    price = (
        found[-1]
        if MONEY.match(text, found[-1].start) and not PREPOSITION_AT_END.search(text[: found[-1].start])
        else None
    )
    starts = "=" not in text and not re.search(r"\w", text[: found[0].start])
    return (price or found[0]) if starts else None


def _after_stating_word(text: str, found: list[Number | TokenSpan]) -> Number | TokenSpan | None:
    """Return the number behind the last "is" or "=" that has one within three words: "the sum is 5" -> 5."""
    starts = [one.start for one in found]
    for says in reversed([*STATING_WORD.finditer(text)]):
        place = bisect_left(starts, says.end())
        if place < len(found) and text[says.end() : starts[place]].count(" ") <= 3:
            return found[place]
    return None
