r"""The scorer `math`: the stated answer and the gold answer are equal as mathematics.

    \boxed{\frac{1}{2}} against 0.5: correct, "boxed: equal as mathematics"

Text and plain numbers are compared at once; what is left goes to Math-Verify (https://github.com/huggingface/Math-Verify),
the gold answer first against itself: where that fails, nothing could ever be equal to it, and the row is `unscored`.
"""

from __future__ import annotations

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score
from mathbatch.scoring.answers.expression import stated_expressions
from mathbatch.scoring.answers.words import stated_words
from mathbatch.scoring.expressions.canonical_text import canonical_text
from mathbatch.scoring.expressions.compare import WORDS_ONLY, compare_with_gold, gold_problem, without_math_delimiters
from mathbatch.scoring.expressions.normalize import restore_backslashes, to_latex
from mathbatch.scoring.expressions.numbers import as_number
from mathbatch.scoring.expressions.tuples import as_values


class MathScorer(BaseScorer):
    """Correct if text, number or mathematics of both are the same. `float_rounding`: to how many decimals numbers that
    are not exact are compared, as in Math-Verify.
    """

    preload = ("math_verify", "latex2sympy2_extended")

    def __init__(self, float_rounding: int = 6) -> None:
        self._rounding = float_rounding

    def score(self, sample: Sample, response: str) -> Score:
        gold, response = (
            to_latex(without_math_delimiters(restore_backslashes(sample.gold or ""))),
            restore_backslashes(response),
        )
        if not gold:
            return Score.without_gold(sample.gold, "the row has no gold answer")
        is_words = bool(WORDS_ONLY.fullmatch(gold))
        known = is_words or as_number(gold) or as_values(gold)
        problem = None if known else gold_problem(gold, self._rounding)
        if problem is not None:
            return Score.without_gold(sample.gold, problem)
        found = stated_words(response, canonical_text(gold)) if is_words else stated_expressions(response)
        if not found:
            return Score("no_answer", None, sample.gold, "no answer is stated")
        compared = [(one, *compare_with_gold(gold, one.text, self._rounding)) for one in found]
        right = (one for one in compared if one[1] == "correct")
        stated, verdict, why = next(right, compared[-1])
        return Score(verdict, stated.text, sample.gold, f"{stated.rule}: {why}")
