"""Show the tables at the end of a run and of a sweep."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from mathbatch.data.storage.shards import run_of, shard_of
from mathbatch.reports.scores import facts_of, left_over_text, page_text, show_details
from mathbatch.reports.sweep_table import sweep_table, swept_keys, swept_values
from mathbatch.reports.terminal import Terminal, show
from mathbatch.runner.outcome import Outcome
from mathbatch.runner.run_job import RunJob
from mathbatch.runner.shards import merge_command
from mathbatch.scoring.metrics.plots import Point, draw_sweep, is_number


def show_summary(job: RunJob, page: Path | str | None = None) -> None:
    """Show what a run has done: samples, failures with their first reasons, tokens, metrics, and its folder.

    `page` is its report, or why that could not be written; None where there is none.
    """
    counts, config = job.counts, job.config
    table = Table(show_header=False, title=f"{config.model.name} on {config.dataset.name}", title_justify="left")
    earlier = f" ({counts.before:,} by earlier runs)" if counts.before else ""
    table.add_row("answered", f"{counts.before + counts.answered:,}{earlier}")
    table.add_row("failed", _failures(job))
    limit = f" at sampling.max_tokens={config.sampling.max_tokens}"
    # The metrics count truncated responses too, those of earlier runs included.
    if counts.truncated and job.metrics is None:
        table.add_row("truncated", f"{counts.truncated:,}{limit}")
    if tokens := _tokens(job):
        table.add_row("tokens", tokens)
    if (cost := (job.held or counts).cost(config.model.prices)) is not None:
        table.add_row("cost", f"{cost:,.4g} by model.prices" + ("" if job.held else " for what is answered now"))
    for name, value in [] if job.metrics is None else facts_of(job.metrics, limit):
        table.add_row(name, value)
    if job.left_over:
        table.add_row("left over", left_over_text(job.left_over))
    if job.taken.records:
        table.add_row("taken in", f"{job.taken.records:,} units that shards have answered")
    for name, text in job.ending:
        table.add_row(name, text)
    if page is not None:
        table.add_row("report", page_text(page))
    table.add_row("folder", str(job.components.run_dir))
    failed = [f"failed: {reason}" for reason in counts.reasons]
    show([table], (f"  {line}" for line in [*failed, *_not_scored(job), *job.commands]))
    if job.metrics is not None:
        show_details(job.metrics)


def _not_scored(job: RunJob) -> list[str]:
    """Return a line about a run that was stopped between its last answer and its scores, if it was."""
    if job.is_complete or job.is_partial or not job.is_answered or not job.components.is_scored:
        return []
    alone = shlex.join(["python", "-m", "mathbatch.score", f"run_dir={job.components.run_dir}"])
    return [f"all is answered, but not scored: the same command does it, or {alone}"]


def _tokens(job: RunJob) -> str:
    """Return the tokens of all answers that the table counts; of an incomplete run, of those that are new."""
    counts, held = job.counts, job.held
    rate = f", {counts.output_tokens / max(job.seconds, 1e-9):,.0f} out/s"
    if held is not None:
        now = rate if held.answered == counts.answered else f"{rate} now" if counts.answered else ""
        return f"{held.prompt_tokens:,} in, {held.output_tokens:,} out{now}" if held.answered else ""
    if not counts.answered:
        return ""
    new = f" for the {counts.answered:,} answered now" if counts.before else ""
    return f"{counts.prompt_tokens:,} in, {counts.output_tokens:,} out{rate}{new}"


def show_sweep(
    outcomes: Sequence[Outcome], facts: dict[str, Any], folder: Path, page: Path | str | None = None
) -> None:
    """Show a table with a row for each job, and below it why jobs and samples failed, and where the report is."""
    base = os.path.commonpath([os.path.dirname(outcome.folder) for outcome in outcomes if outcome.folder] or ["."])
    keys = swept_keys(outcomes) if len(outcomes) > 1 else []
    over = f" over {' and '.join(keys)}" if keys else ""
    count = "1 job" if len(outcomes) == 1 else f"{len(outcomes):,} jobs"
    title = f"{count}{over}, {_loads(facts)}{facts['seconds']:,.0f} s\nfolders below {os.path.relpath(base)}"
    terminal = Terminal()
    table, left_out = sweep_table(title, outcomes, keys, base, terminal.width if terminal.is_terminal else None)
    report = [] if page is None else [f"report: {page_text(page)}"]
    lines = [*_failed_jobs(outcomes), *_merges(outcomes), f"all of it: {folder / 'sweep.json'}", *report]
    if left_out:
        lines.insert(0, f"left out, for want of room: {', '.join(left_out)}")
    show([table], (f"  {line}" for line in lines))


def draw_outcomes(outcomes: Sequence[Outcome], folder: Path) -> None:
    """Plot the accuracies of a sweep over one of its keys, if at least two jobs have scores.

    The key is the first one whose values are all numbers, else the first one. Each combination of the other keys'
    values has its own line.
    """
    scored = [outcome for outcome in outcomes if outcome.accuracy is not None and outcome.interval is not None]
    keys = swept_keys(outcomes)
    if len(scored) < 2 or not keys:
        return
    key = next(
        (key for key in keys if all(is_number(swept_values(outcome).get(key, "")) for outcome in scored)), keys[0]
    )
    points = []
    for outcome in scored:
        values = swept_values(outcome)
        others = " ".join(
            f"{name.rpartition('.')[2]}={values[name]}" for name in keys if name != key and name in values
        )
        points.append(Point(values.get(key, ""), others, outcome.accuracy or 0.0, outcome.interval or (0.0, 1.0)))
    draw_sweep(key, points, folder)


def _failed_jobs(outcomes: Iterable[Outcome]) -> Iterable[str]:
    for outcome in outcomes:
        if outcome.error is not None:
            yield f"job {outcome.number} ({_name(outcome)}) failed: {outcome.error}"
        elif outcome.status == "stopped":
            yield f"job {outcome.number} ({_name(outcome)}) was stopped; the same command goes on from there"
        for reason in outcome.reasons:
            yield f"job {outcome.number} ({_name(outcome)}): {reason}"


def _merges(outcomes: Iterable[Outcome]) -> Iterable[str]:
    """Yield the command that merges the shards of a run, for each run of which the jobs are shards."""
    folders = [Path(outcome.folder) for outcome in outcomes if outcome.folder]
    for run_dir in dict.fromkeys(run_of(folder) for folder in folders if shard_of(folder) is not None):
        yield f"to merge the shards: {merge_command(run_dir)}"


def _name(outcome: Outcome) -> str:
    return " ".join(outcome.overrides) or "as configured"


def _loads(facts: dict[str, Any]) -> str:
    if "engine_loads" not in facts:
        return ""
    loads = facts["engine_loads"]
    return "no engine load, " if not loads else "one engine load, " if loads == 1 else f"{loads} engine loads, "


def _failures(job: RunJob) -> str:
    detail = ", ".join(f"{count:,} {kind}" for kind, count in job.counts.kinds.most_common())
    return f"{job.counts.failed:,}" + (f" ({detail})" if detail else "")
