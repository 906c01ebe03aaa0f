"""Run one configuration, or with -m every combination of the values given.

Hydra calls `Run` with the configuration of a single run, or of a cell of a sweep that a stock launcher starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hydra.conf import HydraConf
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from mathbatch.commands import exit_codes
from mathbatch.commands.app import run_app
from mathbatch.commands.sweep import Sweep, SweepError
from mathbatch.config.load import typed
from mathbatch.errors import AlreadyTold, Interrupted, MathBatchError
from mathbatch.reports.html.at_end import report_of_run
from mathbatch.reports.html.live import live_pages
from mathbatch.reports.summary import show_summary
from mathbatch.runner.hooks import call_hooks
from mathbatch.runner.outcome import never_begun, outcome_of, save_outcome
from mathbatch.runner.run_job import RunJob
from mathbatch.runner.run_jobs import run_jobs
from mathbatch.runner.session import Session
from mathbatch.runner.signals import Signals, requeue


class JobFailed(AlreadyTold):
    """One job of a sweep ended in an error, which the table at the end lists."""


def main() -> int:
    """Run what the command line says; return the exit code."""
    signals = Signals()
    signals.install()
    work, sweep = Run(signals), Sweep(signals)
    try:
        run_app(work, around=sweep)
        if sweep.alone is not None:
            work.exit_code = work.run_alone(sweep.alone)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("stopped; the same command goes on from here") from None
    except MathBatchError:
        raise
    except Exception as error:
        if not sweep.has_nothing_to_go_by:
            raise
        raise SweepError(
            "no trial is completed: every job failed, so there is no best one; the table says why"
        ) from error
    return max(sweep.exit_code, work.exit_code)


@dataclass
class Run:
    """Work that Hydra calls: a single run, whose exit code it keeps, or a cell of a sweep."""

    signals: Signals
    exit_code: int = exit_codes.SUCCESS

    def __call__(self, composed: DictConfig) -> float | None:
        """Run it and return the accuracy. Raises MathBatchError."""
        hydra = HydraConfig.get()
        if hydra.mode is RunMode.MULTIRUN:
            return self._run_cell(composed, hydra)
        job = _job(composed, 0)
        self.exit_code = self.run_alone(job)
        return job.accuracy

    def run_alone(self, job: RunJob) -> int:
        """Take a run from its first look to its table; return its exit code. Raises what ended it."""
        with Session(self.signals) as session, live_pages([job], lambda: session.members):
            caught = run_jobs(session, [job])
        if job.error is not None:
            raise job.error
        page = None
        try:
            page = None if caught is not None else report_of_run(job)
        finally:  # Ctrl-C may stop the page, and the run is complete
            show_summary(job, page)
        call_hooks(job)
        if caught is not None:
            return Interrupted.exit_code_of(caught)
        is_whole = job.is_complete and not job.counts.failed and job.why_unscored is None
        return exit_codes.SUCCESS if is_whole else exit_codes.FAILURES

    def _run_cell(self, composed: DictConfig, hydra: HydraConf) -> float | None:
        folder = Path(hydra.sweep.dir).absolute()
        try:
            job = _job(composed, hydra.job.num)
        except MathBatchError as error:
            save_outcome(never_begun(hydra.job.num, list(hydra.overrides.task), error), folder)
            raise JobFailed(str(error)) from error
        try:
            with Session(self.signals) as session, live_pages([job], lambda: session.members):
                caught = run_jobs(session, [job])
        finally:
            save_outcome(outcome_of(job), folder)
        if caught is not None:
            requeue(caught)
            raise Interrupted(caught)
        report_of_run(job)  # one that can't be written is tried again, and told, with that of the sweep
        call_hooks(job)
        if not job.is_complete:
            raise JobFailed(str(job.error))
        return job.accuracy


def _job(composed: DictConfig, number: int) -> RunJob:
    overrides = OmegaConf.to_container(HydraConfig.get().overrides.task, resolve=False)
    assert isinstance(overrides, list)
    return RunJob(typed(composed), composed, [str(override) for override in overrides], number)
