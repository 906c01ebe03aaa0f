"""Score with the scorer `gsm8k`: compare the final number, which follows the benchmark's mark.

The protocol is that of the repository openai/grade-school-math, grade_school_math/dataset.py: the number after the mark
`####`, without commas, must be that of the gold solution. Later files of the repository write `A:` instead. If a
response has neither mark, the number that it states counts.
"""

from __future__ import annotations

import re

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score
from mathbatch.scoring.answers.readable import answer_part
from mathbatch.scoring.answers.statements import HEADING, MAX_MARKERS
from mathbatch.scoring.expressions.numbers import Number, numbers_in
from mathbatch.scoring.expressions.parse import as_quantity
from mathbatch.scoring.scorers.number import Found, other_answer, stated_number

MARK = re.compile(r"(?:####|^A:)[ \t*]*(.{0,200})", re.MULTILINE)


class Gsm8kScorer(BaseScorer):
    """Finds a response correct if its final number is the gold one. The gold answer is a number or a full solution."""

    def score(self, sample: Sample, response: str) -> Score:
        gold = marked_number(sample.gold or "") or as_quantity(sample.gold or "")
        if gold is None:
            return Score.without_gold(sample.gold, "the gold answer is not one number")
        marked = marked_number(answer_part(response))
        found = stated_number(response) if marked is None else Found(marked, marked.shown, "behind the mark")
        if found is None:
            return Score("no_answer", None, sample.gold, "no number is stated")
        if found.number is None:
            return other_answer(found, sample.gold)
        same = gold.value in (found.number.value, found.number.value * found.number.scale)
        verdict, why = ("correct", "equal") if same else ("wrong", "different")
        return Score(verdict, found.shown, sample.gold, f"{found.rule}: {why}")


def marked_number(text: str) -> Number | None:
    """Return the number right after the last mark that has one; None without one. "#### 2. Area" is a heading."""
    for line in reversed(MARK.findall(text)[-MAX_MARKERS:]):
        found = numbers_in(line)
        if found and found[0].start <= len("$ ") and not HEADING.match(line):
            return found[0]
    return None
