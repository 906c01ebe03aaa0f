"""The report on the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from bench_parts.figures import Figure, Report

WIDTH = 110
"""At least so wide, also where the output is no terminal: narrower, the figures would break in the middle."""


def show(report: Report) -> None:
    """Medians with their range, then each bar and whether it is reached."""
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    title = f"{report.benchmark}: medians (lowest-highest)"
    console.print(_medians(report.medians, title + (", too few samples for the record" if report.quick else "")))
    table = Table(title="bars", title_justify="left")
    for heading in ("", "value", "bar", "mark"):
        table.add_column(heading, justify="left" if not heading else "right")
    for check in report.checks:
        table.add_row(check.name, f"{check.value:,}", check.bar, "[green]met" if check.met else "[red]missed")
    console.print(table)


def _medians(rows: list[dict[str, Any]], title: str) -> Table:
    headings = list(dict.fromkeys(key for row in rows for key in row))
    table = Table(title=title, title_justify="left")
    for heading in headings:
        figures = any(isinstance(row.get(heading), Figure) for row in rows)
        table.add_column(
            heading.replace("_per_s", "/s").replace("_", " "), justify="right" if figures else "left", no_wrap=True
        )
    for row in rows:
        table.add_row(*(_cell(row.get(heading)) for heading in headings))
    return table


def _cell(value: Any) -> str:
    if isinstance(value, Figure):
        return f"{_short(value.median)}\n{_short(value.low)}-{_short(value.high)}"
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
