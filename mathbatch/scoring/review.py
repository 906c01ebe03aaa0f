"""Collect what a person should look at: doubtful verdicts, and rows whose gold answer can't be used.

The most doubtful verdicts are listed first in `audit.jsonl`:

    {"id": "17", "rollout": 0, "weight": 3.2, "why": ["the gold answer stands in the last 200 characters"], …}

A gold answer can't be used if it can't be read or is not equal to itself. Such rows are listed in `metrics.json`:

    {"rows": 3, "reasons": {"the gold answer can't be read as mathematics": {"rows": 2, "ids": ["4", "7"]}, …}}
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any, NamedTuple

from mathbatch.records import Sample, Score

# Characters at the end of a response in which the gold answer is looked for.
TAIL = 200
# Doubtful verdicts that are listed, the most doubtful ones; all are counted.
MAX_LISTED = 1_000
# Different reasons for unusable gold answers, and ids listed for each; rows beyond them are counted.
MAX_GOLD_REASONS = 20
MAX_GOLD_IDS = 20
OTHERS = "(others)"


class ReviewReason(NamedTuple):
    """Reason to doubt a verdict. The higher the weight, the more likely the verdict is wrong."""

    weight: float
    why: str


class ReviewList:
    """Counts the doubtful verdicts of a scoring run and keeps the most doubtful ones."""

    def __init__(self) -> None:
        self.count = 0
        # A heap of (weight, minus the verdict's number, line), the least doubtful verdict first.
        self._heap: list[tuple[float, int, dict[str, Any]]] = []

    def add(self, sample: Sample, rollout: int, response: str, score: Score, reasons: Sequence[ReviewReason]) -> None:
        """Add the verdict on one response, if there is a reason to doubt it."""
        if not reasons:
            return
        self.count += 1
        weight = round(sum(reason.weight for reason in reasons), 1)
        if len(self._heap) == MAX_LISTED and weight <= self._heap[0][0]:
            return
        line = {"id": sample.id, "rollout": rollout, "weight": weight, "why": [reason.why for reason in reasons]}
        line |= {"verdict": score.verdict, "answer": score.answer, "gold": score.gold, "tail": response[-TAIL:]}
        entry = (weight, -self.count, line)
        heapq.heapreplace(self._heap, entry) if len(self._heap) == MAX_LISTED else heapq.heappush(self._heap, entry)

    def worst_first(self) -> list[dict[str, Any]]:
        """Return the lines of `audit.jsonl`, the most doubtful verdict first."""
        return [line for _, _, line in sorted(self._heap, key=lambda entry: entry[:2], reverse=True)]


class UnusableGolds:
    """Collects the rows on which no response could be correct, by the scorers' reasons."""

    def __init__(self) -> None:
        self._ids: dict[str, list[str]] = {}
        self._rows: dict[str, int] = {}

    def add(self, id: str, reason: str) -> None:
        """Add one row."""
        known = reason if reason in self._rows or len(self._rows) < MAX_GOLD_REASONS else OTHERS
        self._rows[known] = self._rows.get(known, 0) + 1
        ids = self._ids.setdefault(known, [])
        if len(ids) < MAX_GOLD_IDS:
            ids.append(id)

    def facts(self) -> dict[str, Any]:
        """Return the counts and first ids for `metrics.json`, the most frequent reason first."""
        names = sorted(self._rows, key=lambda reason: -self._rows[reason])
        reasons = {reason: {"rows": self._rows[reason], "ids": self._ids[reason]} for reason in names}
        return {"rows": sum(self._rows.values()), "reasons": reasons}
