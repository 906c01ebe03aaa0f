"""Pictures that a row shares with another: its picture field holds the other row's id, as in VLMEvalKit's TSV files."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

from mathbatch.data.json_stream import RawRow
from mathbatch.records import Row

MAX_ID = 64
"""A longer cell is a picture or a path."""


class SharedPictures:
    """Finds the pictures that others share, in one reading of the rows, and holds them in a temporary folder."""

    def __init__(self, field: str | None, ids: Callable[[], Iterator[tuple[str, RawRow]]]) -> None:
        self._field = field
        self._ids = ids
        self._folder: Path | None = None
        self._files: dict[str, Path] = {}

    def filled(self, row: Row) -> Row:
        """The row with the picture of the row that it names."""
        name = self._field or ""
        cell = row.get(name)
        if not isinstance(cell, (str, int)) or len(str(cell)) > MAX_ID:
            return row
        if self._folder is None:
            self._find()
        path = self._files.get(str(cell))
        return row if path is None else {**row, name: path.read_text()}

    def _find(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="mathbatch-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        assert self._field is not None
        cells = ((id, (raw.row or {}).get(self._field)) for id, raw in self._ids())
        wanted = {str(cell) for _, cell in cells if isinstance(cell, (str, int)) and len(str(cell)) <= MAX_ID}
        for number, (id, raw) in enumerate(self._ids()):
            cell = (raw.row or {}).get(self._field)
            if id in wanted and isinstance(cell, str) and len(cell) > MAX_ID:
                self._files[id] = self._folder / str(number)
                self._files[id].write_text(cell)
