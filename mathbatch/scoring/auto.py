"""The scorer `auto`, which a dataset has by default: choices are compared as choices, all else as mathematics."""

from __future__ import annotations

import re

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score
from mathbatch.scoring.choice import ChoiceScorer, gold_letters
from mathbatch.scoring.mathematics import MathScorer

LETTER = re.compile(r"\s*\(?[A-J]\)?\s*")


class AutoScorer(BaseScorer):
    """`choice` where the gold answer is a letter or one of the row's choices, else `math`."""

    preload = MathScorer.preload

    def __init__(self) -> None:
        self._choice, self._math = ChoiceScorer(), MathScorer()

    def score(self, sample: Sample, response: str) -> Score:
        gold = sample.gold or ""
        is_choice = LETTER.fullmatch(gold) or (sample.choices and gold_letters(gold, sample.choices) is not None)
        return (self._choice if is_choice else self._math).score(sample, response)
