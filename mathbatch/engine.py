"""One engine for all who ask it: loaded when the first unit comes, supervised, fed with pictures, kept full."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

from mathbatch.base import BaseDataBatcher, BaseInferenceModel
from mathbatch.data.pictures import Pictures
from mathbatch.errors import RequestLost, SampleError
from mathbatch.job import Job
from mathbatch.models.supervisor import Supervisor
from mathbatch.progress import Progress
from mathbatch.records import Request, Response

TRIES = 4
"""Of one request that the engine loses: units that share a picture may lose it one after another."""


async def _nothing() -> None: ...


class Engine:
    """A model with what surrounds it. It stays loaded between two streams of units, until it is closed.

    `before_load` is awaited first: it may close another engine whose memory this one needs.
    """

    def __init__(
        self,
        model: BaseInferenceModel,
        image_budget_bytes: int,
        image_workers: int | None,
        before_load: Callable[[], Awaitable[None]] = _nothing,
    ) -> None:
        self.model = model
        self.pictures = Pictures(image_budget_bytes, image_workers)
        self.loads = 0
        self.is_loaded = False
        self.is_closed = False
        self._supervisor = Supervisor(model)
        self._before_load = before_load
        self._batchers: list[BaseDataBatcher] = []
        self._progress: Progress | None = None
        self._window: asyncio.Semaphore | None = None
        self._since: float | None = None
        self._shower: asyncio.Task[None] | None = None

    def serve(self, batchers: Iterable[BaseDataBatcher], progress: Progress, stop: asyncio.Event) -> None:
        """Begin a stream of units: from here on news go to `progress`, and after `stop` no dead engine is replaced."""
        self._batchers, self._progress = list(batchers), progress
        self._supervisor.attend(progress.say, stop)
        self._window = self._since = None

    @property
    def seconds(self) -> float:
        """Since the first unit of this stream was let in."""
        return 0.0 if self._since is None else time.monotonic() - self._since

    async def admit(self) -> None:
        """Wait until one more unit may be in flight; at the first one, load. Raises EngineError."""
        if self._window is None:
            await self._begin()
        assert self._window is not None
        await self._window.acquire()

    def leave(self) -> None:
        """A unit is no longer in flight."""
        assert self._window is not None
        self._window.release()

    async def call(self, job: Job, request: Request) -> Response:
        """The response to one unit, whatever happens to the engine meanwhile.

        Raises SampleError, JobError where it is the job's settings that kill the engine, or EngineError.
        """

        async def attempt() -> Response:
            for _ in range(TRIES - 1):
                with suppress(RequestLost):
                    return await self._ask(job, request)
            return await self._ask(job, request)

        return await self._supervisor.call(request, attempt)

    async def _ask(self, job: Job, request: Request) -> Response:
        if job.error is not None:
            raise SampleError("abandoned", "its job has failed")
        async with self.pictures.ready(request, job.decoder) as ready:
            return await self._supervisor.generate(ready)

    def rest(self) -> None:
        """End a stream of units."""
        if self._shower is not None:
            self._shower.cancel()
            self._shower = None

    async def close(self) -> None:
        """Give back its processes and memory."""
        self.rest()
        self.is_loaded, self.is_closed = False, True
        self.pictures.close()
        await self._supervisor.close()

    async def _begin(self) -> None:
        assert self._progress is not None
        if not self.is_loaded:
            await self._before_load()
            self._progress.say(f"loading {self.model.config.name} …")
            self.loads, self.is_loaded = self.loads + 1, True
            await self._supervisor.open()
        self._progress.start()
        self._since = time.monotonic()
        self._shower = asyncio.create_task(self._progress.show_regularly())
        self._window = asyncio.Semaphore(max(batcher.in_flight(self.model.capacity) for batcher in self._batchers))
