"""Show the tables at the end of a run and of a sweep."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from mathbatch.reports.scores import facts_of, interval, left_over_text, percent, show_details
from mathbatch.reports.terminal import show
from mathbatch.runner.outcome import Outcome
from mathbatch.runner.run_job import RunJob
from mathbatch.scoring.metrics.plots import Point, draw_sweep, is_number

# A swept number with many digits, as sweepers that search choose them.
LONG_NUMBER = re.compile(r"-?\d+\.\d{5,}(e-?\d+)?")


def show_summary(job: RunJob) -> None:
    """Show what a run has done: samples, failures with their first reasons, tokens, metrics, and its folder."""
    counts, config = job.counts, job.config
    table = Table(
        show_header=False, title=escape(f"{config.model.name} on {config.dataset.name}"), title_justify="left"
    )
    answered = counts.before + counts.answered
    earlier = f" ({counts.before:,} by earlier runs)" if counts.before else ""
    table.add_row("answered", f"{answered:,}{earlier}")
    table.add_row("failed", _failures(job))
    limit = f" at sampling.max_tokens={config.sampling.max_tokens}"
    # The metrics count truncated responses too, those of earlier runs included.
    if counts.truncated and job.metrics is None:
        table.add_row("truncated", f"{counts.truncated:,}{limit}")
    if counts.answered:
        rate = counts.output_tokens / max(job.seconds, 1e-9)
        table.add_row("tokens", f"{counts.prompt_tokens:,} in, {counts.output_tokens:,} out, {rate:,.0f} out/s")
    for name, value in [] if job.metrics is None else facts_of(job.metrics, limit):
        table.add_row(name, value)
    if job.left_over:
        table.add_row("left over", left_over_text(job.left_over))
    if not job.is_complete:
        table.add_row("stopped", "the same command goes on from here")
    table.add_row("folder", escape(str(job.components.run_dir)))
    failed = [f"failed: {reason}" for reason in counts.reasons]
    show([table], (f"  {line}" for line in [*failed, *_not_scored(job)]))
    if job.metrics is not None:
        show_details(job.metrics)


def _not_scored(job: RunJob) -> list[str]:
    """Return a line about a run that was stopped between its last answer and its scores, if it was."""
    if job.is_complete or not job.is_answered or not job.components.is_scored:
        return []
    alone = shlex.join(["python", "-m", "mathbatch.score", f"run_dir={job.components.run_dir}"])
    return [f"all is answered, but not scored: the same command does it, or {alone}"]


def show_sweep(outcomes: Sequence[Outcome], facts: dict[str, Any], folder: Path) -> None:
    """Show a table with a row for each job, and below it why jobs and samples failed."""
    base = os.path.commonpath([os.path.dirname(outcome.folder) for outcome in outcomes if outcome.folder] or ["."])
    keys = swept_keys(outcomes) if len(outcomes) > 1 else []
    over = f" over {' and '.join(keys)}" if keys else ""
    count = "1 job" if len(outcomes) == 1 else f"{len(outcomes):,} jobs"
    title = f"{count}{over}, {_loads(facts)}{facts['seconds']:,.0f} s\nfolders below {os.path.relpath(base)}"
    table = Table(title=escape(title), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for key in keys:
        table.add_column(key.rpartition(".")[2], overflow="fold", min_width=min(24, len(key.rpartition(".")[2])))
    rows = [_columns(outcome) | {"folder": _below(outcome.folder, base)} for outcome in outcomes]
    names = [name for name in rows[0] if name != "truncated" or any(outcome.truncated for outcome in outcomes)]
    for name in names:
        table.add_column(name, justify="left" if name == "folder" else "right", no_wrap=True)
    for outcome, row in zip(outcomes, rows, strict=True):
        values = [_short(swept_values(outcome).get(key, "")) for key in keys]
        table.add_row(*map(escape, [*values, *(row[name] for name in names)]))
    show([table], (f"  {line}" for line in [*_failed_jobs(outcomes), f"all of it: {folder / 'sweep.json'}"]))


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


def _columns(outcome: Outcome) -> dict[str, str]:
    """Return the texts of a job's row in the table of a sweep, by column."""
    facts = {"accuracy": outcome.accuracy, "interval": outcome.interval}
    return {
        "answered": f"{outcome.answered:,}",
        "failed": f"{outcome.failed:,}" if outcome.status == "complete" else outcome.status,
        "truncated": f"{outcome.truncated:,}",
        "tokens": f"{outcome.output_tokens:,}",
        "accuracy": "" if outcome.accuracy is None else percent(facts),
        "95 % interval": "" if outcome.accuracy is None else interval(facts),
    }


def _below(folder: str, base: str) -> str:
    return os.path.relpath(folder, base) if folder else ""


def swept_keys(outcomes: Sequence[Outcome]) -> list[str]:
    """Return all keys that the sweep sets, in the order of their first job."""
    return list(dict.fromkeys(key for outcome in outcomes for key in swept_values(outcome)))


def swept_values(outcome: Outcome) -> dict[str, str]:
    """Return the values that the sweep has set in this job, by key."""
    parts = (override.lstrip("+").partition("=") for override in outcome.overrides)
    return {key: value for key, _, value in parts}


def _short(value: str) -> str:
    """Return a swept value with at most four significant digits if it is a long number."""
    return f"{float(value):.4g}" if LONG_NUMBER.fullmatch(value) else value


def _failed_jobs(outcomes: Iterable[Outcome]) -> Iterable[str]:
    for outcome in outcomes:
        if outcome.error is not None:
            yield f"job {outcome.number} ({_name(outcome)}) failed: {outcome.error}"
        elif outcome.status == "stopped":
            yield f"job {outcome.number} ({_name(outcome)}) was stopped; the same command goes on from there"
        for reason in outcome.reasons:
            yield f"job {outcome.number} ({_name(outcome)}): {reason}"


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
