r"""Score with the scorer `math`: the stated answer and the gold answer must be equal as mathematics.

    \boxed{\frac{1}{2}} against 0.5: correct, "boxed: equal as mathematics"

Texts and plain numbers are compared first. Everything else is compared by Math-Verify
(https://github.com/huggingface/Math-Verify), and the gold answer must be equal to itself there: otherwise no answer
could ever be equal to it, and the row is `unscored`.
"""

from __future__ import annotations

import re

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score
from mathbatch.scoring.answers.expression import stated_expressions
from mathbatch.scoring.answers.readable import only_gold
from mathbatch.scoring.answers.times_stated import stated_time
from mathbatch.scoring.answers.words import stated_words
from mathbatch.scoring.expressions.canonical_text import canonical_text
from mathbatch.scoring.expressions.compare import WORDS_ONLY, compare_with_gold, without_math_delimiters
from mathbatch.scoring.expressions.normalize import to_latex
from mathbatch.scoring.expressions.times import as_time, same_time

# A list in JSON or Python of several gold answers.
LIST = re.compile(r"""\s*\[\s*(["']).*\1\s*,\s*\1.*\1\s*\]\s*\Z""", re.DOTALL)
SEVERAL = "the gold answer is a list of several in JSON, and `math` compares one"


class MathScorer(BaseScorer):
    """Finds a response correct if its answer and the gold answer are the same text, number or mathematics.

    `float_rounding` is the number of decimals to which inexact numbers are compared, as in Math-Verify.
    """

    def __init__(self, float_rounding: int = 6) -> None:
        self._rounding = float_rounding

    def score(self, sample: Sample, response: str) -> Score:
        gold = to_latex(without_math_delimiters(only_gold(sample.gold or "")))
        if LIST.match(gold):
            return Score.without_gold(sample.gold, SEVERAL)
        if not gold:
            return Score.without_gold(sample.gold, "the row has no gold answer")
        time = as_time(gold)
        at = stated_time(response) if time else None
        if time and at and same_time(time, at.time):
            return Score("correct", at.shown, sample.gold, f"{at.rule}: the same time")
        is_words = bool(WORDS_ONLY.fullmatch(gold))
        found = stated_words(response, canonical_text(gold)) if is_words else stated_expressions(response)
        if not found:
            return Score("no_answer", None, sample.gold, "no answer is stated")
        compared = [(one, *compare_with_gold(gold, one.text, self._rounding)) for one in found]
        right = (one for one in compared if one[1] == "correct")
        stated, verdict, why = next(right, compared[-1])
        return Score(verdict, stated.text, sample.gold, f"{stated.rule}: {why}")
