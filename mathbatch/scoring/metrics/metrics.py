"""Metrics over all rows, one row after another: nothing is kept of a row but counts, and where it has a group numbers.

{"accuracy": 0.837, "interval": [0.749, 0.898], "judged": 92, "correct": 77, "verdicts": {"correct": 77, …}, …}
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from mathbatch.records import Sample, Score
from mathbatch.scoring.metrics.breakdown import Cell, Groups, is_clustered
from mathbatch.scoring.metrics.statistics import majority_at_k, pass_at_k

NONE = "(none)"
OTHERS = "(others)"
MOST_LABELS = 1_000
"""Of one metadata field; further ones are counted together: a field with a value for each row breaks nothing down."""
DENOMINATOR = "correct, wrong and no_answer; unscored and failed are left out"


class Metrics:
    """Collects the scores of all rows; `facts` says what they come to."""

    def __init__(self, fields: Sequence[str]) -> None:
        self._all = Cell()
        self._groups = Groups()
        self._fields: dict[str, defaultdict[str, Cell]] = {field: defaultdict(Cell) for field in fields}
        self._truncated: Counter[str] = Counter()
        self._samples = 0
        self._rollouts = 0
        self._judged: set[int] = set()
        """How many rollouts of a sample are judged, where some are."""
        self._passes: dict[int, list[float]] = {}
        self._majorities: dict[int, list[float]] = {}
        """k to the sum over the rows, and their number."""

    def add(self, sample: Sample, scores: Sequence[Score], truncated: Sequence[bool]) -> None:
        """All rollouts of one row."""
        row = self._groups.add(sample.group, scores)
        self._all.add(row)
        for field, cells in self._fields.items():
            for cell in _cells_of(cells, labels_of(sample.metadata.get(field))):
                cell.add(row)
        for score, was_cut in zip(scores, truncated, strict=True):
            self._truncated[score.verdict] += was_cut
        self._samples += 1
        self._rollouts = max(self._rollouts, len(scores))
        self._add_rollouts([score for score in scores if score.is_judged])

    def _add_rollouts(self, judged: Sequence[Score]) -> None:
        answers = [None if score.verdict == "no_answer" else score.answer or "" for score in judged]
        right = [score.is_correct for score in judged]
        self._judged |= {len(judged)} - {0}
        for k in ks(len(judged)):
            _sum_up(self._passes, k, pass_at_k(sum(right), len(judged), k))
            _sum_up(self._majorities, k, majority_at_k(answers, right, k))

    def facts(self) -> dict[str, Any]:
        clusters = self._all.clusters(self._groups)
        facts = self._all.facts(clusters) | {
            "interval_is": "95 %, Wilson, clustered" if is_clustered(clusters) else "95 %, Wilson",
            "denominator": DENOMINATOR,
            "verdicts": dict(sorted(self._all.verdicts.items())),
            "truncated": {verdict: count for verdict, count in sorted(self._truncated.items()) if count},
            "samples": self._samples,
            "rollouts": self._rollouts,
        }
        if self._rollouts > 1:
            if len(self._judged) > 1:
                facts["judged_rollouts"] = [min(self._judged), max(self._judged)]
            facts |= {"pass_at_k": self._means(self._passes), "majority_at_k": self._means(self._majorities)}
        if self._groups:
            facts["worst_case"] = self._groups.worst_case()
        return facts | {"breakdown": {field: self._by_label(cells) for field, cells in self._fields.items()}}

    def _by_label(self, cells: dict[str, Cell]) -> dict[str, Any]:
        largest_first = sorted(cells.items(), key=_largest_first)
        return {label: cell.facts(cell.clusters(self._groups)) for label, cell in largest_first}

    def _means(self, sums: dict[int, list[float]]) -> dict[str, dict[str, float]]:
        """For each k the mean over the rows with so many judged rollouts. Where some have failed, rows have sums for
        the number that is left to them; those are nobody else's k, and are not told.
        """
        told = ((k, sums[k]) for k in ks(self._rollouts) if k in sums)
        return {str(k): {"value": total / rows, "samples": rows} for k, (total, rows) in told}


def labels_of(value: Any) -> list[str]:
    """The labels under which a row counts: each entry of a list, once."""
    if isinstance(value, (list, tuple)):
        return list(dict.fromkeys(map(_label, value))) or [NONE]
    return [_label(value)]


def _label(value: Any) -> str:
    return NONE if value is None or value == "" else str(value)


def _cells_of(cells: defaultdict[str, Cell], labels: Sequence[str]) -> list[Cell]:
    """Those that a row counts in, each once: several labels may be among the others."""
    found: dict[str, Cell] = {}
    for label in labels:
        known = label if label in cells or len(cells) < MOST_LABELS else OTHERS
        found[known] = cells[known]
    return list(found.values())


def ks(rollouts: int) -> list[int]:
    """1, 2, 4, 8 … and all of them."""
    powers = [1 << power for power in range(rollouts.bit_length()) if 1 << power <= rollouts]
    return powers if not powers or powers[-1] == rollouts else [*powers, rollouts]


def _sum_up(sums: dict[int, list[float]], k: int, value: float) -> None:
    entry = sums.setdefault(k, [0.0, 0])
    entry[0] += value
    entry[1] += 1


def _largest_first(entry: tuple[str, Cell]) -> tuple[int, str]:
    return -entry[1].judged, entry[0]
