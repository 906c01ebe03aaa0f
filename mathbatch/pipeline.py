"""The loop, in full: every pending unit of every job through one engine, each answer saved as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import aclosing
from functools import partial

from mathbatch.engine import Engine
from mathbatch.errors import EngineDied, JobError, MathBatchError, SampleError
from mathbatch.job import Job
from mathbatch.lanes import upcoming
from mathbatch.progress import Progress
from mathbatch.records import Failure, Record, Request, Response


async def generate(
    jobs: Sequence[Job],
    engine: Engine,
    progress: Progress,
    stop: asyncio.Event,
    finisher: Executor,
    order: str = "breadth",
) -> None:
    """Answer what the stores have no answer for, all jobs as one stream. Each that is answered is given to `finisher`,
    which works beside the engine.

    Returns when all is done or, once `stop` is set, when what was in flight is. An error of one job is kept in
    `job.error` and costs the others nothing. Raises EngineError; what was saved until then is kept.
    """
    engine.serve([job.parts.batcher for job in jobs], progress, stop)
    try:
        async with asyncio.TaskGroup() as tasks, aclosing(upcoming(jobs, order, engine.pictures)) as units:
            for job in jobs:
                job.on_answered = partial(_finish_beside, job, engine, finisher)
                if progress.is_of_several:
                    job.on_error = partial(_tell, job, progress)
                job.say = progress.say
            async for job, request in units:
                if job.error is not None:
                    engine.pictures.forget(request)
                    continue
                await engine.admit()
                if stop.is_set():
                    break
                tasks.create_task(_answer(job, request, engine, jobs))
    except ExceptionGroup as group:
        error = _first(group)
        if not isinstance(error, AllFailed):
            raise error from group
    finally:
        engine.rest()
        for job in jobs:
            job.seconds = job.seconds or engine.seconds


async def _answer(job: Job, request: Request, engine: Engine, jobs: Sequence[Job]) -> None:
    """One unit from its pictures to its record."""
    record: Record | None = None
    job.begin_unit()
    try:
        record = _answered(request, await engine.call(job, request))
    except SampleError as error:
        record = _failed(request, error)
    except JobError as error:
        job.fail(error)
    except EngineDied:
        record = None  # while stopping no new engine is loaded: the unit is left for the next run
    finally:
        engine.leave()
        engine.pictures.forget(request)
        job.end_unit(record)
    if all(job.error is not None for job in jobs):
        raise AllFailed  # nobody wants what is in flight


class AllFailed(Exception):
    """Ends the stream: no job of it can go on."""


def _finish_beside(job: Job, engine: Engine, finisher: Executor) -> None:
    job.seconds = engine.seconds
    finisher.submit(job.finish)


def _tell(job: Job, progress: Progress, error: Exception) -> None:
    """At once: the error of a single job is told at its end, which is now."""
    progress.say(f"job {job.number} ({' '.join(job.overrides)}) failed: {error}")


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
