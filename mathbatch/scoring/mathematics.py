r"""The scorer `math`: the stated answer and the gold answer are equal as mathematics.

    \boxed{\frac{1}{2}} against 0.5: correct, "boxed: equal as mathematics"

Text and plain numbers are compared at once; what is left goes to Math-Verify (https://github.com/huggingface/Math-Verify),
the gold answer first against itself: where that fails, nothing could ever be equal to it, and the row is `unscored`.
"""

from __future__ import annotations

import functools
import logging
import re
from typing import Any

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score
from mathbatch.scoring.guard import is_safe_expression
from mathbatch.scoring.letters import plain
from mathbatch.scoring.numbers import Number, as_number, numbers_in
from mathbatch.scoring.stated import Stated, statements
from mathbatch.scoring.values import same_values, values

WORDS = re.compile(r"(?:\\(?:text|mathrm|mbox|textbf)\s?\{)?[^\W\d_]{2,}(?:[\s'’.-]+[^\W\d_]+)*\.?\}?")
"""A gold answer of words, such as `\\text{east}`: Math-Verify would multiply its letters."""
FORMULA = re.compile(r"\$\$?([^$]+)\$\$?|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL)
INTRODUCED = ("boxed", "after ####", "stated as the answer")
SENTENCES = ("stated in a conclusion", "in the last sentence")
BARE = 100
"""Characters. A response of one line that is no longer is taken for the answer as a whole."""
UNITS = re.compile(r"(?<=[\d})])\s+(?:[a-z]{2,12}\.?)(?:\s?(?:\^\s?\{?\d\}?|per\s\w+))?$")
CACHED_GOLDS = 4096


class MathScorer(BaseScorer):
    """Correct if text, number or mathematics of both are the same. `float_rounding`: to how many decimals numbers that
    are not exact are compared, as in Math-Verify.
    """

    preload = ("math_verify", "latex2sympy2_extended")

    def __init__(self, float_rounding: int = 6) -> None:
        self._rounding = float_rounding

    def score(self, sample: Sample, response: str) -> Score:
        gold = without_dollars(sample.gold or "")
        if not gold:
            return Score("unscored", None, sample.gold, "the row has no gold answer")
        known = as_number(gold) or values(gold) or WORDS.fullmatch(gold)
        problem = None if known else gold_problem(gold, self._rounding)
        if problem is not None:
            return Score("unscored", None, sample.gold, problem)
        found = stated_expression(response)
        if found is None:
            return Score("no_answer", None, sample.gold, "no answer is stated")
        verdict, why = compare(gold, found.text, self._rounding)
        return Score(verdict, found.text, sample.gold, f"{found.rule}: {why}")


def stated_expression(response: str) -> Stated | None:
    """What a response states as its answer, cut down to the expression, and by which rule it was found."""
    bare = response.strip()
    for stated in statements(response):
        if stated.rule in INTRODUCED:
            return Stated(_introduced(stated), stated.rule)
        if bare and len(bare) <= BARE and "\n" not in bare:
            return Stated(_last_formula(bare) or bare, "the whole response")
        if stated.rule in SENTENCES:
            found = _last_formula(stated.text) or _last_number(stated.text)
            if found is not None:
                return Stated(found, stated.rule)
    return None


def compare(gold: str, answer: str, rounding: int = 6) -> tuple[str, str]:
    """Verdict and reason for an answer to a gold answer that is equal to itself."""
    answer = without_dollars(answer)
    if plain(gold) == plain(answer):
        return "correct", "the same text"
    ours, theirs = as_number(answer), as_number(gold)
    if ours is not None and theirs is not None:
        same = same_number(ours, theirs, rounding)
        return ("correct", "equal as numbers") if same else ("wrong", "different numbers")
    equal = same_values(gold, answer, rounding)
    if equal is not None:
        return ("correct", "equal as numbers") if equal else ("wrong", "different numbers")
    if WORDS.fullmatch(gold):
        return "wrong", "another text"
    if not is_safe_expression(answer):
        return "unscored", "the answer is too large an expression to compute"
    if (problem := gold_problem(gold, rounding)) is not None:
        return "unscored", problem
    if equal_as_mathematics(gold, UNITS.sub("", answer), rounding):
        return "correct", "equal as mathematics"
    return "wrong", "different"


def same_number(ours: Number, theirs: Number, rounding: int) -> bool:
    """Whether two numbers are equal, to `rounding` decimals; 28% is 28 and 0.28."""
    if round(ours.value, rounding) == round(theirs.value, rounding):
        return True
    values = (number.value / (100 if number.percent else 1) for number in (ours, theirs))
    return len({round(value, rounding) for value in values}) == 1


@functools.lru_cache(CACHED_GOLDS)
def gold_problem(gold: str, rounding: int) -> str | None:
    """Why nothing can be equal to this gold answer; None where it is equal to itself."""
    if not is_safe_expression(gold):
        return "the gold answer is too large an expression to compute"
    if not _parsed_gold(gold):
        return "the gold answer can't be read as mathematics"
    return None if _verify(gold, gold, rounding) else "the gold answer is not equal to itself as mathematics"


def equal_as_mathematics(gold: str, answer: str, rounding: int) -> bool:
    """By Math-Verify, in its order: gold first. Takes as long as it takes."""
    return _verify(gold, answer, rounding)


def without_dollars(text: str) -> str:
    r"""`$\frac{1}{2}$.` is `\frac{1}{2}`."""
    text = text.strip().removesuffix(".").strip()
    inner = text.strip("$").strip()
    return inner if text.startswith("$") and text.endswith("$") and "$" not in inner else text


def _introduced(stated: Stated) -> str:
    """A box is the answer; what follows the answer's mark may be a sentence around it."""
    text = stated.text.strip().strip("*").strip()
    if stated.rule == "boxed":
        return text
    first = FORMULA.search(text)
    if first is not None:
        return str(next(filter(None, first.groups()))).strip()
    return text.rstrip(" .。*").strip() or text


def _last_formula(text: str) -> str | None:
    formulas = [next(filter(None, found.groups())).strip() for found in FORMULA.finditer(text)]
    return formulas[-1].rpartition("=")[2].strip() or formulas[-1] if formulas else None


def _last_number(text: str) -> str | None:
    found = numbers_in(text)
    return found[-1].shown if found else None


def _verify(gold: str, answer: str, rounding: int) -> bool:
    from math_verify import verify

    target = _parsed(answer)
    return bool(target) and bool(verify(_parsed_gold(gold), target, float_rounding=rounding, timeout_seconds=None))


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
