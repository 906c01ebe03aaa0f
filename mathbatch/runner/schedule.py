"""Decide in which order the units of several jobs enter one engine."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from typing import NamedTuple

from mathbatch.base import BaseDataBatcher
from mathbatch.data.feed import Chunk
from mathbatch.parts.checks import shown
from mathbatch.parts.faults import PartError, is_ours, returned
from mathbatch.records import Record, Request
from mathbatch.runner.job import Job

Place = tuple[float, int]


class Unit(NamedTuple):
    """One (sample, rollout) that its job has to answer."""

    job: Job
    request: Request


class Lane:
    """Pending units of one job, and how far it has come: the share of its rows before the next one."""

    def __init__(self, job: Job, number: int, rows: int) -> None:
        self.job = job
        self.number = number
        self._rows = rows
        self._requests = deque[Request]()
        self._chunks = job.feed.chunks()

    @property
    def share(self) -> float:
        """Return the share of rows before the next unit, from 0 to 1."""
        return self._requests[0].row_number / self._rows

    @property
    def is_empty(self) -> bool:
        """Tell whether it must be read on before its share is known."""
        return not self._requests

    def next(self) -> Unit | None:
        """Return the next unit, if it has been read."""
        if self._requests and self.job.error is None:
            return Unit(self.job, self._requests.popleft())
        return None

    async def read(self) -> bool:
        """Read on, and save rows that can't be asked as failures on the way. Return False at the end of the job."""
        with self.job.own_errors():
            if self.job.error is None and (chunk := await anext(self._chunks, None)):
                self._take(chunk)
                return True
        self.job.end_feed()
        return False

    def _take(self, chunk: Chunk) -> None:
        for record in chunk.units:
            if isinstance(record, Record):
                self.job.save(record)
        requests = [request for request in chunk.units if isinstance(request, Request)]
        self.job.expect(len(requests))
        self._requests.extend(_ordered(self.job.components.batcher, requests))


def _ordered(batcher: BaseDataBatcher, requests: list[Request]) -> Iterable[Request]:
    """Return the requests in the batcher's order. Raise PartError for one that is missing, added or changed."""
    if is_ours(batcher):
        return batcher.order(requests)
    made = batcher.order(requests)
    ordered = [*made] if isinstance(made, Iterable) else []
    if sorted(map(id, ordered)) != sorted(map(id, requests)):
        what = f"{len(ordered)} objects" if isinstance(made, Iterable) else shown(made)
        fault = returned(batcher, "order", f"{what}, not the {len(requests)} requests that it was given")
        raise PartError(fault.sentence())
    return ordered


def breadth(lane: Lane) -> Place:
    """Let all jobs advance together: next is the one that has come least far."""
    return lane.share, lane.number


def depth(lane: Lane) -> Place:
    """Take one job after another."""
    return lane.number, lane.number


def place_of(lane: Lane, order: str) -> Place:
    """Return where a lane stands in line. One that must be read on is first, so that complete jobs end at once."""
    return (-1.0, lane.number) if lane.is_empty else ORDERS[order](lane)


ORDERS: dict[str, Callable[[Lane], Place]] = {"breadth": breadth, "depth": depth}


async def upcoming(jobs: Sequence[Job], order: str) -> AsyncGenerator[Unit, None]:
    """Yield every pending unit of all jobs, in the order in which they are to be asked."""
    most = max((job.rows or 1 for job in jobs), default=1)
    lanes = [Lane(job, number, job.rows or most) for number, job in enumerate(jobs)]
    turns = [(place_of(lane, order), lane) for lane in lanes]
    while turns:
        _, lane = turns[0]
        if unit := lane.next():
            yield unit
        elif not await lane.read():
            heapq.heappop(turns)
            continue
        heapq.heapreplace(turns, (place_of(lane, order), lane))
