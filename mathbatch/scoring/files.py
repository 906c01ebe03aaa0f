"""Name the files of a scored folder, and what stands in a line of scores."""

from __future__ import annotations

import msgspec

SCORES, METRICS, AUDIT = "scores.jsonl", "metrics.json", "audit.jsonl"
# Folder for the scores that other scorers, or other golds, have made.
EARLIER = "scores"


class ScoreLine(msgspec.Struct):
    """What is read of a line of `scores.jsonl`."""

    id: str
    verdict: str
    rollout: int = 0
    answer: str | None = None
    gold: str | None = None
    group: str | None = None

    @property
    def is_judged(self) -> bool:
        """Tell whether it counts for the accuracy."""
        return self.verdict in ("correct", "wrong", "no_answer")
