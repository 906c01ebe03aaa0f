"""One job in a session of its own: a single run, or a cell of a sweep that a stock launcher started."""

from __future__ import annotations

import sys
from pathlib import Path

from hydra.conf import HydraConf
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from mathbatch.compose import fail, typed
from mathbatch.errors import MathBatchError
from mathbatch.interrupt import EXIT_SIGNAL
from mathbatch.job import Job
from mathbatch.outcome import outcome_of, save_outcome
from mathbatch.session import Session
from mathbatch.summary import show_summary

EXIT_FAILURES = 1


class JobFailed(MathBatchError):
    """A job of a sweep ended in an error, which the table at the end lists."""


def run_composed(composed: DictConfig) -> float | None:
    """What Hydra calls. A single run exits with its code; a cell returns its accuracy, for a sweeper that optimises."""
    if HydraConfig.get().mode is RunMode.MULTIRUN:
        return _run_cell(_job(composed), HydraConfig.get())
    try:
        sys.exit(run_alone(_job(composed)))
    except MathBatchError as error:  # past this point Hydra would wrap it in a report of its own
        fail(str(error))


def _job(composed: DictConfig) -> Job:
    hydra = HydraConfig.get()
    overrides = OmegaConf.to_container(hydra.overrides.task, resolve=False)
    assert isinstance(overrides, list)
    number = hydra.job.num if hydra.mode is RunMode.MULTIRUN else 0
    return Job(typed(composed), composed, [str(override) for override in overrides], number)


def run_alone(job: Job) -> int:
    """A run from its first look to its table; returns its exit code. Raises what ended it."""
    with Session() as session:
        caught = session.run([job])
    if job.error is not None:
        raise job.error
    show_summary(job)
    if caught is not None:
        return EXIT_SIGNAL + caught
    return EXIT_FAILURES if job.counts.failed else 0


def _run_cell(job: Job, hydra: HydraConf) -> float | None:
    try:
        with Session() as session:
            caught = session.run([job])
    finally:
        save_outcome(outcome_of(job), Path(hydra.sweep.dir).absolute())
    if caught is not None:
        sys.exit(EXIT_SIGNAL + caught)
    if not job.finished:
        raise JobFailed(str(job.error)) from job.error
    return job.accuracy
