"""Write the pages at the end of a run and of a sweep. A page that can't be written costs neither anything else."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from tqdm import tqdm

from mathbatch.config import ReportConfig
from mathbatch.data.storage.shards import shard_of
from mathbatch.errors import MathBatchError
from mathbatch.reports.html.build import OnRow
from mathbatch.reports.html.details import as_written
from mathbatch.reports.html.page import PAGE
from mathbatch.reports.html.payload import RunFacts, Sweep, SweepJob
from mathbatch.reports.html.report import write_report
from mathbatch.reports.html.source import source_in, source_of
from mathbatch.reports.sweep_table import swept_keys, swept_values
from mathbatch.runner.outcome import Outcome
from mathbatch.runner.run_job import RunJob


def report_of_run(job: RunJob) -> Path | str | None:
    """Return the page of a run that has come to its end, or why there is none; None where none is wanted."""
    wanted = job.config.report
    if wanted is None or not job.is_complete or job.shard is not None:
        return None
    return _attempted(lambda on_row: write_report([source_of(job)], copies=wanted.copy_pictures, on_row=on_row))


def refresh_report(run_dir: Path, wanted: ReportConfig | None) -> Path | str | None:
    """Return the page of a run that has new scores, or why it can't be written; None where there was none before."""
    if wanted is None or not (run_dir / PAGE).exists():
        return None
    return _attempted(lambda on_row: write_report([run_dir], copies=wanted.copy_pictures, on_row=on_row))


def report_of_sweep(outcomes: Sequence[Outcome], folder: Path, wanted: ReportConfig) -> Path | str | None:
    """Return the page of a sweep over all its runs that have come to their end, or why there is none.

    Each of these runs gets its page too, from the data of which that of the sweep is made.
    """
    run_dirs = [Path(one.folder) for one in outcomes if one.status == "complete" and shard_of(Path(one.folder)) is None]

    def write(on_row: OnRow) -> Path:
        sources = [source_in(run_dir) for run_dir in run_dirs]
        for source in sources:
            write_report([source], copies=wanted.copy_pictures, on_row=on_row)
        sweep_of = functools.partial(_sweep, outcomes)
        return write_report(sources, folder, copies=wanted.copy_pictures, sweep_of=sweep_of)

    return _attempted(write) if run_dirs else None


def _sweep(outcomes: Sequence[Outcome], runs: dict[Path, RunFacts]) -> Sweep:
    """Return the jobs of a sweep as the page shows them."""
    jobs = []
    for outcome in outcomes:
        facts = runs.get(Path(outcome.folder).absolute())
        run = None if facts is None else facts.key
        place = outcome.folder, Path(outcome.folder).name
        error = None if outcome.error is None else as_written(outcome.error, [place])
        jobs.append(SweepJob(swept_values(outcome), run, outcome.status, error))
    return Sweep(swept_keys(outcomes), jobs)


def _attempted(write: Callable[[OnRow], Path]) -> Path | str:
    """Return the page that is written, or why it can't be."""
    try:
        with tqdm(desc="report", unit="row", disable=None, leave=False) as bar:
            return write(bar.update)
    except MathBatchError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - told in full: what the run has made is whole without its page
        traceback.print_exception(error)
        return f"{type(error).__name__}: {error}"
