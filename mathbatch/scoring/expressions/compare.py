r"""Compare an answer with the gold answer as text, as numbers, then as mathematics.

    compare_with_gold("0.5", r"\frac{1}{2}") == ("correct", "equal as numbers")

Text and plain numbers are compared at once. What is left goes to Math-Verify
(https://github.com/huggingface/Math-Verify), the gold answer first against itself: where that fails, nothing could ever
be equal to it.
"""

from __future__ import annotations

import functools
import logging
import re
from typing import Any

from mathbatch.scoring.expressions.arithmetic import value_of
from mathbatch.scoring.expressions.canonical_text import canonical_text
from mathbatch.scoring.expressions.measures import ValueWithUnit, split_unit, without_wording
from mathbatch.scoring.expressions.normalize import to_latex
from mathbatch.scoring.expressions.numbers import Number, as_number, as_spelled_number
from mathbatch.scoring.expressions.relations import (
    RELATION,
    as_intervals,
    exact_and_rounded,
    right_side,
    same_number_in_base,
)
from mathbatch.scoring.expressions.size_guard import why_unsafe
from mathbatch.scoring.expressions.spans import word_count
from mathbatch.scoring.expressions.tuples import same_value, same_values
from mathbatch.scoring.expressions.units import are_interchangeable

# A gold answer of words, such as `\text{east}`, or a time of day: Math-Verify would multiply its letters.
WORDS_ONLY = re.compile(
    r"(?:\\(?:text|mathrm|mbox|textbf)\s?\{)?[^\W\d_]{2,}(?:[\s'’.-]+[^\W\d_]+)*\.?\}?|\d{1,2}:\d\d\s?[AaPp]\.?[Mm]\.?"
)
# An inequality without its left side: "≥ 3".
INEQUALITY_START = re.compile(r"\s*(?:[<>]|\\[lg](?:e|eq|t)(?![A-Za-z]))")
# Says in words that a value is only a bound, or not the answer: "more than 3", "not 3".
BOUND = re.compile(
    r"\b(?:greater|more|less|fewer|larger|smaller|higher|lower)\b|\b(?:at\s(?:least|most)|above|below|not|never|between)\b",
    re.IGNORECASE,
)
# A power that Math-Verify calculates as a float, which is infinite for all large ones, so that they would be equal.
HUGE_POWER = re.compile(r"\d\s?\^\s?\{?\s?\d{3}")
DEGREES = re.compile(r"(-?[\d.]{1,20}|\\frac\{\d{1,9}\}\{\d{1,9}\})\s?\^\s?(?:\\circ|\{\s?\\circ\s?\})")
# Brackets of a vector.
ANGLE_BRACKET = re.compile(r"\\([lr])angle(?![A-Za-z])")
# An answer of more words than this, and than the gold answer, is prose: Math-Verify would multiply its letters.
MAX_WORDS = 4
BLANK_BESIDE_WORD = re.compile(r"(?<=[^\W\d_]|°)\s|\s(?=[^\W\d_])")
CACHED_GOLDS = 4096


def compare_with_gold(gold: str, answer: str, rounding: int = 6) -> tuple[str, str]:
    """Return verdict and reason for an answer; one that is given exactly and rounded may be right in either form.

    `gold` must be written in LaTeX and equal to itself; `rounding` is the number of decimals that count.
    """
    found = [
        _compare_form(gold, form, rounding) for form in exact_and_rounded(to_latex(without_math_delimiters(answer)))
    ]
    return next((one for one in found if one[0] == "correct"), found[0])


def _compare_form(gold: str, answer: str, rounding: int) -> tuple[str, str]:
    """Compare one form of an answer: as text, as a bound, in a base, in its unit, then by its value."""
    gold, answer = (ANGLE_BRACKET.sub(lambda found: "(" if found[1] == "l" else ")", one) for one in (gold, answer))
    gold, answer = (f"x {one}" if INEQUALITY_START.match(one) else one for one in (gold, answer))
    if _without_blanks_at_words(gold) == _without_blanks_at_words(answer):
        return "correct", "the same text"
    if WORDS_ONLY.fullmatch(gold):
        return "wrong", "another text"
    if _is_bound(gold) != _is_bound(answer) and (_is_value(gold) or _is_value(answer)):
        return "wrong", "a bound is no value"
    gold, answer = _in_radians(*as_intervals(gold, answer))
    if "=" not in gold:
        answer = right_side(answer)
    if (same := same_number_in_base(gold, answer)) is not None:
        return ("correct", "equal in their bases") if same else ("wrong", "another number or another base")
    ours, theirs = split_unit(without_wording(answer)), split_unit(gold)
    if (
        ours.measure
        and theirs.measure
        and ours.measure != theirs.measure
        and not are_interchangeable(ours.measure, theirs.measure)
    ):
        return _compare_units(theirs, ours, rounding)
    return _compare_values(theirs.value, ours.value, rounding)


def _compare_values(gold: str, answer: str, rounding: int) -> tuple[str, str]:
    """Compare two values without units: as numbers, then as mathematics."""
    ours, theirs = as_number(answer) or as_spelled_number(answer), as_number(gold)
    if ours is not None and theirs is not None:
        same = are_same_number(ours, theirs, rounding)
        return ("correct", "equal as numbers") if same else ("wrong", "different numbers")
    equal = same_values(gold, answer, rounding)
    if equal is not None:
        return ("correct", "equal as numbers") if equal else ("wrong", "different numbers")
    if (problem := why_unsafe(answer)) is not None:
        return "unscored", f"the answer {problem}"
    if word_count(answer) > max(MAX_WORDS, word_count(gold)):
        return "wrong", "words, and no value"
    huge = _same_huge(gold, answer, rounding) if HUGE_POWER.search(gold) else None
    if huge is not None:
        return ("correct", "equal as numbers") if huge else ("wrong", "different numbers")
    if (problem := gold_problem(gold, rounding)) is not None:
        return "unscored", problem
    if equal_as_mathematics(gold, answer, rounding):
        return "correct", "equal as mathematics"
    return "wrong", "different"


def _same_huge(gold: str, answer: str, rounding: int) -> bool | None:
    """Tell whether two powers have the same exact value; None where one of them has none."""
    ours, theirs = value_of(answer), value_of(gold)
    return None if ours is None or theirs is None else same_value(theirs, ours, rounding)


def _compare_units(gold: ValueWithUnit, answer: ValueWithUnit, rounding: int) -> tuple[str, str]:
    """Compare two values in different units; those of different kinds, such as metres and seconds, are never equal."""
    ours, theirs = value_of(answer.value), value_of(gold.value)
    if gold.measure and answer.measure and gold.measure.powers == answer.measure.powers and ours and theirs:
        factor = answer.measure.size / gold.measure.size
        if round(ours * factor, rounding) == round(theirs, rounding):
            return "correct", f"equal, {answer.unit} as {gold.unit}"
    return "wrong", f"the unit is {answer.unit}, not {gold.unit}"


def _in_radians(gold: str, answer: str) -> tuple[str, str]:
    """Return both texts, with degrees as radians where the other text holds a pi."""
    if ("\\pi" in gold) == ("\\pi" in answer):
        return gold, answer
    return DEGREES.sub(r"\\frac{\1\\pi}{180}", gold), DEGREES.sub(r"\\frac{\1\\pi}{180}", answer)


def _is_bound(text: str) -> bool:
    """Tell whether a text is an inequality, in signs or in words, or denies."""
    return bool(RELATION.search(text) or BOUND.search(text))


def _is_value(text: str) -> bool:
    """Tell whether a text is a single number, with or without a unit."""
    text = split_unit(without_wording(text)).value
    return bool(as_number(text) or as_spelled_number(text) or value_of(text) is not None)


def are_same_number(ours: Number, theirs: Number, rounding: int) -> bool:
    """Tell whether two numbers are equal to `rounding` decimals.

    28% equals both 28 and 0.28, and 1.5 million equals both 1,500,000 and 1.5.
    """
    scaled = round(ours.value * ours.scale, rounding) == round(theirs.value * theirs.scale, rounding)
    if scaled or (ours.scale > 1 and theirs.scale > 1):
        return scaled
    if round(ours.value, rounding) == round(theirs.value, rounding):
        return True
    readings = (number.value / (100 if number.percent else 1) for number in (ours, theirs))
    return len({round(value, rounding) for value in readings}) == 1


def _without_blanks_at_words(text: str) -> str:
    """Return the canonical text without blanks beside words: "N 34° W" -> "n34°w".

    Numbers keep theirs, since "2 1/2" is not "21/2", and so does a factorial its exclamation mark.
    """
    return BLANK_BESIDE_WORD.sub("", canonical_text(text.replace(r"\varnothing", r"\emptyset"))) + "!" * text.rstrip(
        "$ "
    ).endswith("!")


@functools.lru_cache(CACHED_GOLDS)
def gold_problem(gold: str, rounding: int) -> str | None:
    """Return why nothing can be equal to a gold answer, or None where it is equal to itself."""
    if (problem := why_unsafe(gold)) is not None:
        return f"the gold answer {problem}"
    if not _parsed_gold(gold):
        return "the gold answer can't be read as mathematics"
    return (
        None if equal_as_mathematics(gold, gold, rounding) else "the gold answer is not equal to itself as mathematics"
    )


def without_math_delimiters(text: str) -> str:
    r"""Return a formula without its delimiters: `$\frac{1}{2}$.` and `\[\frac{1}{2}\]` -> `\frac{1}{2}`."""
    text = text.strip().removesuffix(".").strip()
    if text.startswith(("\\[", "\\(")) and text.endswith(("\\]", "\\)")):
        return text[2:-2].strip()
    inner = text.strip("$").strip()
    return inner if text.startswith("$") and text.endswith("$") and "$" not in inner else text


def equal_as_mathematics(gold: str, answer: str, rounding: int) -> bool:
    """Tell whether Math-Verify finds both equal, asked in its own order: gold answer first.

    Takes as long as Math-Verify takes; the caller must bound the time.
    """
    from math_verify import verify

    target, known = _parsed(answer), [*_parsed_gold(gold)]
    pairs = [(known, target)] if not RELATION.search(answer) else [(known, target), (target, known)]
    return bool(target) and any(verify(*pair, float_rounding=rounding, timeout_seconds=None) for pair in pairs)


@functools.lru_cache(CACHED_GOLDS)
def _parsed_gold(gold: str) -> tuple[Any, ...]:
    return tuple(_parsed(gold))


def _parsed(text: str) -> list[Any]:
    """Return what Math-Verify reads in a text, empty where it can't read it.

    Raw LaTeX is read only between dollar signs.
    """
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse

    logging.getLogger("math_verify").setLevel(logging.ERROR)  # it warns that it has no time limit: our workers have
    config = [LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig()]
    text = text.replace("$", "") if "$" in text else text
    found: list[Any] = parse(f"${text}$", extraction_config=config, parsing_timeout=None, fallback_mode="no_fallback")
    return found
