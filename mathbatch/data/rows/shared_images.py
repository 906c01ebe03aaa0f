"""Pictures that a row shares with another: its picture field holds the other row's id, as in VLMEvalKit's TSV files."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mathbatch.config import DatasetConfig
from mathbatch.data.rows.fields import getter
from mathbatch.data.rows.sources import as_names
from mathbatch.errors import ConfigError
from mathbatch.records import RawRow, Row

MAX_ID = 64
"""A longer cell is a picture or a path."""


class SharedPictures:
    """Finds the pictures that others share, in one reading of the rows, and holds them in a temporary folder."""

    def __init__(self, dataset: DatasetConfig, rows: Callable[[], Iterator[tuple[str, RawRow, Row]]]) -> None:
        names = as_names(dataset.image_field)
        if dataset.image_shared and len(names) != 1:
            raise ConfigError("dataset.image_shared", "needs dataset.image_field to be one field", "name that field")
        self._field = names[0] if names else ""
        self._read = getter(self._field)
        self._rows = rows
        self._folder: Path | None = None
        self._files: dict[str, Path] = {}

    def filled(self, row: Row) -> Row:
        """The row with the picture of the row that it names."""
        cell = self._read(row)
        if not _is_id(cell):
            return row
        if self._folder is None:
            self._find()
        path = self._files.get(str(cell))
        return row if path is None else {**row, self._field: path.read_text()}

    def _find(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="mathbatch-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        wanted = {str(cell) for _, _, row in self._rows() if _is_id(cell := self._read(row))}
        for number, (id, _, row) in enumerate(self._rows()):
            cell = self._read(row)
            if id in wanted and isinstance(cell, str) and len(cell) > MAX_ID:
                self._files[id] = self._folder / str(number)
                self._files[id].write_text(cell)


def _is_id(cell: Any) -> bool:
    return isinstance(cell, (str, int)) and len(str(cell)) <= MAX_ID
