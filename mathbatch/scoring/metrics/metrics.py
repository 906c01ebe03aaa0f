"""Collect the scores of all rows and return the metrics: accuracy, pass@k, maj@k, worst case, and a breakdown.

{"accuracy": 0.837, "interval": [0.749, 0.898], "judged": 92, "correct": 77, "verdicts": {"correct": 77, …}, …}

Rows are added one at a time. Only counts are kept of a row, and a few numbers if it has a group.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from mathbatch.records import Sample, Score
from mathbatch.scoring.metrics.breakdown import GroupedRows, VerdictCounts, is_clustered
from mathbatch.scoring.metrics.statistics import majority_at_k, pass_at_k

NONE = "(none)"
OTHERS = "(others)"
# Labels of one metadata field that are counted separately; all further ones count as OTHERS. A field with another value
# in every row is no breakdown.
MAX_LABELS = 1_000
DENOMINATOR = "correct, wrong and no_answer; unscored and failed are left out"

# For each k the sum of a metric over the rows, and the number of rows.
SumsByK = dict[int, list[float]]


class Metrics:
    """Collects the scores of all rows. `fields` are the metadata fields to break the accuracy down by."""

    def __init__(self, fields: Sequence[str]) -> None:
        self._all = VerdictCounts()
        self._grouped = GroupedRows()
        self._labels: dict[str, defaultdict[str, VerdictCounts]] = {
            field: defaultdict(VerdictCounts) for field in fields
        }
        self._truncated: Counter[str] = Counter()
        self._samples = 0
        self._rollouts = 0
        # Different numbers of judged rollouts that samples have, except 0.
        self._judged_rollouts: set[int] = set()
        self._pass_at_k: SumsByK = {}
        self._majority_at_k: SumsByK = {}

    def add(self, sample: Sample, scores: Sequence[Score], truncated: Sequence[bool]) -> None:
        """Count all rollouts of one row. `truncated` tells which of them were cut at the token limit."""
        row = self._grouped.add(sample.group, scores)
        self._all.add(row)
        for field, by_label in self._labels.items():
            for counts in _counts_of(by_label, labels_of(sample.metadata.get(field))):
                counts.add(row)
        for score, was_cut in zip(scores, truncated, strict=True):
            self._truncated[score.verdict] += was_cut
        self._samples += 1
        self._rollouts = max(self._rollouts, len(scores))
        self._add_rollouts([score for score in scores if score.is_judged])

    def _add_rollouts(self, judged: Sequence[Score]) -> None:
        answers = [None if score.verdict == "no_answer" else score.answer or "" for score in judged]
        correct = [score.is_correct for score in judged]
        self._judged_rollouts |= {len(judged)} - {0}
        for k in values_of_k(len(judged)):
            _add_value(self._pass_at_k, k, pass_at_k(sum(correct), len(judged), k))
            _add_value(self._majority_at_k, k, majority_at_k(answers, correct, k))

    def facts(self) -> dict[str, Any]:
        """Return the metrics as they are written to `metrics.json`."""
        clusters = self._all.clusters(self._grouped)
        facts = self._all.facts(clusters) | {
            "interval_is": "95 %, Wilson, clustered" if is_clustered(clusters) else "95 %, Wilson",
            "denominator": DENOMINATOR,
            "verdicts": dict(sorted(self._all.verdicts.items())),
            "truncated": {verdict: count for verdict, count in sorted(self._truncated.items()) if count},
            "samples": self._samples,
            "rollouts": self._rollouts,
        }
        if self._rollouts > 1:
            if len(self._judged_rollouts) > 1:
                facts["judged_rollouts"] = [min(self._judged_rollouts), max(self._judged_rollouts)]
            facts["pass_at_k"] = self._means(self._pass_at_k)
            facts["majority_at_k"] = self._means(self._majority_at_k)
        if self._grouped:
            facts["worst_case"] = self._grouped.worst_case()
        return facts | {"breakdown": {field: self._by_label(by_label) for field, by_label in self._labels.items()}}

    def _by_label(self, by_label: dict[str, VerdictCounts]) -> dict[str, Any]:
        largest_first = sorted(by_label.items(), key=_largest_first)
        return {label: counts.facts(counts.clusters(self._grouped)) for label, counts in largest_first}

    def _means(self, sums: SumsByK) -> dict[str, dict[str, float]]:
        """Return the mean for each k over the rows with at least k judged rollouts.

        A row in which rollouts failed also has a value for the number of rollouts that are left. That number is no k
        of the other rows, so it is not reported.
        """
        reported = ((k, sums[k]) for k in values_of_k(self._rollouts) if k in sums)
        return {str(k): {"value": total / rows, "samples": rows} for k, (total, rows) in reported}


def labels_of(value: Any) -> list[str]:
    """Return the labels under which a row counts: its metadata value, or each different entry of a list."""
    if isinstance(value, (list, tuple)):
        return list(dict.fromkeys(map(_label, value))) or [NONE]
    return [_label(value)]


def _label(value: Any) -> str:
    return NONE if value is None or value == "" else str(value)


def _counts_of(by_label: defaultdict[str, VerdictCounts], labels: Sequence[str]) -> list[VerdictCounts]:
    """Return the counts for these labels, each once: several labels may count as OTHERS."""
    found: dict[str, VerdictCounts] = {}
    for label in labels:
        known = label if label in by_label or len(by_label) < MAX_LABELS else OTHERS
        found[known] = by_label[known]
    return list(found.values())


def values_of_k(rollouts: int) -> list[int]:
    """Return each k for which pass@k and maj@k are reported: 1, 2, 4, 8 … and the number of rollouts itself."""
    powers = [1 << power for power in range(rollouts.bit_length()) if 1 << power <= rollouts]
    return powers if not powers or powers[-1] == rollouts else [*powers, rollouts]


def _add_value(sums: SumsByK, k: int, value: float) -> None:
    entry = sums.setdefault(k, [0.0, 0])
    entry[0] += value
    entry[1] += 1


def _largest_first(entry: tuple[str, VerdictCounts]) -> tuple[int, str]:
    return -entry[1].judged, entry[0]
