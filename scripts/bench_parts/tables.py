"""Print the report on the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from bench_parts.figures import Figure, Report

# Narrower, the figures would break in the middle; wider, a common terminal would break the lines.
WIDTH = 110


def show(report: Report) -> None:
    """Print medians with their range, then each bar and whether it is reached."""
    console = Console(highlight=False, width=WIDTH)
    title = f"{report.benchmark}: medians (lowest-highest)" + (", too few samples for the record" * report.quick)
    for number, headings in enumerate(_parts(report.medians)):
        console.print(_medians(report.medians, headings, title if number == 0 else "the same, continued"))
    table = Table(title="bars", title_justify="left")
    for heading in ("", "value", "bar", "mark"):
        table.add_column(heading, justify="left" if not heading else "right")
    for check in report.checks:
        table.add_row(check.name, f"{check.value:,}", check.bar, "[green]met" if check.met else "[red]missed")
    console.print(table)


def _parts(rows: list[dict[str, Any]]) -> list[list[str]]:
    """Divide the headings into tables of at most WIDTH characters. Each begins with what names the rows."""
    headings = list(dict.fromkeys(key for row in rows for key in row))
    figures = [heading for heading in headings if any(isinstance(row.get(heading), Figure) for row in rows)]
    names = [heading for heading in headings if heading not in figures]
    parts = [names]
    for heading in figures:
        if len(parts[-1]) > len(names) and _width(rows, [*parts[-1], heading]) > WIDTH:
            parts.append(names)
        parts[-1] = [*parts[-1], heading]
    return parts


def _width(rows: list[dict[str, Any]], headings: list[str]) -> int:
    """Return the width of a table with these columns: each has three characters for its line and padding."""
    cells = ([_title(heading), *(_cell(row.get(heading)) for row in rows)] for heading in headings)
    return 1 + sum(3 + max(len(line) for cell in column for line in cell.splitlines() or [""]) for column in cells)


def _medians(rows: list[dict[str, Any]], headings: list[str], title: str) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in headings:
        figures = any(isinstance(row.get(heading), Figure) for row in rows)
        table.add_column(_title(heading), justify="right" if figures else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(_cell(row.get(heading)) for heading in headings))
    return table


def _title(heading: str) -> str:
    return heading.replace("_per_s", "/s").replace("_", " ")


def _cell(value: Any) -> str:
    if isinstance(value, Figure):
        return f"{_short(value.median)}\n{_short(value.low)}-{_short(value.high)}"
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
