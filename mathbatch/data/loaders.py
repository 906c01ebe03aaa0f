"""Loaders: from rows to samples, through the field mapping of the dataset config.

python -m mathbatch.run dataset=generic dataset.input=rows.jsonl dataset.query_field=question
"""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from mathbatch.base import BaseDataLoader
from mathbatch.config import DatasetConfig
from mathbatch.data.rows.ids import SeenIds
from mathbatch.data.rows.json_stream import RawRow
from mathbatch.data.rows.mapping import FieldMapping
from mathbatch.data.rows.shared_images import SharedImages
from mathbatch.data.rows.sources import find_inputs, sources_of
from mathbatch.errors import SampleError
from mathbatch.records import BadRow, Row, Sample


class MappedDataLoader(BaseDataLoader):
    """Rows from `rows`, mapped as the dataset config says. Write `rows` for a format of your own.

    `input` is the first of the files that `dataset.input` names; without any, pictures are below the current folder.
    """

    def __init__(self, dataset: DatasetConfig) -> None:
        super().__init__(dataset)
        self.inputs = find_inputs(dataset)
        self.input = self.inputs[0] if self.inputs else Path("no file")
        self.mapping = FieldMapping(dataset, self.input.parent)
        self._as_it_stands = self.mapping.as_it_stands and not dataset.image_shared
        self._first_rows: dict[str, str] | None = None
        self._shared = SharedImages(dataset, self._rows_with_ids)

    @abstractmethod
    def rows(self) -> Iterator[RawRow]:
        """The raw rows, from the first one, each time it is called."""

    def __iter__(self) -> Iterator[Sample | BadRow]:
        seen = SeenIds(self._ids_before)
        samples = (sample for raw in self.rows() if (sample := self._map(raw, seen)) is not None)
        return itertools.islice(samples, self.dataset.limit)

    def _map(self, raw: RawRow, seen: SeenIds) -> Sample | BadRow | None:
        """None for a row that is left out."""
        number, key, row, id = raw.number, raw.key, raw.row, None
        if row is None:
            problem = f"{self.input}, {raw.label}: {raw.problem}"
            return BadRow(f"<row {number}>", number, None, "unreadable_row", problem, key)
        if None in row:  # as Python's csv.DictReader has it
            problem = f"{self.input}, {raw.label}: it has more cells than the header has names"
            return BadRow(f"<row {number}>", number, None, "unreadable_row", problem, key)
        try:
            extended = row if self._as_it_stands and not raw.columns else self._extended(row, raw.columns)
            if extended is None:
                return None
            own = self.mapping.id(extended, key, number)
            if not seen.add(own, number):
                raise SampleError("duplicate_id", f"id '{own}' is also that of {self._first_row(own)}")
            id = own
            sample = self.mapping.sample(id, number, extended, key)
            return sample if extended is row else msgspec.structs.replace(sample, row=row)
        except SampleError as error:
            return BadRow(id or f"<row {number}>", number, row, error.kind, f"{raw.label}: {error}", key)

    def _extended(self, row: Row, columns: Row | None) -> Row | None:
        """The row with what the config adds to it; None for one that is left out."""
        extended = self.mapping.extended(row, columns)
        if not self.mapping.wanted(extended):
            return None
        return self._shared.filled(extended) if self.dataset.image_shared else extended

    def _rows_with_ids(self) -> Iterator[tuple[str, RawRow, Row]]:
        """All rows that have an id, read once more, as they stand in the file and extended."""
        for raw in self.rows():
            with suppress(SampleError):
                if raw.row is not None:
                    extended = self.mapping.extended(raw.row, raw.columns)
                    yield self.mapping.id(extended, raw.key, raw.number), raw, extended

    def _ids(self) -> Iterator[tuple[str, RawRow]]:
        for id, raw, extended in self._rows_with_ids():
            with suppress(SampleError):
                if self.mapping.wanted(extended):
                    yield id, raw

    def _ids_before(self, number: int) -> Iterator[str]:
        return (id for id, _ in itertools.takewhile(lambda found: found[1].number < number, self._ids()))

    def _first_row(self, id: str) -> str:
        """Read once more, only when a duplicate is there: a million row numbers need not be kept for it."""
        if self._first_rows is None:
            self._first_rows = {}
            for known, raw in self._ids():
                self._first_rows.setdefault(known, raw.label)
        return self._first_rows[id]


class FileDataLoader(MappedDataLoader):
    """Files of the formats that `sources.py` knows, and datasets of the hub."""

    def __init__(self, dataset: DatasetConfig) -> None:
        self.sources = sources_of(dataset)
        super().__init__(dataset)

    def rows(self) -> Iterator[RawRow]:
        if len(self.sources) == 1 and not _uses(self.dataset, self.sources[0].columns):
            return self.sources[0].rows()
        return self._numbered_through()

    def count(self) -> int | None:
        """None where `where` decides."""
        if self.dataset.where is not None:
            return None
        total = sum(source.count() for source in self.sources)
        return min(total, self.dataset.limit or total)

    def _numbered_through(self) -> Iterator[RawRow]:
        before = number = 0
        for source in self.sources:
            for raw in source.rows():
                number = before + raw.number
                place = f"{source.name}, row {raw.number}" if len(self.sources) > 1 else None
                columns = {**source.columns, "_row": raw.number}
                yield RawRow(number, raw.key, raw.row, raw.problem, place, columns)
            before = number


def _uses(dataset: DatasetConfig, columns: Row) -> bool:
    """Whether a dataset config speaks of columns that the source adds."""
    text = repr(dataset)
    return any(name in text for name in (*columns, "_row"))
