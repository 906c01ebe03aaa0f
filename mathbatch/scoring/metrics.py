"""Metrics over all rows, one row after another: nothing is kept of a row but counts.

{"accuracy": 0.837, "interval": [0.749, 0.898], "judged": 92, "correct": 77, "verdicts": {"correct": 77, …}, …}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from mathbatch.records import Sample, Score
from mathbatch.scoring.statistics import clustered, majority_at_k, pass_at_k, wilson

NONE = "(none)"
OTHERS = "(others)"
MOST_LABELS = 1_000
"""Of one metadata field; further ones are counted together: a field with a value for each row breaks nothing down."""
DENOMINATOR = "correct, wrong and no_answer; unscored and failed are left out"


class Cell:
    """Verdicts of some rows. `by_group`: rows with one group are one cluster; else the rollouts of a row are."""

    def __init__(self) -> None:
        self.verdicts: Counter[str] = Counter()
        self._rows: Counter[tuple[float, int]] = Counter()
        self._groups: dict[str, tuple[float, int]] = {}

    def add(self, scores: Sequence[Score], group: str | None) -> None:
        for score in scores:
            self.verdicts[score.verdict] += 1
        judged = [score for score in scores if score.is_judged]
        if not judged:
            return
        right = float(sum(score.is_correct for score in judged))
        if group is None:
            self._rows[right, len(judged)] += 1
        else:
            sums = self._groups.get(group, (0.0, 0))
            self._groups[group] = sums[0] + right, sums[1] + len(judged)

    @property
    def judged(self) -> int:
        return sum(self.verdicts[verdict] for verdict in ("correct", "wrong", "no_answer"))

    @property
    def is_clustered(self) -> bool:
        """Whether a row or a group has more than one score."""
        return any(size > 1 for _, size in self._rows) or any(size > 1 for _, size in self._groups.values())

    def facts(self) -> dict[str, Any]:
        """Accuracy and its 95 % interval, null where nothing is judged."""
        correct, judged = self.verdicts["correct"], self.judged
        if not judged:
            return {"accuracy": None, "interval": None, "correct": 0, "judged": 0}
        if self.is_clustered:
            interval = clustered([*self._rows.elements(), *self._groups.values()])
        else:
            interval = wilson(correct, judged)
        return {"accuracy": correct / judged, "interval": list(interval), "correct": correct, "judged": judged}

    def worst_case(self) -> dict[str, Any]:
        """How many groups have nothing but correct answers."""
        sizes = list(self._groups.values())
        right = sum(total == size for total, size in sizes)
        return {"accuracy": right / len(sizes), "interval": list(wilson(right, len(sizes))), "groups": len(sizes)}


class Metrics:
    """Collects the scores of all rows; `facts` says what they come to."""

    def __init__(self, fields: Sequence[str]) -> None:
        self._all = Cell()
        self._fields: dict[str, dict[str, Cell]] = {field: {} for field in fields}
        self._truncated: Counter[str] = Counter()
        self._rollouts = 0
        self._passes: dict[int, list[float]] = {}
        self._majorities: dict[int, list[float]] = {}
        """k to the sum over the rows, and their number."""

    def add(self, sample: Sample, scores: Sequence[Score], truncated: Sequence[bool]) -> None:
        """All rollouts of one row."""
        self._all.add(scores, sample.group)
        for field, cells in self._fields.items():
            for label in labels_of(sample.metadata.get(field)):
                known = label if label in cells or len(cells) < MOST_LABELS else OTHERS
                cells.setdefault(known, Cell()).add(scores, sample.group)
        for score, was_cut in zip(scores, truncated, strict=True):
            self._truncated[score.verdict] += was_cut
        self._rollouts = max(self._rollouts, len(scores))
        if len(scores) > 1:
            self._add_rollouts([score for score in scores if score.is_judged])

    def _add_rollouts(self, judged: Sequence[Score]) -> None:
        answers = [None if score.verdict == "no_answer" else score.answer or "" for score in judged]
        right = [score.is_correct for score in judged]
        for k in ks(len(judged)):
            _sum_up(self._passes, k, pass_at_k(sum(right), len(judged), k))
            _sum_up(self._majorities, k, majority_at_k(answers, right, k))

    def facts(self) -> dict[str, Any]:
        facts = self._all.facts() | {
            "interval_is": _how(self._all),
            "denominator": DENOMINATOR,
            "verdicts": dict(sorted(self._all.verdicts.items())),
            "truncated": {verdict: count for verdict, count in sorted(self._truncated.items()) if count},
            "rollouts": self._rollouts,
        }
        if self._rollouts > 1:
            facts |= {"pass_at_k": _means(self._passes), "majority_at_k": _means(self._majorities)}
        if self._all._groups:
            facts["worst_case"] = self._all.worst_case()
        broken_down = {
            field: {label: cell.facts() for label, cell in sorted(cells.items(), key=_largest_first)}
            for field, cells in self._fields.items()
        }
        return facts | {"breakdown": broken_down}


def labels_of(value: Any) -> list[str]:
    """The labels under which a row counts: each entry of a list, once."""
    if isinstance(value, (list, tuple)):
        return list(dict.fromkeys(str(entry) for entry in value)) or [NONE]
    return [NONE if value is None or value == "" else str(value)]


def ks(rollouts: int) -> list[int]:
    """1, 2, 4, 8 … and all of them."""
    powers = [1 << power for power in range(rollouts.bit_length()) if 1 << power <= rollouts]
    return powers if not powers or powers[-1] == rollouts else [*powers, rollouts]


def _sum_up(sums: dict[int, list[float]], k: int, value: float) -> None:
    entry = sums.setdefault(k, [0.0, 0])
    entry[0] += value
    entry[1] += 1


def _means(sums: dict[int, list[float]]) -> dict[str, dict[str, float]]:
    return {str(k): {"value": total / rows, "samples": rows} for k, (total, rows) in sorted(sums.items())}


def _how(cell: Cell) -> str:
    return "95 %, Wilson, clustered" if cell.is_clustered else "95 %, Wilson"


def _largest_first(entry: tuple[str, Cell]) -> tuple[int, str]:
    return -entry[1].judged, entry[0]
