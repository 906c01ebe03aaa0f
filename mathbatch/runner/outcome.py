"""Say how a job ended: an entry of `sweep.json`, and a row of the table at the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from mathbatch.data.storage.atomic import atomic_write
from mathbatch.errors import MathBatchError
from mathbatch.runner.run_job import RunJob


class Outcome(msgspec.Struct, kw_only=True):
    """End of one job.

    Units and tokens are those of the run folder over all its attempts. Where it is not complete, tokens are known only
    if this attempt is the first, and else None. `status` is `complete`, `stopped`, or `failed`: the job itself, and
    `error` says why. `interval` is that of the accuracy, 95 %. `unscored`: scorers were asked, and not one response
    could be scored.
    """

    number: int
    overrides: list[str]
    status: str
    answered: int
    failed: int
    truncated: int
    prompt_tokens: int | None
    output_tokens: int | None
    accuracy: float | None
    seconds: float
    folder: str
    error: str | None = None
    reasons: list[str] = []
    interval: tuple[float, float] | None = None
    unscored: bool = False

    @property
    def is_whole(self) -> bool:
        """Tell whether every unit has an answer, and scorers could make something of some."""
        return self.status == "complete" and not self.failed and not self.unscored


def outcome_of(job: RunJob) -> Outcome:
    """Return how a job ended."""
    counts, held = job.counts, job.held
    counted = held or (None if counts.before else counts)
    return Outcome(
        number=job.number,
        overrides=job.overrides,
        status="failed" if job.error is not None else "complete" if job.is_complete else "stopped",
        answered=counts.before + counts.answered if held is None else held.answered,
        failed=(held or counts).failed,
        truncated=(held or counts).truncated,
        prompt_tokens=None if counted is None else counted.prompt_tokens,
        output_tokens=None if counted is None else counted.output_tokens,
        accuracy=job.accuracy,
        seconds=round(job.seconds, 3),
        folder=str(job.components.run_dir),
        error=None if job.error is None else _told(job.error),
        reasons=counts.reasons + ([] if job.why_unscored is None else [job.why_unscored]),
        interval=None if job.metrics is None else job.metrics["interval"],
        unscored=job.why_unscored is not None,
    )


def never_begun(number: int, overrides: list[str], error: Exception) -> Outcome:
    """Return the outcome of a job whose configuration is refused in a launcher's own process."""
    return Outcome(
        number=number,
        overrides=overrides,
        status="failed",
        answered=0,
        failed=0,
        truncated=0,
        prompt_tokens=0,
        output_tokens=0,
        accuracy=None,
        seconds=0.0,
        folder="",
        error=_told(error),
    )


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, MathBatchError) else f"{type(error).__name__}: {error}"


def save_outcome(outcome: Outcome, sweep_dir: Path) -> None:
    """Write it where another process looks for it: stock launchers run jobs in processes of their own."""
    folder = sweep_dir / "jobs"
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_write(folder / f"{outcome.number:05d}.json") as stream:
        stream.write(msgspec.json.encode(outcome))


def forget_outcomes(sweep_dir: Path) -> None:
    """Remove the outcomes of an earlier sweep in the same folder."""
    for path in _outcome_files(sweep_dir):
        path.unlink()


def read_outcomes(sweep_dir: Path) -> list[Outcome]:
    """Return the outcomes of all jobs that have ended, in their order."""
    decode = msgspec.json.Decoder(Outcome).decode
    return [decode(path.read_bytes()) for path in _outcome_files(sweep_dir)]


def _outcome_files(sweep_dir: Path) -> list[Path]:
    return sorted((sweep_dir / "jobs").glob("[0-9][0-9][0-9][0-9][0-9].json"))


def varied(jobs: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return for each job the overrides that not all jobs share."""
    shared = set.intersection(*map(set, jobs)) if len(jobs) > 1 else set()
    return [[override for override in job if override not in shared] for job in jobs]
