"""Find the choices that a sentence mentions, by their texts or by the number that it states.

    choices "half", "quarter", "quarter past": "it is a quarter past, not half" mentions the third
    choices "3", "4": "there are 4 of them" states the second, "it is 3 or 4" mentions none

Functions return places of choices, counted from 0.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mathbatch.scoring.answers.choice_texts import MATH_SIGN, are_same_choice
from mathbatch.scoring.answers.cues import DENIAL_BEFORE, VERB_AFTER
from mathbatch.scoring.answers.number_in_sentence import number_stated_in
from mathbatch.scoring.answers.readable import READ_WINDOW
from mathbatch.scoring.expressions.canonical_text import canonical_text
from mathbatch.scoring.expressions.normalize import to_number_notation
from mathbatch.scoring.expressions.numbers import Number, as_number

# Stands in front of a part of an expression: an operator, or a minus that is no dash behind a word.
OPERATOR_BEFORE = re.compile(
    r"(?:[√^]|[\w)°!]\s?[+*/|]|[<>]=?|\d[.,:]|\(-?\d+,\s|(?:\b[a-z]|\d|[)=°(]|pi)\s?-)\s?\Z|(?:\s|\A)-\Z"
)
# Stands behind a part of an expression: an operator, or a factor that is no unit.
OPERATOR_AFTER = re.compile(
    r"\s?(?:[√^!]|[+*/](?=\s?[\w(√\\-])|-(?=\s?(?:[\d(√]|[a-z]\b|pi\b))|[<>]|\((?=[\d√a-z]))|[.,/:]\d|,\s-?\d+\)"
    r"|\s?(?:pi|sqrt)\b|\s?\\(?!(?:text|mathrm|mbox|rm|circ|degree|quad)(?![a-z]))[a-z]|\s?[a-fi-kn-rt-z](?![\w'])"
)
# Stands behind what is denied: "half is wrong".
DENIAL_AFTER = re.compile(
    r"\s(?:is|are|was|were|would\sbe)\s(?:not|wrong|incorrect|false|impossible|too|ruled|never)\b"
)
# Stands in front of what something is compared with: "higher than the value of France".
COMPARISON_BEFORE = re.compile(
    r"\b(?:than|followed\sby|compared\s(?:to|with)|relative\sto|ahead\sof|versus|exceeds?|surpass(?:es)?)"
    r"(?:\s(?:the|that|those))?(?:(?:\s[a-z]{1,12})?\s(?:of|in|for|by))?(?:\s(?:the|an?))?\s\Z"
)
# Stands between two texts of which neither is the answer: "3 or 4".
BETWEEN_ALTERNATIVES = re.compile(r"[\s,;]*(?:\b(?:and|or)\b)?[\s,;]*(?:(?:the|a|an)\s)?\Z")
# Characters on either side of a match that are looked at.
CONTEXT = 30


def choices_named_in(text: str, choices: Sequence[str]) -> list[int]:
    """Return the places of the choices whose text stands in a sentence, in the order of their last mention.

        "it is a quarter past, not half" -> ["quarter past"]

    Whole words count, and numbers and expressions that stand alone. A choice that is denied, joined to the next by
    "or", or the other side of a comparison doesn't count. Where one choice holds another, the longest counts ("quarter
    past", not "quarter"). Choices that are single letters are left to `letters_in`, since "a" is an article.
    """
    found, known = _mentions(text, choices)
    found = [] if _are_alternatives(found) else found
    return list(dict.fromkeys(known[one[0]] for one in reversed(found)))[::-1]


def names_alternatives(text: str, choices: Sequence[str]) -> bool:
    """Tell whether the last choices that a sentence names are alternatives, so that it states none: "it is 3 or 4"."""
    return _are_alternatives(_mentions(text, choices)[0])


def _mentions(text: str, choices: Sequence[str]) -> tuple[list[re.Match[str]], dict[str, int]]:
    """Return the mentions of choices in the canonical form of a text, and the place of each choice by its own."""
    plains = [canonical_text(choice) for choice in choices]
    known = {
        one: number for number, one in reversed([*enumerate(plains)]) if one and not (len(one) == 1 and one.isalpha())
    }
    if not known:
        return [], known
    text = canonical_text(text[-READ_WINDOW:])
    longest = "|".join(re.escape(one) for one in sorted(known, key=len, reverse=True))
    found = _without_comparisons([*re.finditer(rf"(?<!\w)(?:{longest})(?!\w)", text)], text)
    return [one for one in found if _is_asserted(one, text)], known


def choice_of_stated_number(text: str, choices: Sequence[str]) -> int | None:
    """Return the choice that is the number which a sentence states: "there are 4 of them" -> "4"."""
    number = standalone_number(text)
    values = [as_number(choice) for choice in choices] if number is not None else []
    same = [place for place, value in enumerate(values) if value and number and value.value == number.value]
    return same[0] if same and are_same_choice(same, choices) else None


def standalone_number(text: str) -> Number | None:
    """Return the number that a sentence states: "there are 4 of them" -> 4.

    None for a number that is denied, one of several, a root, or part of an expression.
    """
    number = number_stated_in(text)
    text = to_number_notation(text)
    if number is None or not number.exact or not stands_alone(text, number.start, number.end):
        return None
    before = text[: number.start]
    return None if DENIAL_BEFORE.search(before[-CONTEXT:].lower()) else number


def _without_comparisons(found: list[re.Match[str]], text: str) -> list[re.Match[str]]:
    """Return the matches without the other side of a comparison, all of it: "higher than France, Italy and Spain"."""
    kept: list[re.Match[str]] = []
    end = -CONTEXT
    for one in found:
        goes_on = one.start() - end < CONTEXT and BETWEEN_ALTERNATIVES.match(text[max(end, 0) : one.start()])
        if COMPARISON_BEFORE.search(text[max(one.start() - CONTEXT, 0) : one.start()]) or (
            goes_on and not VERB_AFTER.match(text, one.end())
        ):
            end = one.end()
        else:
            kept.append(one)
            end = -CONTEXT
    return kept


def _is_asserted(found: re.Match[str], text: str) -> bool:
    """Tell whether a choice's text is neither denied nor part of an expression."""
    before, after = text[max(found.start() - CONTEXT, 0) : found.start()], text[found.end() : found.end() + CONTEXT]
    if DENIAL_BEFORE.search(before) or DENIAL_AFTER.match(after):
        return False
    return not MATH_SIGN.search(found[0]) or stands_alone(text, *found.span())


def stands_alone(text: str, start: int, end: int) -> bool:
    """Tell whether the expression between two places is no part of a larger one."""
    return not (
        OPERATOR_BEFORE.search(text[max(start - CONTEXT, 0) : start]) or OPERATOR_AFTER.match(text[end : end + CONTEXT])
    )


def _are_alternatives(found: list[re.Match[str]]) -> bool:
    """Tell whether the last two mentions are alternatives."""
    several = len(found) > 1 and found[-1][0] != found[-2][0]
    return several and BETWEEN_ALTERNATIVES.match(found[-1].string[found[-2].end() : found[-1].start()]) is not None
