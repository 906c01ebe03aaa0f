"""How a job ended, as a line of `sweep.json` and of the table at the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from mathbatch.atomic import atomic_write
from mathbatch.job import Job
from mathbatch.results import Totals


class Outcome(msgspec.Struct):
    """Units and tokens are those of the run folder over all its attempts, where it is complete; else of this one."""

    number: int
    overrides: list[str]
    status: str
    """complete, failed (the job itself: `error` says why) or stopped."""
    answered: int
    failed: int
    truncated: int
    prompt_tokens: int
    output_tokens: int
    accuracy: float | None
    seconds: float
    folder: str
    error: str | None = None
    reasons: list[str] = []

    @property
    def whole(self) -> bool:
        """Every unit has an answer."""
        return self.status == "complete" and not self.failed


def outcome_of(job: Job) -> Outcome:
    counts = job.counts
    totals = job.totals or Totals(
        *(counts.before + counts.answered, counts.failed, counts.truncated),
        *(counts.prompt_tokens, counts.output_tokens),
    )
    return Outcome(
        number=job.number,
        overrides=job.overrides,
        status="failed" if job.error is not None else "complete" if job.finished else "stopped",
        answered=totals.answered,
        failed=totals.failed,
        truncated=totals.truncated,
        prompt_tokens=totals.prompt_tokens,
        output_tokens=totals.output_tokens,
        accuracy=job.accuracy,
        seconds=round(job.seconds, 3),
        folder=str(job.parts.run_dir),
        error=None if job.error is None else f"{type(job.error).__name__}: {job.error}",
        reasons=counts.reasons,
    )


def save_outcome(outcome: Outcome, sweep_dir: Path) -> None:
    """Where another process looks for it: jobs that stock launchers start run in processes of their own."""
    folder = sweep_dir / "jobs"
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_write(folder / f"{outcome.number:05d}.json") as stream:
        stream.write(msgspec.json.encode(outcome))


def read_outcomes(sweep_dir: Path) -> list[Outcome]:
    """Those of all jobs that have ended, in their order."""
    decode = msgspec.json.Decoder(Outcome).decode
    return [decode(path.read_bytes()) for path in sorted((sweep_dir / "jobs").glob("*.json"))]


def varied(jobs: Sequence[Sequence[str]]) -> list[list[str]]:
    """Of the overrides of each job those that not all jobs share."""
    shared = set.intersection(*map(set, jobs)) if len(jobs) > 1 else set()
    return [[override for override in job if override not in shared] for job in jobs]
