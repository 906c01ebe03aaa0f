"""The order in which the units of several jobs enter one engine."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence

from mathbatch.data.feed import Chunk
from mathbatch.data.pictures import Pictures
from mathbatch.job import Job
from mathbatch.records import Record, Request

Place = tuple[float, int]
MAX_AHEAD = 4096


class Lane:
    """The pending units of one job, and how far it has come: the share of its rows before the next one."""

    def __init__(self, job: Job, number: int, rows: int) -> None:
        self.job = job
        self.number = number
        self._rows = rows
        self._units = deque[Request]()
        self._chunks = job.feed.chunks()

    @property
    def share(self) -> float:
        return self._units[0].row_number / self._rows

    @property
    def is_empty(self) -> bool:
        """Whether it must be read on before its share is known."""
        return not self._units

    def next(self) -> Request | None:
        """The next unit, if it has been read."""
        return self._units.popleft() if self._units and self.job.error is None else None

    async def read(self) -> bool:
        """Read on; rows that can't be asked are saved as failures on the way. False at the end of the job."""
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
        units = [unit for unit in chunk.units if isinstance(unit, Request)]
        self.job.expect(len(units))
        self._units.extend(self.job.parts.batcher.order(units))


def breadth(lane: Lane) -> Place:
    """All jobs advance together: next is the one that has come least far."""
    return lane.share, lane.number


def depth(lane: Lane) -> Place:
    """One job after another."""
    return lane.number, lane.number


def place_of(lane: Lane, order: str) -> Place:
    """Where a lane stands in the line. One that must be read on comes first, so that complete jobs end at once."""
    return (-1.0, lane.number) if lane.is_empty else ORDERS[order](lane)


ORDERS: dict[str, Callable[[Lane], Place]] = {"breadth": breadth, "depth": depth}


async def upcoming(jobs: Sequence[Job], order: str, pictures: Pictures) -> AsyncGenerator[tuple[Job, Request], None]:
    """Every pending unit with its job.

    Each is announced to `pictures` some units before its turn, so that a picture is kept for all who show the same row.
    """
    row_shown_by = sum(job.config.sampling.n for job in jobs)
    ahead = deque[tuple[Job, Request]]()
    async for job, request in _merged(jobs, order):
        pictures.expect(request, job.decoder)
        ahead.append((job, request))
        if len(ahead) >= min(row_shown_by, MAX_AHEAD):
            yield ahead.popleft()
    while ahead:
        yield ahead.popleft()


async def _merged(jobs: Sequence[Job], order: str) -> AsyncGenerator[tuple[Job, Request], None]:
    most = max((job.rows or 1 for job in jobs), default=1)
    lanes = [Lane(job, number, job.rows or most) for number, job in enumerate(jobs)]
    turns = [(place_of(lane, order), lane) for lane in lanes]
    while turns:
        _, lane = turns[0]
        if request := lane.next():
            yield lane.job, request
        elif not await lane.read():
            heapq.heappop(turns)
            continue
        heapq.heapreplace(turns, (place_of(lane, order), lane))
