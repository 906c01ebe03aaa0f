"""Score with the scorer `wemath`: compare letters, and sort problems by how their steps and the whole were solved.

The protocol is that of the repository We-Math/We-Math, evaluation/ (four_dimensional_metrics.py). A problem of two or
three steps has a row for each step and one for the whole problem (its `key` ends in `multi`), all with one `ID`. Each
problem falls into one of four classes:

    CM complete mastery          whole right, steps right (strict: all of them, loose: at least one)
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
from mathbatch.scoring.scorers.choice import chosen_letters

LETTERS = "ABCDEFGH"
DROPPED = re.compile(r"[>><<:.]")
MARKUP = ":*_>#` \n\t"


class WeMathScorer(BaseScorer):
    """Finds a response correct if the first letter after its last `Answer` is the gold letter, the official extraction.

    If no letter stands right there, as in `**Answer:** (B)`, the letter counts that the text after `Answer` states. In
    a response without `Answer`, the full text is read.
    """

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
    """Counts the problems in each of the four classes. Only the first rollout of a row counts.

    A problem is left out if one of its rows is missing, failed or unscored.
    """

    def __init__(self) -> None:
        # For each problem's ID, whether its rows are correct, by their keys.
        self._problems: dict[str, dict[str, bool]] = {}

    def add(self, sample: Sample, scores: Sequence[Score]) -> None:
        if scores[0].is_judged:
            problem = self._problems.setdefault(str(sample.fields.get("ID")), {})
            problem[str(sample.fields.get("key"))] = scores[0].is_correct

    def facts(self) -> dict[str, Any]:
        problems = list(filter(None, map(_complete, self._problems.values())))
        if not problems:
            return {}
        return {"four_ways": {"strict": _counted(problems, True), "loose": _counted(problems, False)}}


# Whether each step is correct, and whether the whole problem is.
Problem = tuple[list[bool], bool]


def _complete(verdicts: dict[str, bool]) -> Problem | None:
    """Return the problem, or None if one of its rows is missing. The key `3steps_multi` means that it has 3 steps."""
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
