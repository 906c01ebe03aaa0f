"""Check that the gold answers of a dataset count as correct answers to themselves.

Long golds, and those for a user's own scorer, are checked in the worker processes that scoring uses. So a gold answer
that keeps a scorer busy forever becomes one finding, and does not stop the check.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from mathbatch.parts.faults import is_ours
from mathbatch.records import Sample
from mathbatch.runner.components import Components
from mathbatch.scoring.worker import ScoringTask
from mathbatch.scoring.workers import Workers

# Characters of a gold answer that every scorer of this package compares at once. A whole solution of GSM8K has 1,000.
MAX_QUICK = 2_000


class GoldFinding(NamedTuple):
    """Result of the check of a gold answer: what is wrong with it, or why only its own text is correct."""

    problem: str = ""
    limits: str = ""


class GoldChecker:
    """Checks gold answers against themselves. To be used as a context."""

    def __init__(self, components: Components) -> None:
        self._panel, self._workers = components.scorers, Workers(components.scorers)
        self._is_wanted = components.is_scored and bool(components.scorers.voters)
        self._only_own_scorers = all(is_ours(voter.scorer) for voter in components.scorers.voters)

    def __enter__(self) -> GoldChecker:
        return self

    def __exit__(self, *_: object) -> None:
        self._workers.__exit__()

    def begin(self, sample: Sample) -> Callable[[], GoldFinding]:
        """Start to check one gold answer. Returns a function that waits for the result."""
        if not self._is_wanted or not (sample.gold or "").strip():
            return GoldFinding
        if self._is_quick(sample.gold or ""):
            # An expression in `where` or a scorer may raise anything. A worker process then tries again and reports it.
            with suppress(Exception):
                found = GoldFinding(self._panel.gold_problem(sample) or "", self._panel.gold_limits(sample) or "")
                return lambda: found
        task = self._workers.submit_gold(sample)
        return lambda: self._finding(task)

    def _is_quick(self, gold: str) -> bool:
        """Tell whether it can be compared in this process, so that ordinary datasets need no worker process."""
        return self._only_own_scorers and len(gold) <= MAX_QUICK

    def _finding(self, task: ScoringTask) -> GoldFinding:
        reply = self._workers.reply_to(task)
        return GoldFinding(reply.problem, reply.limits)
