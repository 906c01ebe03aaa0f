"""The loop, in full: every pending unit through the engine, each answer saved as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from mathbatch.data.feed import Feed
from mathbatch.errors import EngineDied, MathBatchError, SampleError
from mathbatch.models.supervisor import Supervisor
from mathbatch.parts import Parts, sampling_values
from mathbatch.progress import Progress
from mathbatch.records import Failure, Record, Request, Response


async def generate(parts: Parts, progress: Progress, stop: asyncio.Event) -> None:
    """Answer what the store has no answer for.

    Returns when all is done or, once `stop` is set, when what was in flight is. Raises StoreError or EngineError; what
    was saved until then is kept.
    """
    stream = Stream(parts, progress, stop)
    try:
        async with asyncio.TaskGroup() as tasks:
            async for request in stream.pending():
                await stream.admit()
                if stop.is_set():
                    break
                tasks.create_task(stream.answer(request))
    except ExceptionGroup as group:
        raise _first(group) from group
    finally:
        await stream.close()


class Stream:
    """The stages between the feed and the store. The engine loads at the first unit, so a finished run needs none."""

    def __init__(self, parts: Parts, progress: Progress, stop: asyncio.Event) -> None:
        config = parts.config
        values = sampling_values(config.sampling)
        self._feed = Feed(
            parts.loader, parts.processor, parts.filter, parts.saver, values, config.sampling.n, progress.counts
        )
        self._parts, self._progress, self._counts = parts, progress, progress.counts
        self._supervisor = Supervisor(parts.model, progress.say, stop)
        self._window: asyncio.Semaphore | None = None
        self._shower: asyncio.Task[None] | None = None

    async def pending(self) -> AsyncIterator[Request]:
        """Units to answer, in the batcher's order; rows that can't be asked are saved as failures on the way."""
        async for chunk in self._feed.chunks():
            for record in chunk:
                if isinstance(record, Record):
                    self._save(record)
            for request in self._parts.batcher.order(unit for unit in chunk if isinstance(unit, Request)):
                yield request

    async def admit(self) -> None:
        """Wait until one more unit may be in flight."""
        if self._window is None:
            self._progress.say(f"loading {self._parts.config.model.name} …")
            await self._supervisor.open()
            self._progress.start()
            self._shower = asyncio.create_task(self._progress.show_regularly())
            self._window = asyncio.Semaphore(self._parts.batcher.in_flight(self._parts.model.capacity))
        await self._window.acquire()

    async def answer(self, request: Request) -> None:
        """One unit from its pictures to its record."""
        assert self._window is not None
        self._counts.in_flight += 1
        try:
            record = _answered(request, await self._supervisor.call(request, lambda: self._attempt(request)))
        except SampleError as error:
            record = _failed(request, error)
        except EngineDied:
            return  # while stopping no new engine is loaded: the unit is left for the next run
        finally:
            self._counts.in_flight -= 1
            self._window.release()
        self._save(record)

    async def close(self) -> None:
        self._progress.stop()
        if self._shower is not None:
            self._shower.cancel()
        self._parts.pictures.close()
        await self._supervisor.close()

    async def _attempt(self, request: Request) -> Response:
        async with self._parts.pictures.ready(request) as ready:
            return await self._parts.model.generate(ready)

    def _save(self, record: Record) -> None:
        self._parts.saver.append(record)
        self._counts.add(record)


def _answered(request: Request, response: Response) -> Record:
    return Record(
        id=request.id,
        digest=request.digest,
        rollout=request.rollout,
        text=response.text,
        reasoning=response.reasoning,
        finish_reason=response.finish_reason,
        prompt_tokens=response.prompt_tokens,
        output_tokens=response.output_tokens,
    )


def _failed(request: Request, error: SampleError) -> Record:
    return Record(request.id, request.digest, request.rollout, failure=Failure(error.kind, str(error)))


def _first(group: ExceptionGroup[Exception]) -> Exception:
    """The error that ended the group, MathBatch's own before any other."""
    known = group.subgroup(MathBatchError)
    error: Exception = known or group
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
