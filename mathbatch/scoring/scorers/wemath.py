"""The scorer `wemath`: a letter, and the four ways in which a problem and its steps can go together.

Protocol: We-Math/We-Math, evaluation/ (four_dimensional_metrics.py). A problem of two or three steps has a row for each
step and one for the whole (`key` ends in `multi`), all with one `ID`. Of each problem

    CM complete mastery          whole right, steps right
    IG inadequate generalization whole wrong, all steps right
    IK insufficient knowledge    whole wrong, a step wrong
    RM rote memorization         whole right, but a step wrong (strict), or all steps wrong (loose)

score = (problems - IG/2 - RM - IK) / problems; rote memorization rate = RM / (CM + RM), null where both are 0.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from mathbatch.base import BaseScorer, BaseSummary
from mathbatch.records import Sample, Score
from mathbatch.scoring.answers.tags import final_part
from mathbatch.scoring.scorers.choice import ChoiceScorer, chosen_letters

LETTERS = "ABCDEFGH"
DROPPED = re.compile(r"[>><<:.]")
MARKUP = ":*_>#` \n\t"


class WeMathScorer(BaseScorer):
    """Correct if the first letter behind the last `Answer` is the gold letter: the official extraction. Where no letter
    stands right there, as in `**Answer:** (B)`, that counts which the text behind it, or all without it, states.
    """

    preload = ChoiceScorer.preload

    def score(self, sample: Sample, response: str) -> Score:
        gold = (sample.gold or "").strip()
        if gold not in LETTERS or not gold:
            return Score.without_gold(sample.gold, "the gold answer is no letter")
        behind = final_part(response).rpartition("Answer")[2].strip()
        letter, rule = DROPPED.sub("", behind).strip()[:1], "behind 'Answer'"
        if letter not in LETTERS or not letter:
            chosen = chosen_letters(behind.lstrip(MARKUP), sample.choices or ())
            if chosen is None or len(chosen.letters) > 1:
                return Score("no_answer", None, gold, "no letter stands behind 'Answer'")
            letter, rule = chosen
        same = letter == gold
        return Score("correct" if same else "wrong", letter, gold, f"{rule}: {'equal' if same else 'another letter'}")

    def gold_as_response(self, sample: Sample) -> str:
        return f"Answer: {sample.gold}"

    def summary(self) -> BaseSummary:
        return FourWays()


class FourWays(BaseSummary):
    """Problems by what they show of a model. Of several rollouts the first counts. A problem of which a row is missing,
    has failed or is unscored is none.
    """

    def __init__(self) -> None:
        self._problems: dict[str, dict[str, bool]] = {}
        """ID to key to verdict."""

    def add(self, sample: Sample, scores: Sequence[Score]) -> None:
        if scores[0].is_judged:
            problem = self._problems.setdefault(str(sample.fields.get("ID")), {})
            problem[str(sample.fields.get("key"))] = scores[0].is_correct

    def facts(self) -> dict[str, Any]:
        problems = list(filter(None, map(_complete, self._problems.values())))
        if not problems:
            return {}
        return {"four_ways": {"strict": _counted(problems, True), "loose": _counted(problems, False)}}


Problem = tuple[list[bool], bool]
"""Verdicts of the steps, and of the whole."""


def _complete(verdicts: dict[str, bool]) -> Problem | None:
    """None where a row is missing; `3steps_multi` is the whole of three steps."""
    whole = next((key for key in verdicts if key.endswith("multi")), None)
    count = re.match(r"\d", whole or "")
    if whole is None or count is None or len(verdicts) != int(count[0]) + 1:
        return None
    return [verdict for key, verdict in verdicts.items() if key != whole], verdicts[whole]


def _counted(problems: list[Problem], strict: bool) -> dict[str, Any]:
    ways = {"CM": 0, "IG": 0, "IK": 0, "RM": 0}
    for steps, whole in problems:
        mastered = all(steps) if strict else any(steps)
        ways[("CM" if mastered else "RM") if whole else "IG" if all(steps) else "IK"] += 1
    lost = ways["IG"] / 2 + ways["RM"] + ways["IK"]
    right = ways["CM"] + ways["RM"]
    facts = {"problems": len(problems), **ways, "score": (len(problems) - lost) / len(problems)}
    return facts | {"rote_memorization_rate": ways["RM"] / right if right else None}
