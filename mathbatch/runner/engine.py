"""Run one engine for several jobs: load it at the first unit, restart it when it dies, decode images ahead of it."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple

from mathbatch.base import BaseDataBatcher, BaseInferenceModel
from mathbatch.data.images.pool import Announcement, ImagePool, NoImages
from mathbatch.errors import SampleError
from mathbatch.fleet.model import FleetModel
from mathbatch.fleet.seat import MemberFigures
from mathbatch.models.supervisor import Supervisor
from mathbatch.records import Request, Response
from mathbatch.runner.components import in_flight_of
from mathbatch.runner.job import Job
from mathbatch.runner.progress import Progress
from mathbatch.runner.schedule import Unit
from mathbatch.runner.window import Window

MAX_AHEAD = 4096


class Admitted(NamedTuple):
    """Unit that may be asked now, with its announced images."""

    job: Job
    request: Request
    images: Announcement

    def ready(self) -> AbstractAsyncContextManager[Request]:
        """Return a context in which the request has its images decoded. Raises SampleError if its job has failed."""
        if self.job.error is not None:
            raise SampleError("abandoned", "its job has failed")
        return self.images.ready()


async def _nothing() -> None: ...


class Engine:
    """Model with what surrounds it. It stays loaded between two streams of units, until it is closed.

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
        self.images = ImagePool(image_budget_bytes, image_workers)
        self._loads = 0
        self.is_loaded = False
        self.is_closed = False
        self._asked: Supervisor | FleetModel = model if isinstance(model, FleetModel) else Supervisor(model)
        self._before_load = before_load
        self._batchers: list[BaseDataBatcher] = []
        self._progress: Progress | None = None
        self._stop = asyncio.Event()
        self._announced: set[Announcement] = set()
        self._window: Window | None = None
        self._since: float | None = None
        self._shower: asyncio.Task[None] | None = None

    def serve(self, batchers: Iterable[BaseDataBatcher], progress: Progress, stop: asyncio.Event) -> None:
        """Begin a stream of units: news go to `progress`; after `stop` nothing is admitted and no engine replaced."""
        self._batchers, self._progress, self._stop = list(batchers), progress, stop
        self._asked.begin_stream(progress.say, stop)
        if not isinstance(self.model, FleetModel):
            self.model.begin_stream(progress.say, stop)
        else:
            progress.members, self.model.on_capacity = self.model.figures, self._resize
        self._window = self._since = None

    @property
    def seconds(self) -> float:
        """Return the time since the first unit of this stream was let in."""
        return 0.0 if self._since is None else time.monotonic() - self._since

    @property
    def figures(self) -> list[MemberFigures]:
        """Return what each engine of a fleet has done, nothing for a model that is none."""
        return self.model.figures() if isinstance(self.model, FleetModel) else []

    @property
    def loads(self) -> int:
        """Return how often the model was loaded, counted for each engine of a fleet."""
        return sum(one.starts for one in self.figures) or self._loads

    async def admitted(self, units: AsyncIterator[Unit], ahead: int) -> AsyncGenerator[Admitted, None]:
        """Yield each unit as soon as one more may be in flight; at the first one, load. Raises EngineError.

        Images are announced `ahead` units before their turn: an image that several of those show is decoded once. Pass
        each unit that is yielded to `answer`, which lets go of its images; `rest` does so for units that never came.
        """
        waiting, ahead = deque[Admitted](), min(ahead, MAX_AHEAD)
        async for job, request in units:
            waiting.append(Admitted(job, request, self._announce(request, job)))
            if len(waiting) >= ahead and (admitted := await self._enter(waiting)):
                yield admitted
            if self._stop.is_set():
                return
        while waiting and not self._stop.is_set():
            if admitted := await self._enter(waiting):
                yield admitted

    def _announce(self, request: Request, job: Job) -> Announcement:
        if self.model.reads_images:
            request.image_limits = job.decoder.max_pixels, job.decoder.max_bytes
            return NoImages(request)
        images = self.images.announce(request, job.decoder)
        self._announced.add(images)
        return images

    def _forget(self, images: Announcement) -> None:
        self._announced.discard(images)
        images.forget()

    async def _enter(self, waiting: deque[Admitted]) -> Admitted | None:
        """Wait for a free place and take the first unit out. Return None if its job failed or the run is stopping."""
        if waiting[0].job.error is not None:
            self._forget(waiting.popleft().images)
            return None
        if self._window is None:
            self._window = await self._begin()
        await self._window.acquire()
        return None if self._stop.is_set() else waiting.popleft()

    async def answer(self, admitted: Admitted) -> Response:
        """Return the response to one unit, whatever happens to the engine meanwhile.

        Raises SampleError, JobError where it is the job's settings that kill the engine, or EngineError; EngineDied
        where the engine is gone while the run is being stopped.
        """
        assert self._window is not None
        try:
            return await self._asked.answer(admitted.request, admitted.ready)
        finally:
            self._forget(admitted.images)
            self._window.release()

    def rest(self) -> None:
        """End a stream of units, and let go of what was announced and never asked."""
        for images in list(self._announced):
            self._forget(images)
        if self._shower is not None:
            self._shower.cancel()
            self._shower = None

    async def close(self) -> None:
        """Give back its processes and memory."""
        self.rest()
        self.is_loaded, self.is_closed = False, True
        self.images.close()
        await self._asked.close()

    async def _begin(self) -> Window:
        """Load, unless that is done; return the window that units have to enter."""
        assert self._progress is not None
        if not self.is_loaded:
            await self._before_load()
            self._progress.say(f"loading {self.model.config.name} …")
            self._loads, self.is_loaded = self._loads + 1, True
            await self._asked.open()
        self._progress.start()
        self._since = time.monotonic()
        self._shower = asyncio.create_task(self._progress.show_regularly())
        return Window(self._in_flight)

    def _resize(self) -> None:
        if self._window is not None:
            self._window.resize(self._in_flight)

    @property
    def _in_flight(self) -> int:
        return max(in_flight_of(batcher, self.model.capacity) for batcher in self._batchers)
