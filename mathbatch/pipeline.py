"""The loop, in full: every pending unit of every job through one engine, each answer saved as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from functools import partial

from mathbatch.engine import Engine
from mathbatch.errors import EngineDied, MathBatchError, SampleError
from mathbatch.job import Job
from mathbatch.lanes import upcoming
from mathbatch.progress import Progress
from mathbatch.records import Failure, Record, Request, Response


async def generate(
    jobs: Sequence[Job], engine: Engine, progress: Progress, stop: asyncio.Event, order: str = "breadth"
) -> None:
    """Answer what the stores have no answer for, all jobs as one stream, and finish each job that is answered.

    Returns when all is done or, once `stop` is set, when what was in flight is. An error of one job is kept in
    `job.error` and costs the others nothing. Raises EngineError; what was saved until then is kept.
    """
    engine.serve([job.parts.batcher for job in jobs], progress, stop)
    try:
        async with asyncio.TaskGroup() as tasks, aclosing(upcoming(jobs, order, engine.pictures)) as units:
            for job in jobs:
                job.on_answered = partial(_finish_beside, tasks, job, engine)
            async for job, request in units:
                if job.error is not None:
                    engine.pictures.forget(request)
                    continue
                await engine.admit()
                if stop.is_set():
                    break
                tasks.create_task(_answer(job, request, engine))
    except ExceptionGroup as group:
        raise _first(group) from group
    finally:
        engine.rest()
        for job in jobs:
            job.seconds = job.seconds or engine.seconds


async def _answer(job: Job, request: Request, engine: Engine) -> None:
    """One unit from its pictures to its record."""
    record = None
    job.begin_unit()
    try:
        record = _answered(request, await engine.call(request, job.decoder))
    except SampleError as error:
        record = _failed(request, error)
    except EngineDied:
        pass  # while stopping no new engine is loaded: the unit is left for the next run
    finally:
        engine.leave()
        job.end_unit(record)


def _finish_beside(tasks: asyncio.TaskGroup, job: Job, engine: Engine) -> None:
    """Results and scores of an answered job, while the engine goes on with the others."""
    job.seconds = engine.seconds

    async def finish() -> None:
        with job.own_errors():
            await asyncio.to_thread(job.finish)

    tasks.create_task(finish())


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
