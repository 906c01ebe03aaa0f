"""The tables at the end of a run and of a sweep."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mathbatch.job import Job
from mathbatch.outcome import Outcome
from mathbatch.scoring.tables import facts_of, show_details

LONG_NUMBER = re.compile(r"-?\d+\.\d{5,}(e-?\d+)?")


def show_summary(job: Job) -> None:
    """Samples, failures with their first reasons, tokens, accuracy where there is one, and where everything lies."""
    counts, config = job.counts, job.config
    table = Table(
        show_header=False, title=escape(f"{config.model.name} on {config.dataset.name}"), title_justify="left"
    )
    answered = counts.before + counts.answered
    earlier = f" ({counts.before:,} by earlier runs)" if counts.before else ""
    table.add_row("answered", f"{answered:,}{earlier}")
    table.add_row("failed", _failures(job))
    if counts.truncated:
        table.add_row("truncated", f"{counts.truncated:,} at sampling.max_tokens={config.sampling.max_tokens}")
    if counts.answered:
        rate = counts.output_tokens / max(job.seconds, 1e-9)
        table.add_row("tokens", f"{counts.prompt_tokens:,} in, {counts.output_tokens:,} out, {rate:,.0f} out/s")
    for name, value in [] if job.metrics is None else facts_of(job.metrics):
        table.add_row(name, value)
    if not job.finished:
        table.add_row("stopped", "the same command goes on from here")
    table.add_row("folder", escape(str(job.parts.run_dir)))
    _print(table, (f"failed: {reason}" for reason in counts.reasons))
    if job.metrics is not None:
        show_details(job.metrics)


def show_sweep(outcomes: Sequence[Outcome], facts: dict[str, Any], folder: Path) -> None:
    """A row for each job; below the table why jobs and samples failed."""
    base = os.path.commonpath([os.path.dirname(outcome.folder) for outcome in outcomes if outcome.folder] or ["."])
    keys = list(dict.fromkeys(key for outcome in outcomes for key in _swept(outcome)))
    over = f" over {' and '.join(keys)}" if keys else ""
    title = (
        f"{len(outcomes)} jobs{over}, {_loads(facts)}{facts['seconds']:,.0f} s\nfolders below {os.path.relpath(base)}"
    )
    table = Table(title=escape(title), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for key in keys:
        table.add_column(key.rpartition(".")[2], overflow="fold")
    for name in ("answered", "failed", "truncated", "tokens", "accuracy"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("folder", no_wrap=True)
    for outcome in outcomes:
        accuracy = "" if outcome.accuracy is None else f"{outcome.accuracy:.1%}"
        failed = f"{outcome.failed:,}" if outcome.status == "complete" else outcome.status
        numbers = (f"{outcome.answered:,}", failed, f"{outcome.truncated:,}", f"{outcome.output_tokens:,}", accuracy)
        values = [escape(_short(_swept(outcome).get(key, ""))) for key in keys]
        table.add_row(*values, *numbers, escape(_below(outcome.folder, base)))
    _print(table, [*_failed_jobs(outcomes), f"all of it: {folder / 'sweep.json'}"])


def _below(folder: str, base: str) -> str:
    return os.path.relpath(folder, base) if folder else ""


def _swept(outcome: Outcome) -> dict[str, str]:
    """What the sweep has set in this job, by key."""
    parted = (override.lstrip("+").partition("=") for override in outcome.overrides)
    return {key: value for key, _, value in parted}


def _short(value: str) -> str:
    """A sweeper that searches gives sixteen digits."""
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


def _print(table: Table, lines: Iterable[str]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    with suppress(OSError):  # all is saved, whoever reads this or not
        console.print(table)
        for line in lines:
            console.print(f"  {line}", markup=False)


def _failures(job: Job) -> str:
    detail = ", ".join(f"{count:,} {kind}" for kind, count in job.counts.kinds.most_common())
    return f"{job.counts.failed:,}" + (f" ({detail})" if detail else "")
