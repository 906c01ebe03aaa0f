"""Run jobs, and after them the judge over each one that asks for a judge."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from mathbatch.errors import EngineError
from mathbatch.runner import results
from mathbatch.runner.judge_job import JudgeJob, judge_of
from mathbatch.runner.reopen import locked, read_records
from mathbatch.runner.run_job import RunJob
from mathbatch.runner.session import Session


def run_jobs(session: Session, jobs: Sequence[RunJob], log: Path | None = None) -> int | None:
    """Run them as `Session.run` does; then the judge over each that asks for one, on the loaded engine if it fits."""
    caught = session.run(jobs, log)
    judges: dict[JudgeJob, RunJob] = {}
    for job in jobs:
        if job.is_exported and job.is_judged and job.error is None:
            with job.own_errors():
                judges[judge_of(job.config, job.components, job.number)] = job
    if caught is None:
        for group in session.groups(list(judges)).values():
            caught = caught or _judge_group(session, {judge: judges[judge] for judge in group}, log)
    return caught


def _judge_group(session: Session, judges: dict[JudgeJob, RunJob], log: Path | None) -> int | None:
    """Judge one job after another: only one has its records open.

    The engine stays loaded; one that can't be had is not tried again for the next job.
    """
    lost: EngineError | None = None
    for judge, job in judges.items():
        if lost is not None:
            job.fail(lost)
            continue
        caught = _judge(session, judge, job, log or job.components.run_dir / "run.log")
        if caught is not None:
            return caught
        lost = judge.error if isinstance(judge.error, EngineError) else None
    return None


def _judge(session: Session, judge: JudgeJob, job: RunJob, log: Path) -> int | None:
    """Ask, score, and mark the run as complete."""
    caught = None
    with job.own_errors(), locked(job.components.run_dir):
        read_records(job.components)
        with closing(job.components.saver):
            caught = session.run([judge], log)
            job.error = judge.error  # which `fail` has reported already
            if judge.is_complete:
                with judge.replies() as votes:
                    marks = results.marks_there(job.components.run_dir)
                    job.metrics = results.score(job.components, judge=votes, marks=marks)
                job.complete()
    return caught
