"""Run the loop, in full: every pending unit of every job through one engine, each answer saved as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import aclosing

from mathbatch.data.feed import failed
from mathbatch.errors import EngineDied, JobError, MathBatchError, SampleError
from mathbatch.parts.faults import PartError
from mathbatch.records import Record, Request, Response
from mathbatch.runner.engine import Admitted, Engine
from mathbatch.runner.job import Job
from mathbatch.runner.progress import Progress
from mathbatch.runner.schedule import upcoming


class AllFailed(Exception):
    """Ends the stream: no job of it can go on."""


async def generate(
    jobs: Sequence[Job],
    engine: Engine,
    progress: Progress,
    stop: asyncio.Event,
    finisher: Executor,
    order: str = "breadth",
) -> None:
    """Answer what the stores have no answer for, all jobs as one stream.

    Each job that is answered is finished by `finisher`, beside the engine. Returns when all is done or, once `stop` is
    set, when what was in flight is. An error of one job is kept in `job.error` and costs the others nothing. Raises
    EngineError; what was saved until then is kept.
    """
    engine.serve([job.components.batcher for job in jobs], progress, stop)
    row_shown_by = sum(job.config.sampling.n for job in jobs)
    settled = asyncio.gather(*(_when_settled(job, engine, progress, finisher) for job in jobs))
    try:
        admitted = engine.admitted(upcoming(jobs, order), row_shown_by)
        async with asyncio.TaskGroup() as tasks, aclosing(admitted) as units:
            async for unit in units:
                tasks.create_task(_answer(unit, engine, jobs))
    except ExceptionGroup as group:
        error = _first(group)
        if not isinstance(error, AllFailed):
            raise error from group
    finally:
        engine.rest()
        for job in jobs:
            job.seconds = job.seconds or engine.seconds
            job.engines = job.engines or engine.figures
            job.settled.set()
        await settled


def tell_failure(job: Job, progress: Progress) -> None:
    """Show the error of one of several jobs at once. The error of a single job is shown when the command ends."""
    if job.error is not None and progress.is_of_several:
        progress.say(f"job {job.number} ({job.name}) failed: {job.error}")


async def _answer(unit: Admitted, engine: Engine, jobs: Sequence[Job]) -> None:
    """Take one unit from its images to its record."""
    job, request, record, failure = unit.job, unit.request, None, None
    job.begin_unit()
    try:
        record = _answered(request, await engine.answer(unit))
    except SampleError as error:
        record, failure = failed(request, error), error
    except (JobError, PartError) as error:
        job.fail(error)
    except EngineDied:
        record = None  # while stopping no new engine is loaded: the unit is left for the next run
    finally:
        job.end_unit(record, failure)
    if all(job.error is not None for job in jobs):
        raise AllFailed  # nobody wants what is in flight


async def _when_settled(job: Job, engine: Engine, progress: Progress, finisher: Executor) -> None:
    """Have a job finished as soon as it is answered, or tell what ended it. One that was stopped is left as it is."""
    await job.settled.wait()
    if job.is_answered:
        job.seconds, job.engines = engine.seconds, engine.figures
        finisher.submit(_finish, job, progress)
    else:
        tell_failure(job, progress)


def _finish(job: Job, progress: Progress) -> None:
    job.finish(progress.say)
    tell_failure(job, progress)


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
        content=request.content or response.content,
        cached_tokens=response.cached_tokens,
        reasoning_tokens=response.reasoning_tokens,
    )


def _first(group: ExceptionGroup[Exception]) -> Exception:
    """Return the error that ended the group, MathBatch's own before any other."""
    known = group.subgroup(MathBatchError)
    error: Exception = known or group
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
