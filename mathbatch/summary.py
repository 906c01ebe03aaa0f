"""The table at the end of a run."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mathbatch.parts import Parts
from mathbatch.progress import Progress


def show_summary(parts: Parts, progress: Progress, metrics: dict[str, Any] | None, finished: bool) -> None:
    """Samples, failures with their first reasons, tokens, accuracy where there is one, and where everything lies."""
    counts, console = progress.counts, Console(highlight=False, soft_wrap=True)
    table = Table(
        show_header=False,
        title=escape(f"{parts.config.model.name} on {parts.config.dataset.name}"),
        title_justify="left",
    )
    answered = counts.before + counts.answered
    earlier = f" ({counts.before:,} by earlier runs)" if counts.before else ""
    table.add_row("answered", f"{answered:,}{earlier}")
    table.add_row("failed", _failures(progress))
    if counts.truncated:
        table.add_row("truncated", f"{counts.truncated:,} at sampling.max_tokens={parts.config.sampling.max_tokens}")
    if counts.answered:
        rate = counts.output_tokens / max(progress.elapsed_s, 1e-9)
        table.add_row("tokens", f"{counts.prompt_tokens:,} in, {counts.output_tokens:,} out, {rate:,.0f} out/s")
    if metrics is not None and metrics["accuracy"] is not None:
        table.add_row("accuracy", f"{metrics['accuracy']:.1%} of {metrics['judged']:,} judged")
    if not finished:
        table.add_row("stopped", "the same command goes on from here")
    table.add_row("folder", escape(str(parts.run_dir)))
    with suppress(OSError):  # all is saved, whoever reads this or not
        console.print(table)
        for reason in counts.reasons:
            console.print(f"  failed: {reason}", markup=False)


def _failures(progress: Progress) -> str:
    kinds = progress.counts.kinds
    detail = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
    return f"{progress.counts.failed:,}" + (f" ({detail})" if detail else "")
