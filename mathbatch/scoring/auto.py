"""The scorer `auto`, which a dataset has by default: choices are compared as choices, all else as mathematics."""

from __future__ import annotations

import re

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score
from mathbatch.scoring.choice import ChoiceScorer, gold_letters
from mathbatch.scoring.letters import ALPHABET
from mathbatch.scoring.mathematics import MathScorer

LETTER = re.compile(r"\s*\(?[A-J]\)?\s*")
"""Of a row without choices; a later letter may as well be a name in a formula."""


class AutoScorer(BaseScorer):
    """`choice` where the gold answer is a letter or one of the row's choices, else `math`."""

    preload = MathScorer.preload

    def __init__(self) -> None:
        self._choice, self._math = ChoiceScorer(), MathScorer()

    def score(self, sample: Sample, response: str) -> Score:
        return (self._choice if _is_choice(sample) else self._math).score(sample, response)


def _is_choice(sample: Sample) -> bool:
    gold, choices = sample.gold or "", sample.choices or ()
    if len(choices) > len(ALPHABET):  # which `choice` refuses
        return bool(gold)
    return LETTER.fullmatch(gold) is not None or (bool(choices) and gold_letters(gold, choices) is not None)
