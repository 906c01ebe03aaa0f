"""One job in a session of its own: a single run, or a cell of a sweep that a stock launcher started."""

from __future__ import annotations

import sys
from pathlib import Path

from hydra.conf import HydraConf
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from mathbatch.compose import fail, refuse_code_in_dataset, typed
from mathbatch.errors import AlreadyTold, MathBatchError
from mathbatch.interrupt import EXIT_SIGNAL
from mathbatch.job import Job
from mathbatch.judging import run_jobs
from mathbatch.outcome import never_begun, outcome_of, save_outcome
from mathbatch.session import Session
from mathbatch.summary import show_summary

EXIT_FAILURES = AlreadyTold.exit_code


class JobFailed(AlreadyTold):
    """A job of a sweep ended in an error, which the table at the end lists."""


exit_codes: list[int] = []
"""That of the single run. Hydra has no use for it, and its callbacks come after the job."""


def run_composed(composed: DictConfig) -> float | None:
    """What Hydra calls for a single run, and for a cell that a stock launcher starts; returns the accuracy."""
    hydra = HydraConfig.get()
    if hydra.mode is RunMode.MULTIRUN:
        return _run_cell(composed, hydra)
    try:
        job = _job(composed, 0)
        exit_codes.append(run_alone(job))
    except MathBatchError as error:  # past this point Hydra would wrap it in a report of its own
        fail(str(error))
    return job.accuracy


def _job(composed: DictConfig, number: int) -> Job:
    refuse_code_in_dataset(HydraConfig.get().runtime)
    overrides = OmegaConf.to_container(HydraConfig.get().overrides.task, resolve=False)
    assert isinstance(overrides, list)
    return Job(typed(composed), composed, [str(override) for override in overrides], number)


def run_alone(job: Job) -> int:
    """A run from its first look to its table; returns its exit code. Raises what ended it."""
    with Session() as session:
        caught = run_jobs(session, [job])
    if job.error is not None:
        raise job.error
    show_summary(job)
    if caught is not None:
        return EXIT_SIGNAL + caught
    return EXIT_FAILURES if job.counts.failed or job.why_unscored or not job.finished else 0


def _run_cell(composed: DictConfig, hydra: HydraConf) -> float | None:
    folder = Path(hydra.sweep.dir).absolute()
    try:
        job = _job(composed, hydra.job.num)
    except MathBatchError as error:
        save_outcome(never_begun(hydra.job.num, list(hydra.overrides.task), error), folder)
        raise JobFailed(str(error)) from error
    try:
        with Session() as session:
            caught = run_jobs(session, [job])
    finally:
        save_outcome(outcome_of(job), folder)
    if caught is not None:
        sys.exit(EXIT_SIGNAL + caught)
    if not job.finished:
        raise JobFailed(str(job.error))
    return job.accuracy
