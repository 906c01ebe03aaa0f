"""Make the table of a sweep for the width of the screen: however narrow, what was swept and the folders are in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import OverrideParseException
from rich import box
from rich.cells import cell_len
from rich.console import JustifyMethod
from rich.table import Table

from mathbatch.reports.scores import interval, percent
from mathbatch.runner.outcome import Outcome
from mathbatch.visible import visible

# A swept number with many digits, as sweepers that search choose them.
LONG_NUMBER = re.compile(r"-?\d+\.\d{5,}(e-?\d+)?")
# Keys whose values are paths: what all values of a sweep begin with tells nothing.
PATHS = {"model.path", "model.lora"}
# Columns that are left out one after another where there is no room: `sweep.json` has all of them.
SPARED = ("tokens", "truncated", "95 % interval", "answered")
# Characters to which a column with long words may shrink; its cells then have several lines.
LEAST = 14
# Characters between two columns.
GAP = 2


class Column(NamedTuple):
    """One column: its heading, its cells, whether these are figures, and whether they may be broken into lines."""

    name: str
    cells: list[str]
    is_figure: bool = False
    breaks: bool = False

    @property
    def longest(self) -> int:
        """Return the width of its longest line, in characters of the terminal."""
        return max(cell_len(line) for cell in (self.name, *self.cells) for line in visible(cell).split("\n"))

    @property
    def least(self) -> int:
        """Return the number of characters that it needs."""
        return min(self.longest, LEAST) if self.breaks else self.longest


# Columns of a table, and the names of those that it leaves out.
Layout = tuple[list[Column], list[str]]


def sweep_table(
    title: str, outcomes: Sequence[Outcome], keys: Sequence[str], base: str, width: int | None
) -> tuple[Table, list[str]]:
    """Return the table, a row for each job, and the names of the columns that are left out for want of room.

    Folders are shown relative to `base`. `width` is that of the screen in characters, None where there is no limit.
    """
    return fitted_table(title, list(_layouts(outcomes, keys, base)), width)


def fitted_table(title: str, layouts: Sequence[Layout], width: int | None) -> tuple[Table, list[str]]:
    """Return the table of the first layout that fits the screen, else of the last, and the columns it leaves out."""
    columns, left_out = next((one for one in layouts if _fits(one[0], width)), layouts[-1])
    has_room = _fits(columns, width)
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in columns:
        justify: JustifyMethod = "right" if column.is_figure else "left"
        stays = not column.breaks and has_room
        table.add_column(column.name, justify=justify, overflow="fold", no_wrap=stays, min_width=column.least)
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*row)
    return table, left_out


def _layouts(outcomes: Sequence[Outcome], keys: Sequence[str], base: str) -> Iterator[Layout]:
    """Yield the columns of each layout with the names of those left out, from the widest layout to the narrowest."""
    folders = [os.path.relpath(one.folder, base) if one.folder else "" for one in outcomes]
    figures = _figures(outcomes)
    for folder in (folders, [path.replace("/", "/\n") for path in folders]):
        for swept in (_swept_columns(outcomes, keys), [_joined(outcomes, keys)] if keys else []):
            for number in range(len(SPARED) + 1):
                left_out = [column.name for column in figures if column.name in SPARED[:number]]
                kept = [column for column in figures if column.name not in left_out]
                yield [*swept, *kept, Column("folder", folder)], left_out


def _fits(columns: Sequence[Column], width: int | None) -> bool:
    return width is None or sum(column.least + GAP for column in columns) <= width


def _swept_columns(outcomes: Sequence[Outcome], keys: Sequence[str]) -> list[Column]:
    values = _shown_values(outcomes)
    return [
        Column(key.rpartition(".")[2], [_short(found.get(key, "")) for found in values], breaks=True) for key in keys
    ]


def _joined(outcomes: Sequence[Outcome], keys: Sequence[str]) -> Column:
    """Return all that was swept as one column, a line for each key."""
    values = _shown_values(outcomes)
    lines = [[f"{key.rpartition('.')[2]}={_short(found[key])}" for key in keys if key in found] for found in values]
    return Column("settings", ["\n".join(cell) for cell in lines], breaks=True)


def _figures(outcomes: Sequence[Outcome]) -> list[Column]:
    """Return what was counted and measured in each job."""
    facts = [{"accuracy": outcome.accuracy, "interval": outcome.interval} for outcome in outcomes]
    columns = {
        "answered": [f"{one.answered:,}" for one in outcomes],
        "failed": [f"{one.failed:,}" if one.status == "complete" else one.status for one in outcomes],
        "truncated": [f"{one.truncated:,}" for one in outcomes],
        "tokens": ["" if one.output_tokens is None else f"{one.output_tokens:,}" for one in outcomes],
        "accuracy": ["" if one["accuracy"] is None else percent(one) for one in facts],
        "95 % interval": ["" if one["accuracy"] is None else interval(one) for one in facts],
    }
    if not any(outcome.truncated for outcome in outcomes):
        del columns["truncated"]
    return [Column(name, cells, is_figure=True) for name, cells in columns.items()]


def swept_keys(outcomes: Sequence[Outcome]) -> list[str]:
    """Return all keys that the sweep sets, in the order of their first job."""
    return list(dict.fromkeys(key for outcome in outcomes for key in swept_values(outcome)))


def swept_values(outcome: Outcome) -> dict[str, str]:
    """Return the values that the sweep has set in this job, by key, without Hydra's quotes and backslashes."""
    return dict(map(_key_and_value, outcome.overrides))


def _shown_values(outcomes: Sequence[Outcome]) -> list[dict[str, str]]:
    """Return the values that the sweep has set in each job, paths from where they differ on."""
    values = [swept_values(outcome) for outcome in outcomes]
    for key in PATHS:
        short = _without_shared_folders({found[key] for found in values if "/" in found.get(key, "")})
        for found in values:
            if key in found:
                found[key] = short.get(found[key], found[key])
    return values


def _without_shared_folders(paths: Iterable[str]) -> dict[str, str]:
    """Return each path from where they differ on; one alone by its last part."""
    parts = {path: Path(path).parts for path in paths}
    shared = min((len(one) - 1 for one in parts.values()), default=0)
    while len({one[:shared] for one in parts.values()}) > 1:
        shared -= 1
    return {path: os.path.join(*one[shared:]) for path, one in parts.items()}


def _key_and_value(override: str) -> tuple[str, str]:
    key, _, written = override.lstrip("+").partition("=")
    try:
        value = OverridesParser.create().parse_override(override).value()
    except OverrideParseException:
        return key, written
    return key, value if isinstance(value, str) else written


def _short(value: str) -> str:
    """Return a swept value with at most four significant digits if it is a long number."""
    return f"{float(value):.4g}" if LONG_NUMBER.fullmatch(value) else value
