"""Loaders: from a file to samples, through the field mapping of the dataset config.

python -m mathbatch.run dataset=generic dataset.input=rows.jsonl dataset.query_field=question
"""

from __future__ import annotations

import gzip
import itertools
import zlib
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from mathbatch.base import BaseDataLoader
from mathbatch.config import DatasetConfig
from mathbatch.data.ids import SeenIds
from mathbatch.data.json_stream import RawRow, read_rows
from mathbatch.data.mapping import FieldMapping
from mathbatch.data.paths import locate
from mathbatch.errors import ConfigError, SampleError, nearest
from mathbatch.records import BadRow, Sample


class MappedDataLoader(BaseDataLoader):
    """Rows from `rows`, mapped as the dataset config says. Write `rows` for a format of your own."""

    def __init__(self, dataset: DatasetConfig) -> None:
        super().__init__(dataset)
        self.input = find_input(dataset.input, dataset.source)
        self.mapping = FieldMapping(dataset, self.input.parent)
        self._first_rows: dict[str, int] | None = None

    @abstractmethod
    def rows(self) -> Iterator[RawRow]:
        """The raw rows, from the first one, each time it is called."""

    def __iter__(self) -> Iterator[Sample | BadRow]:
        seen = SeenIds(self._ids_before)
        for index, raw in enumerate(self.rows()):
            if index == self.dataset.limit:
                return
            yield self._map(raw, seen)

    def _map(self, raw: RawRow, seen: SeenIds) -> Sample | BadRow:
        number, key, row = raw.number, raw.key, raw.row
        id = None
        if row is None:
            problem = f"{self.input}, row {number}: {raw.problem}"
            return BadRow(f"<row {number}>", number, None, "unreadable_row", problem, key)
        try:
            own = self.mapping.id(row, key, number)
            if not seen.add(own, number):
                raise SampleError("duplicate_id", f"id '{own}' is also that of row {self._first_row(own)}")
            id = own
            return self.mapping.sample(id, number, row, key)
        except SampleError as error:
            return BadRow(id or f"<row {number}>", number, row, error.kind, f"row {number}: {error}", key)

    def _ids_before(self, number: int) -> Iterator[str]:
        for raw in itertools.takewhile(lambda raw: raw.number < number, self.rows()):
            if raw.row is not None and (id := self.mapping.id_or_none(raw.row, raw.key, raw.number)) is not None:
                yield id

    def _first_row(self, id: str) -> int:
        """Read once more, only when a duplicate is there: a million row numbers need not be kept for it."""
        if self._first_rows is None:
            self._first_rows = {}
            for raw in self.rows():
                if raw.row is not None:
                    id_or_none = self.mapping.id_or_none(raw.row, raw.key, raw.number)
                    self._first_rows.setdefault(id_or_none or "", raw.number)
        return self._first_rows[id]


class FileDataLoader(MappedDataLoader):
    """JSON Lines, a JSON array of rows, or a JSON object of rows keyed by id; each also as `.gz`."""

    def rows(self) -> Iterator[RawRow]:
        with open_input(self.input) as stream:
            yield from read_rows(stream, json_lines=is_json_lines(self.input))

    def count(self) -> int:
        """Lines of a JSON Lines file; any other file is parsed to its end."""
        with open_input(self.input) as stream:
            if is_json_lines(self.input):
                total = _count_lines(stream)
            else:
                total = sum(1 for _ in read_rows(stream, json_lines=False))
        return min(total, self.dataset.limit or total)


def find_input(value: str, source: str | None) -> Path:
    """The dataset file. Raises ConfigError that says where it can be had, or which name in its folder is like it."""
    path = locate(value, "dataset.input")
    if path.is_file():
        return path.absolute()
    if path.is_dir():
        raise ConfigError("dataset.input", f"{path.absolute()} is a folder", "name the file in it")
    files = [entry.name for entry in path.parent.glob("*.json*") if entry.is_file()]
    hint = nearest(path.name, files) if files else "correct the path"
    if source is not None:
        hint = f"get it from {source}, or set dataset.input to where you have it"
    raise ConfigError("dataset.input", f"there is no file {path.absolute()}", hint)


@contextmanager
def open_input(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, unpacked where its name ends in .gz."""
    try:
        stream = (gzip.open if path.suffix == ".gz" else open)(path, "rb")
    except OSError as error:
        raise ConfigError("dataset.input", f"can't read {path}: {error.strerror}", "check its permissions") from error
    with stream:
        try:
            yield cast(BinaryIO, stream)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ConfigError("dataset.input", f"{path} is damaged: {error}", "get the file again") from error


def is_json_lines(path: Path) -> bool:
    """By its name; a `.json` file that holds an object on each of its first two lines is taken for JSON Lines too."""
    if ".jsonl" in path.suffixes or ".ndjson" in path.suffixes:
        return True
    with open_input(path) as stream:
        first, second = stream.readline(1 << 20).strip(), stream.readline(1 << 20).strip()
    return first.startswith(b"{") and first.endswith(b"}") and second.startswith(b"{")


def _count_lines(stream: BinaryIO) -> int:
    return sum(1 for line in stream if line.strip())
