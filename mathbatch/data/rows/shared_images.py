"""Fill in shared images: an image field may hold the id of the row with the image, as in VLMEvalKit's TSV files."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mathbatch.config import DatasetConfig
from mathbatch.data.rows.fields import getter
from mathbatch.data.rows.sources import as_names
from mathbatch.errors import ConfigError, StoreError
from mathbatch.records import RawRow, Row

# Longest id, in characters. A longer cell is an image in base64 or a path.
MAX_ID = 64


class SharedImages:
    """Images that rows share, held in a temporary folder.

    `rows` yields the id, the raw row and the extended row of all rows. They are read twice when the first image is
    needed: once for the ids that image fields name, once for the images of those rows.
    """

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
        """Return the row with the image of the row that its image field names; any other row as it is."""
        cell = self._read(row)
        if not _is_id(cell):
            return row
        if self._folder is None:
            self._store_images()
        path = self._files.get(str(cell))
        return row if path is None else {**row, self._field: path.read_text()}

    def _store_images(self) -> None:
        with _refusals_told():
            self._folder = Path(tempfile.mkdtemp(prefix="mathbatch-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        wanted = {str(cell) for _, _, row in self._rows() if _is_id(cell := self._read(row))}
        for number, (id, _, row) in enumerate(self._rows()):
            cell = self._read(row)
            if id in wanted and isinstance(cell, str) and len(cell) > MAX_ID:
                self._files[id] = self._folder / str(number)
                with _refusals_told():
                    self._files[id].write_text(cell)


@contextmanager
def _refusals_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"can't keep pictures that rows share among temporary files: {error.strerror or error}\n"
            "  fix: set TMPDIR to a folder with free space"
        ) from error


def _is_id(cell: Any) -> bool:
    return isinstance(cell, (str, int)) and len(str(cell)) <= MAX_ID
