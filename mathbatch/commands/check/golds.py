"""Tries the gold answers of a dataset against themselves, in the processes that scoring uses: one that keeps a computer
algebra system busy for ever costs one finding.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

from mathbatch.records import Sample
from mathbatch.runner.components import Components
from mathbatch.scoring.worker_process import LIMIT_S
from mathbatch.scoring.workers import OVERDUE, Task, Workers

PLAIN = re.compile(r"\s*(?:-?\d{1,9}(?:\.\d{1,9})?|[A-J])\s*")
"""A short number or a choice, as most benchmarks have: any scorer of ours compares it at once."""
MAX_SIMPLE = 2_000
"""Characters of what scorers without a computer algebra system compare at once; whole solutions of GSM8K have 1,000."""


class GoldTrier:
    """Use as a context. What `begin` gives tells what is wrong with the gold answer, or None; it waits if it must."""

    def __init__(self, components: Components) -> None:
        self._panel, self._workers = components.scorers, Workers(components.scorers)
        self._is_wanted = components.is_scored and bool(components.scorers.voters)
        self._is_ours = all(_is_ours(voter.scorer) for voter in components.scorers.voters)

    def __enter__(self) -> GoldTrier:
        return self

    def __exit__(self, *_: object) -> None:
        self._workers.__exit__()

    def begin(self, sample: Sample) -> Callable[[], str | None]:
        if not self._is_wanted or not (sample.gold or "").strip():
            return lambda: None
        if self._is_quick(sample.gold or ""):
            with suppress(Exception):  # of an expression in `where`, or a scorer: a worker says what it is
                problem = self._panel.gold_problem(sample)
                return lambda: problem
        task = self._workers.begin_gold(sample)
        return lambda: self._problem(task)

    def _is_quick(self, gold: str) -> bool:
        """Whether it may be compared in this process: for an ordinary dataset no other need start."""
        is_simple = not self._panel.preload and len(gold) <= MAX_SIMPLE
        return self._is_ours and (is_simple or PLAIN.fullmatch(gold) is not None)

    def _problem(self, task: Task) -> str | None:
        problem = self._workers.ended(task).problem
        return f"it could not be read in {LIMIT_S:g} s" if problem == OVERDUE else problem or None


def _is_ours(scorer: object) -> bool:
    return type(scorer).__module__.startswith(f"{__package__.partition('.')[0]}.")
