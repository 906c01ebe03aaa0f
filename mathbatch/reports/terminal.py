"""Tables and lines on standard output: no path is cut, whoever stops reading stops nothing, a full disk is told."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from mathbatch.errors import OutputError
from mathbatch.reports.streams import discard

WIDEST = 10_000


class Terminal(Console):
    """Standard output. In a pipe or a file it is as wide as what is printed; on a screen long words are folded."""

    def __init__(self) -> None:
        super().__init__(highlight=False, soft_wrap=True)

    def on_broken_pipe(self) -> None:
        """Nobody reads on, as after `| head`; rich would exit with 1, which says that samples have failed."""
        self.quiet = True
        discard(sys.stdout.fileno())

    def table(self, table: Table) -> None:
        for column in table.columns:
            column.overflow = "fold"
        if not self.is_terminal:
            options = self.options.update(max_width=WIDEST)
            title = max(map(len, str(table.title or "").splitlines()), default=0)
            self.width = max(self.width, self.measure(table, options=options).maximum, title)
        self.print(table, soft_wrap=False)


def show(tables: Iterable[Table], lines: Iterable[str] = ()) -> None:
    """Tables, then lines. Raises OutputError where they can't be written."""
    terminal = Terminal()
    try:
        for table in tables:
            terminal.table(table)
        for line in lines:
            terminal.print(line, markup=False)
    except OSError as error:
        discard(sys.stdout.fileno())
        raise OutputError(error) from error
