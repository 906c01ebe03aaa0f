"""Comparisons in worker processes, each with a time limit: a hostile answer costs its worker, never the scoring run."""

from __future__ import annotations

import multiprocessing
import os
import resource
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import TimeoutError as LimitReached
from typing import TYPE_CHECKING, Any, TypeVar

from mathbatch.records import Sample, Score
from mathbatch.scoring.panel import Panel, Votes, panel_of
from mathbatch.scoring.suspects import Suspicion, suspicions

if TYPE_CHECKING:
    from pebble import ProcessPool

LIMIT_S = 5.0
"""For one response, all its scorers together; most take milliseconds."""
MEMORY_BYTES = 4 << 30
"""Of address space for one worker: a power tower asks for more than there is."""
AHEAD = 64
"""Comparisons in the queue of each worker."""
MOST_WORKERS = 8
RENEW_AFTER = 5_000
"""Comparisons, after which a worker makes way for a fresh one: sympy keeps much of what it has seen."""

Key = TypeVar("Key")


class Workers:
    """Use as a context. Processes start at the first comparison."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._count = max(1, min(len(os.sched_getaffinity(0)), MOST_WORKERS))
        self._pool: ProcessPool | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()

    def votes(self, units: Iterable[tuple[Key, Sample, str | None]]) -> Iterator[tuple[Key, Votes, list[Suspicion]]]:
        """The votes on each response and what is odd about it, in order; none on a response that is not there."""
        waiting: deque[tuple[Key, Sample, Any]] = deque()
        for key, sample, response in units:
            waiting.append((key, sample, None if response is None else self._begin(sample, response)))
            while len(waiting) > AHEAD * self._count or (waiting and waiting[0][2] is None):
                yield self._end(*waiting.popleft())
        while waiting:
            yield self._end(*waiting.popleft())

    def _begin(self, sample: Sample, response: str) -> Any:
        if self._pool is None:
            self._pool = self._started()
        return self._pool.schedule(_look, args=[_slim(sample), response], timeout=LIMIT_S)

    def _end(self, key: Key, sample: Sample, future: Any) -> tuple[Key, Votes, list[Suspicion]]:
        if future is None:
            return key, {}, []
        try:
            votes, odd = future.result()
        except LimitReached:
            return key, self._unscored(sample, f"the comparison takes over {LIMIT_S:g} s"), []
        except MemoryError:
            return key, self._unscored(sample, f"the comparison takes over {MEMORY_BYTES >> 30} GiB"), []
        except Exception as error:  # noqa: BLE001 - from a worker: counted as unscored, with what it said
            return key, self._unscored(sample, f"the comparison fails: {type(error).__name__}: {error}"[:300]), []
        return key, votes, odd

    def _unscored(self, sample: Sample, reason: str) -> Votes:
        return {self._panel.names[0]: Score("unscored", None, sample.gold, reason)}

    def _started(self) -> ProcessPool:
        from pebble import ProcessPool

        context = multiprocessing.get_context("forkserver")  # from a clean process: an engine's threads are not forked
        context.set_forkserver_preload([__name__, *self._panel.preload])
        return ProcessPool(
            max_workers=self._count,
            max_tasks=RENEW_AFTER,
            initializer=_begin_worker,
            initargs=[self._panel.spec],
            context=context,
        )


_panels: list[Panel] = []
"""Of a worker process: the panel that it was started for."""


def _begin_worker(spec: tuple[Any, dict[str, Any]]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    _panels[:] = [panel_of(*spec)]


def _look(sample: Sample, response: str) -> tuple[Votes, list[Suspicion]]:
    votes = _panels[0].votes(sample, response)
    return votes, suspicions(sample, response, votes)


def _slim(sample: Sample) -> Sample:
    """Without what no scorer reads: pictures are large."""
    fields = {name: value for name, value in (sample.fields or sample.row).items() if not _holds_bytes(value)}
    return Sample(
        sample.id, sample.row_number, {}, sample.query, (), sample.gold, None, sample.choices, {}, None, fields
    )


def _holds_bytes(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_bytes, value.values()))
    if isinstance(value, list):
        return any(map(_holds_bytes, value))
    return isinstance(value, bytes)
