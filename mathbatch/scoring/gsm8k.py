"""The scorer `gsm8k`: the final number, as the benchmark marks it.

Protocol: openai/grade-school-math, grade_school_math/dataset.py: the number behind the mark `####`, commas taken out,
is that of the gold solution. Later files of that repository write `A:` for the mark. Where a response has neither, the
number that it states counts.
"""

from __future__ import annotations

import re

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score
from mathbatch.scoring.number import stated_number
from mathbatch.scoring.numbers import Number, numbers_in
from mathbatch.scoring.stated import HEADING, TRIES, edges, final_part

MARK = re.compile(r"(?:####|^A:)[ \t*]*(.{0,200})", re.MULTILINE)


class Gsm8kScorer(BaseScorer):
    """Correct if the final number is that of the gold answer, which is a number or a whole gold solution."""

    def score(self, sample: Sample, response: str) -> Score:
        gold = marked_number(sample.gold or "") or next(iter(numbers_in(sample.gold or "")), None)
        if gold is None:
            return Score.without_gold(sample.gold, "the gold answer has no number")
        marked = marked_number(edges(final_part(response)))
        found = (marked, "behind the mark") if marked is not None else stated_number(response)
        if found is None:
            return Score("no_answer", None, sample.gold, "no number is stated")
        answer, rule = found
        verdict, why = ("correct", "equal") if answer.value == gold.value else ("wrong", "different")
        return Score(verdict, answer.shown, sample.gold, f"{rule}: {why}")


def marked_number(text: str) -> Number | None:
    """The number right behind the last mark that has one; "#### 2. Area" is a heading."""
    for line in reversed(MARK.findall(text)[-TRIES:]):
        found = numbers_in(line)
        if found and found[0].start <= len("$ ") and not HEADING.match(line):
            return found[0]
    return None
