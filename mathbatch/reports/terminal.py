"""Print tables and lines on standard output.

Text is shown as it is: none is markup, none steers the terminal, and no style is put around it. Paths are never cut. A
reader that stops early, such as `head`, does not make a command fail. A full disk is reported.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mathbatch.errors import OutputError
from mathbatch.reports.streams import discard, is_closed_terminal
from mathbatch.visible import visible

# Characters up to which a table in a pipe or a file grows.
WIDEST = 10_000


class Terminal(Console):
    """Standard output, as wide as the tables need in a pipe or a file; on a screen, long words are folded."""

    def __init__(self) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, color_system=None, soft_wrap=True)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return what is shown for a text. Rich calls it for each cell, before it measures and before it prints."""
        return super().render_str(visible(text), **options)

    def on_broken_pipe(self) -> None:
        """Print nothing more. Rich would exit with code 1, which means here that samples have failed."""
        self.quiet = True
        discard(sys.stdout.fileno())

    def table(self, table: Table) -> None:
        """Print a table without cutting its cells."""
        for column in table.columns:
            column.overflow = "fold"
        if not self.is_terminal:
            options = self.options.update(max_width=WIDEST)
            title = max(map(len, visible(str(table.title or "")).splitlines()), default=0)
            self.width = max(self.width, self.measure(table, options=options).maximum, title)
        self.print(table, soft_wrap=False)


def show(tables: Iterable[Table], lines: Iterable[str] = ()) -> None:
    """Print tables, then lines; nothing on a terminal that was closed. Raises OutputError if they can't be written."""
    terminal = Terminal()
    try:
        for table in tables:
            terminal.table(table)
        for line in lines:
            terminal.print(line)
    except OSError as error:
        is_closed = is_closed_terminal(sys.stdout.fileno(), error)
        discard(sys.stdout.fileno())
        if not is_closed:
            raise OutputError(error) from error
