r"""Score with the scorer `math`: the stated answer and the gold answer must be equal as mathematics.

    \boxed{\frac{1}{2}} against 0.5: correct, "boxed: equal as mathematics"

The same text is correct before anything is read. Then come plain numbers with their units, and then everything else as
mathematics, which leaves nothing out. A gold answer that can't be read, or can't be told from one with another number,
is equal only to the same text, and the reason says so.
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
from mathbatch.scoring.expressions.compare import (
    WORDS_ONLY,
    compare_with_gold,
    prepared_gold,
    why_indiscriminate,
)
from mathbatch.scoring.expressions.times import as_time, same_time

# A list of several gold answers in JSON or Python.
LIST = re.compile(r"""\s*\[\s*(["']).*\1\s*,\s*\1.*\1\s*\]\s*\Z""", re.DOTALL)
SEVERAL = "the gold answer is a list of several in JSON, and `math` compares one"


class MathScorer(BaseScorer):
    """Finds a response correct if its answer and the gold answer are the same text, number or mathematics.

    `float_rounding` is the number of decimals, or of significant digits, that a rounded number must have.
    """

    def __init__(self, float_rounding: int = 6) -> None:
        self._rounding = float_rounding

    def score(self, sample: Sample, response: str) -> Score:
        gold = prepared_gold(only_gold(sample.gold or ""))
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

    def gold_limits(self, sample: Sample) -> str | None:
        return why_indiscriminate(prepared_gold(only_gold(sample.gold or "")))
