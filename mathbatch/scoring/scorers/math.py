r"""Score with the scorer `math`: the stated answer and the gold answer must be equal as mathematics.

    \boxed{\frac{1}{2}} against 0.5: correct, "boxed: equal as mathematics"

Texts and plain numbers are compared first. Everything else is compared by Math-Verify
(https://github.com/huggingface/Math-Verify), and the gold answer must be equal to itself there: otherwise no answer
could ever be equal to it, and the row is `unscored`.
"""

from __future__ import annotations

import functools
import logging
import re
from typing import Any

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score
from mathbatch.scoring.answers.expression import stated_expressions
from mathbatch.scoring.answers.words import stated_words
from mathbatch.scoring.expressions.arithmetic import value_of
from mathbatch.scoring.expressions.bases import same_in_bases
from mathbatch.scoring.expressions.canonical_text import plain
from mathbatch.scoring.expressions.equations import RELATION, right_side
from mathbatch.scoring.expressions.inequalities import both_in_intervals
from mathbatch.scoring.expressions.measures import Split, bare, split
from mathbatch.scoring.expressions.normalize import latex, mended
from mathbatch.scoring.expressions.numbers import Number, as_number
from mathbatch.scoring.expressions.rounded import forms
from mathbatch.scoring.expressions.size_guard import unsafe
from mathbatch.scoring.expressions.spans import words
from mathbatch.scoring.expressions.spelled import spelled
from mathbatch.scoring.expressions.tuples import same_value, same_values, values
from mathbatch.scoring.expressions.units import alike

WORDS = re.compile(
    r"(?:\\(?:text|mathrm|mbox|textbf)\s?\{)?[^\W\d_]{2,}(?:[\s'’.-]+[^\W\d_]+)*\.?\}?|\d{1,2}:\d\d\s?[AaPp]\.?[Mm]\.?"
)
"""A gold answer of words, such as `\\text{east}`, or a time of day: Math-Verify would multiply its letters."""
STARTS = re.compile(r"\s*(?:[<>]|\\[lg](?:e|eq|t)(?![A-Za-z]))")
"""An inequality without its left side: "≥ 3"."""
BOUND = re.compile(
    r"\b(?:greater|more|less|fewer|larger|smaller|higher|lower)\b|\b(?:at\s(?:least|most)|above|below|not|never|between)\b",
    re.IGNORECASE,
)
HUGE = re.compile(r"\d\s?\^\s?\{?\s?\d{3}")
"""Powers that Math-Verify calculates as floats, beyond which all are equal."""
DEGREES = re.compile(r"(-?[\d.]{1,20}|\\frac\{\d{1,9}\}\{\d{1,9}\})\s?\^\s?(?:\\circ|\{\s?\\circ\s?\})")
ANGLED = re.compile(r"\\([lr])angle(?![A-Za-z])")
"""The brackets of a vector."""
PROSE = 4
"""Words. Of more Math-Verify would multiply the letters."""
BESIDE_WORDS = re.compile(r"(?<=[^\W\d_]|°)\s|\s(?=[^\W\d_])")
CACHED_GOLDS = 4096


class MathScorer(BaseScorer):
    """Finds a response correct if its answer and the gold answer are the same text, number or mathematics.

    `float_rounding` is the number of decimals to which inexact numbers are compared, as in Math-Verify.
    """

    preload = ("math_verify", "latex2sympy2_extended")

    def __init__(self, float_rounding: int = 6) -> None:
        self._rounding = float_rounding

    def score(self, sample: Sample, response: str) -> Score:
        gold, response = latex(without_dollars(mended(sample.gold or ""))), mended(response)
        if not gold:
            return Score.without_gold(sample.gold, "the row has no gold answer")
        is_words = bool(WORDS.fullmatch(gold))
        known = is_words or as_number(gold) or values(gold)
        problem = None if known else gold_problem(gold, self._rounding)
        if problem is not None:
            return Score.without_gold(sample.gold, problem)
        found = stated_words(response, plain(gold)) if is_words else stated_expressions(response)
        if not found:
            return Score("no_answer", None, sample.gold, "no answer is stated")
        compared = [(one, *compare(gold, one.text, self._rounding)) for one in found]
        right = (one for one in compared if one[1] == "correct")
        stated, verdict, why = next(right, compared[-1])
        return Score(verdict, stated.text, sample.gold, f"{stated.rule}: {why}")


def compare(gold: str, answer: str, rounding: int = 6) -> tuple[str, str]:
    """Verdict and reason for an answer to a gold answer that is equal to itself and written in LaTeX."""
    found = [_compare(gold, form, rounding) for form in forms(latex(without_dollars(answer)))]
    return next((one for one in found if one[0] == "correct"), found[0])


def _compare(gold: str, answer: str, rounding: int) -> tuple[str, str]:
    gold, answer = (ANGLED.sub(lambda found: "(" if found[1] == "l" else ")", one) for one in (gold, answer))
    gold, answer = (f"x {one}" if STARTS.match(one) else one for one in (gold, answer))
    if _close(gold) == _close(answer):
        return "correct", "the same text"
    if WORDS.fullmatch(gold):
        return "wrong", "another text"
    if _is_bound(gold) != _is_bound(answer) and (_is_value(gold) or _is_value(answer)):
        return "wrong", "a bound is no value"
    gold, answer = _in_radians(*both_in_intervals(gold, answer))
    if "=" not in gold:
        answer = right_side(answer)
    if (same := same_in_bases(gold, answer)) is not None:
        return ("correct", "equal in their bases") if same else ("wrong", "another number or another base")
    ours, theirs = split(bare(answer)), split(gold)
    if ours.measure and theirs.measure and ours.measure != theirs.measure and not alike(ours.measure, theirs.measure):
        return _converted(theirs, ours, rounding)
    return _compare_values(theirs.value, ours.value, rounding)


def _compare_values(gold: str, answer: str, rounding: int) -> tuple[str, str]:
    ours, theirs = as_number(answer) or spelled(answer), as_number(gold)
    if ours is not None and theirs is not None:
        same = same_number(ours, theirs, rounding)
        return ("correct", "equal as numbers") if same else ("wrong", "different numbers")
    equal = same_values(gold, answer, rounding)
    if equal is not None:
        return ("correct", "equal as numbers") if equal else ("wrong", "different numbers")
    if (problem := unsafe(answer)) is not None:
        return "unscored", f"the answer {problem}"
    if words(answer) > max(PROSE, words(gold)):
        return "wrong", "words, and no value"
    huge = _same_huge(gold, answer, rounding) if HUGE.search(gold) else None
    if huge is not None:
        return ("correct", "equal as numbers") if huge else ("wrong", "different numbers")
    if (problem := gold_problem(gold, rounding)) is not None:
        return "unscored", problem
    if equal_as_mathematics(gold, answer, rounding):
        return "correct", "equal as mathematics"
    return "wrong", "different"


def _same_huge(gold: str, answer: str, rounding: int) -> bool | None:
    ours, theirs = value_of(answer), value_of(gold)
    return None if ours is None or theirs is None else same_value(theirs, ours, rounding)


def _converted(gold: Split, answer: Split, rounding: int) -> tuple[str, str]:
    """Two values in different units; those of other kinds, as metres and seconds, are never equal."""
    ours, theirs = value_of(answer.value), value_of(gold.value)
    if gold.measure and answer.measure and gold.measure.powers == answer.measure.powers and ours and theirs:
        factor = answer.measure.size / gold.measure.size
        if round(ours * factor, rounding) == round(theirs, rounding):
            return "correct", f"equal, {answer.unit} as {gold.unit}"
    return "wrong", f"the unit is {answer.unit}, not {gold.unit}"


def _in_radians(gold: str, answer: str) -> tuple[str, str]:
    """Both texts, and where one has a pi, the degrees of the other in radians."""
    if ("\\pi" in gold) == ("\\pi" in answer):
        return gold, answer
    return DEGREES.sub(r"\\frac{\1\\pi}{180}", gold), DEGREES.sub(r"\\frac{\1\\pi}{180}", answer)


def _is_bound(text: str) -> bool:
    """Whether it is an inequality, in signs or in words, or denies."""
    return bool(RELATION.search(text) or BOUND.search(text))


def _is_value(text: str) -> bool:
    text = split(bare(text)).value
    return bool(as_number(text) or spelled(text) or value_of(text) is not None)


def same_number(ours: Number, theirs: Number, rounding: int) -> bool:
    """Whether two numbers are equal, to `rounding` decimals; 28% is 28 and 0.28, and 1.5 million is also 1.5."""
    scaled = round(ours.value * ours.scale, rounding) == round(theirs.value * theirs.scale, rounding)
    if scaled or (ours.scale > 1 and theirs.scale > 1):
        return scaled
    if round(ours.value, rounding) == round(theirs.value, rounding):
        return True
    values = (number.value / (100 if number.percent else 1) for number in (ours, theirs))
    return len({round(value, rounding) for value in values}) == 1


def _close(text: str) -> str:
    """`plain` without blanks beside words: "N 34° W" is "N34°W", but "2 1/2" is not "21/2", nor 6! the same as 6."""
    return BESIDE_WORDS.sub("", plain(text.replace(r"\varnothing", r"\emptyset"))) + "!" * text.rstrip("$ ").endswith(
        "!"
    )


@functools.lru_cache(CACHED_GOLDS)
def gold_problem(gold: str, rounding: int) -> str | None:
    """Why nothing can be equal to this gold answer; None where it is equal to itself."""
    if (problem := unsafe(gold)) is not None:
        return f"the gold answer {problem}"
    if not _parsed_gold(gold):
        return "the gold answer can't be read as mathematics"
    return (
        None if equal_as_mathematics(gold, gold, rounding) else "the gold answer is not equal to itself as mathematics"
    )


def without_dollars(text: str) -> str:
    r"""`$\frac{1}{2}$.` and `\[\frac{1}{2}\]` are `\frac{1}{2}`."""
    text = text.strip().removesuffix(".").strip()
    if text.startswith(("\\[", "\\(")) and text.endswith(("\\]", "\\)")):
        return text[2:-2].strip()
    inner = text.strip("$").strip()
    return inner if text.startswith("$") and text.endswith("$") and "$" not in inner else text


def equal_as_mathematics(gold: str, answer: str, rounding: int) -> bool:
    """Whether both are equal to Math-Verify, in its order: gold first. Takes as long as it takes."""
    from math_verify import verify

    target, known = _parsed(answer), _parsed_gold(gold)
    pairs = [(known, target)] if not RELATION.search(answer) else [(known, target), (target, known)]
    return bool(target) and any(verify(*pair, float_rounding=rounding, timeout_seconds=None) for pair in pairs)


@functools.lru_cache(CACHED_GOLDS)
def _parsed_gold(gold: str) -> list[Any]:
    return _parsed(gold)


def _parsed(text: str) -> list[Any]:
    """What Math-Verify reads in a text; nothing where it can't. Raw LaTeX is read only between dollar signs."""
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse

    logging.getLogger("math_verify").setLevel(logging.ERROR)  # it warns that it has no time limit: our workers have
    config = [LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig()]
    text = text.replace("$", "") if "$" in text else text
    found: list[Any] = parse(f"${text}$", extraction_config=config, parsing_timeout=None, fallback_mode="no_fallback")
    return found
