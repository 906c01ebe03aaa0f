"""Print a list of runs: as a table, as data for other programs, or as a table for a paper."""

from __future__ import annotations

import csv
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from mathbatch.reports.scores import interval, percent
from mathbatch.reports.sweep_table import Column, Layout, fitted_table
from mathbatch.reports.terminal import Terminal, show
from mathbatch.runner.run_list import ListedRun
from mathbatch.visible import visible

# Columns that are left out one after another where there is no room.
SPARED = ("when", "95 % interval", "answered")
# Characters that mean something to LaTeX, and to Markdown within a table.
LATEX = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
    ">": r"\textgreater{}", **{one: f"\\{one}" for one in "&%$#_{}"},
}  # fmt: skip
MARKDOWN = re.compile(r"([\\`*\[\]<>|])")
NUMBER = re.compile(r"-?\d+\.\d{5,}")


def show_table(runs: Sequence[ListedRun], below: Path) -> None:
    """Show a row for each run, folders relative to `below`, and below the table what is wrong with some."""
    folders = [os.path.relpath(run.folder, below) for run in runs]
    columns = [
        Column("model", [run.model for run in runs], breaks=True),
        Column("dataset", [run.dataset for run in runs], breaks=True),
        Column("settings", [settings_text(run, runs, "\n") for run in runs], breaks=True),
        Column("answered", [f"{run.answered:,}" for run in runs], is_figure=True),
        Column("failed", ["" if run.failed is None else f"{run.failed:,}" for run in runs], is_figure=True),
        Column("accuracy", [_accuracy(run, percent) for run in runs], is_figure=True),
        Column("95 % interval", [_accuracy(run, interval) for run in runs], is_figure=True),
        Column("when", [run.when or "" for run in runs]),
        Column("status", [run.status for run in runs]),
        Column("folder", [folder.replace("/", "/\n") for folder in folders]),
    ]
    columns = [column for column in columns if column.name != "settings" or any(column.cells)]
    terminal = Terminal()
    width = terminal.width if terminal.is_terminal else None
    title = f"{len(runs):,} {'run' if len(runs) == 1 else 'runs'} below {below}"
    table, left_out = fitted_table(title, list(_layouts(columns, folders)), width)
    lines = [f"{folder}: {problem}" for folder, run in zip(folders, runs, strict=True) for problem in run.problems]
    if left_out:
        lines.insert(0, f"left out, for want of room: {', '.join(left_out)}")
    show([table], (f"  {line}" for line in lines))


def _layouts(columns: list[Column], folders: list[str]) -> Iterator[Layout]:
    """Yield the layouts of the table, from the widest to the narrowest."""
    for last in (Column("folder", folders), columns[-1]):
        for number in range(len(SPARED) + 1):
            yield [one for one in columns[:-1] if one.name not in SPARED[:number]] + [last], list(SPARED[:number])


def _accuracy(run: ListedRun, shown: Callable[[dict[str, Any]], str]) -> str:
    if run.accuracy is None or run.low is None:
        return ""
    return shown({"accuracy": run.accuracy, "interval": (run.low, run.high)})


def settings_text(run: ListedRun, runs: Sequence[ListedRun], separator: str = ", ") -> str:
    """Return the settings in which a run differs from others: `temperature=0.7, n=8`."""
    keys = {key for one in runs for key in one.settings}
    names = [key.rpartition(".")[2] for key in keys]
    return separator.join(
        f"{key if names.count(key.rpartition('.')[2]) > 1 else key.rpartition('.')[2]}={_value(value)}"
        for key, value in run.settings.items()
    )


def _value(value: Any) -> str:
    if isinstance(value, str):
        return value
    text = json.dumps(value, ensure_ascii=False, default=str)
    return f"{value:.4g}" if NUMBER.fullmatch(text) else text


def write_csv(runs: Sequence[ListedRun]) -> None:
    """Print a header and a line for each run, with a column for each setting that differs."""
    keys = list(dict.fromkeys(key for run in runs for key in run.settings))
    figures = [name for name in ListedRun.__struct_fields__ if name not in ("settings", "config", "problems")]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([*figures, "problems", *keys])
    for run in runs:
        cells = [*(getattr(run, name) for name in figures), "; ".join(run.problems)]
        cells += [_value(run.settings[key]) if key in run.settings else None for key in keys]
        writer.writerow([visible(cell) if isinstance(cell, str) else cell for cell in cells])


def write_json(runs: Sequence[ListedRun]) -> None:
    """Print a JSON list with an object for each run."""
    found = [msgspec.to_builtins(run) for run in runs]
    for run in found:
        del run["config"]
    print(json.dumps(found, indent=1, default=str))


def write_markdown(runs: Sequence[ListedRun]) -> None:
    """Print the accuracies in Markdown: a row for each model and setting, a column for each dataset."""

    def escaped(text: str) -> str:
        return MARKDOWN.sub(r"\\\1", text)

    head, rows = _pivot(runs, escaped, "{:.1f} ({:.1f}–{:.1f})", "–")
    labels = len(head) - len(_datasets(runs))
    print(f"| {' | '.join(head)} |")
    print(f"|{'|'.join(['---'] * labels + ['---:'] * (len(head) - labels))}|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def write_latex(runs: Sequence[ListedRun]) -> None:
    """Print the same as `write_markdown` for LaTeX with the package booktabs."""

    def escaped(text: str) -> str:
        return "".join(LATEX.get(one, one) for one in text)

    head, rows = _pivot(runs, escaped, r"{:.1f} {{\scriptsize ({:.1f}--{:.1f})}}", "--")
    labels = len(head) - len(_datasets(runs))
    print("% \\usepackage{booktabs}; accuracy in %, with 95 % intervals")
    print(rf"\begin{{tabular}}{{{'l' * labels}{'r' * (len(head) - labels)}}}")
    print("\\toprule")
    print(" & ".join(head) + r" \\")
    print("\\midrule")
    for row in rows:
        print(" & ".join(row) + r" \\")
    print("\\bottomrule\n\\end{tabular}")


def _datasets(runs: Sequence[ListedRun]) -> list[str]:
    return list(dict.fromkeys(run.dataset for run in runs))


def _cell(run: ListedRun | None, form: str, missing: str) -> str:
    if run is None or run.accuracy is None or run.low is None or run.high is None:
        return missing
    return form.format(100 * run.accuracy, 100 * run.low, 100 * run.high)


def _pivot(
    runs: Sequence[ListedRun], escaped: Callable[[str], str], form: str, missing: str
) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows, escaped. Runs that differ in nothing that is told have rows of their own."""
    datasets = _datasets(runs)
    rows: dict[tuple[str, str, int], dict[str, ListedRun]] = {}
    for run in runs:
        at, label = 0, (run.model, settings_text(run, runs))
        while run.dataset in rows.setdefault((*label, at), {}):
            at += 1
        rows[(*label, at)][run.dataset] = run
    has_settings = any(settings for _, settings, _ in rows)
    head = ["model", *(["settings"] if has_settings else []), *datasets]
    table = []
    for (model, settings, _), found in rows.items():
        labels = [model, *([settings] if has_settings else [])]
        figures = [_cell(found.get(dataset), form, missing) for dataset in datasets]
        table.append([escaped(_in_one_line(label)) for label in labels] + figures)
    return [escaped(_in_one_line(name)) for name in head], table


def _in_one_line(text: str) -> str:
    return " ".join(visible(text).split())


WRITERS: Mapping[str, Callable[[Sequence[ListedRun]], None]] = {
    "csv": write_csv,
    "json": write_json,
    "markdown": write_markdown,
    "latex": write_latex,
}
