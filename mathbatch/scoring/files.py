"""Name the files in a folder of scores, and read a line of `scores.jsonl`."""

from __future__ import annotations

import msgspec

SCORES, METRICS, AUDIT = "scores.jsonl", "metrics.json", "audit.jsonl"
# Folder for earlier scores, which other scorers made or which were made against other gold answers.
EARLIER = "scores"


class ScoreLine(msgspec.Struct):
    """Fields of a line of `scores.jsonl` that are read again; the line itself has more."""

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
