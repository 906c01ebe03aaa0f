"""Score with the scorer `auto`, the default of a dataset: choices as choices, everything else as mathematics."""

from __future__ import annotations

import re

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score
from mathbatch.scoring.answers.choice_letters import ALPHABET
from mathbatch.scoring.answers.readable import only_gold
from mathbatch.scoring.scorers.choice import ChoiceScorer, gold_letters
from mathbatch.scoring.scorers.math import MathScorer

# Gold answer that is a letter even in a row without choices. Letters after J may as well be names in a formula.
LETTER = re.compile(r"\s*\(?[A-J]\)?\s*")
PLACE = re.compile(r"\s*\d{1,2}\s*")
# Gold answer that may be a set of letters: `A, C`, `A and C`, `AC`.
SET = re.compile(r"\s*\(?[A-J]\)?(?:(?:\s?[,，、;&]\s?|\sand\s|,\sand\s|)\(?[A-J]\)?){1,9}\s*")


class AutoScorer(BaseScorer):
    """Scores with `choice` if the gold answer is a letter or one of the row's choices, else with `math`.

    In a row without choices, a gold answer such as `A, C` or `ABD` may be a set of letters or may name points. A
    response is correct if it is correct in either reading.
    """

    def __init__(self) -> None:
        self._choice, self._math = ChoiceScorer(), MathScorer()

    def score(self, sample: Sample, response: str) -> Score:
        if _is_choice(sample):
            return self._choice.score(sample, response)
        score = self._math.score(sample, response)
        if _may_be_set(sample) and score.verdict != "correct":
            as_set = self._choice.score(sample, response)
            if as_set.verdict == "correct" or (as_set.verdict == "wrong" and score.verdict == "no_answer"):
                return as_set
        return score

    def gold_limits(self, sample: Sample) -> str | None:
        return None if _is_choice(sample) else self._math.gold_limits(sample)


def _is_choice(sample: Sample) -> bool:
    gold, choices = only_gold(sample.gold or ""), sample.choices or ()
    # `choice` gives the reason why so many choices can't be scored.
    if len(choices) > len(ALPHABET):
        return bool(gold)
    # A place, counted from 0 or from 1, names no choice, as `choice` and `check` say.
    is_place = PLACE.fullmatch(gold) is not None and int(gold) <= len(choices)
    known = bool(choices) and (is_place or gold_letters(gold, choices) is not None)
    return LETTER.fullmatch(gold) is not None or known


def _may_be_set(sample: Sample) -> bool:
    return not sample.choices and SET.fullmatch(only_gold(sample.gold or "")) is not None
