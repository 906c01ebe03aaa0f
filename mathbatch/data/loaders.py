"""Load rows from files or the hub and map their fields to samples, as the dataset config says.

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
from mathbatch.data.rows.mapping import FieldMapping
from mathbatch.data.rows.plain import writable_row
from mathbatch.data.rows.search import rows_like
from mathbatch.data.rows.shared_images import SharedImages
from mathbatch.data.rows.sources import as_names, find_inputs, sources_of
from mathbatch.errors import SampleError
from mathbatch.parts.checks import checked
from mathbatch.parts.faults import is_ours
from mathbatch.records import BadRow, RawRow, Row, Sample


class MappedDataLoader(BaseDataLoader):
    """Maps the fields of the rows that `rows` yields. Subclasses write `rows` to read a format of their own.

    `inputs` are the files that `dataset.input` names, and `input` is the first of them. Image paths are relative to
    its folder, or to the current folder if there is no file.
    """

    def __init__(self, dataset: DatasetConfig) -> None:
        super().__init__(dataset)
        self.inputs = find_inputs(dataset)
        self.input = self.inputs[0] if self.inputs else Path("no file")
        self.mapping = FieldMapping(dataset, self.input.parent)
        self._rows_stay_as_they_are = self.mapping.as_it_stands and not dataset.image_shared
        self._first_rows: dict[str, RawRow] | None = None
        self._shared = SharedImages(dataset, self._rows_with_ids)

    @abstractmethod
    def rows(self) -> Iterator[RawRow]:
        """Yield all rows from the first one on. Every call starts anew."""

    def plain_rows(self) -> Iterator[RawRow]:
        """Yield all rows with values of the types of JSON, whatever `rows` has put in them."""
        return map(writable_row, self._checked_rows())

    def __iter__(self) -> Iterator[Sample | BadRow]:
        seen = SeenIds(self._ids_before)
        samples = (sample for raw in self.plain_rows() if (sample := self._map(raw, seen)) is not None)
        return itertools.islice(samples, self.dataset.limit)

    def row_with_id(self, id: str) -> Sample | BadRow | None:
        """Return the row with this id, or None if there is none. `dataset.limit` is not looked at."""
        found = [row for rows in self._rows_like(id) if (row := self._first_with(id, rows)) is not None]
        if found:
            return min(found, key=lambda row: row.row_number)
        seen = SeenIds(self._ids_before)
        mapped = (self._map(raw, seen) for raw in self.plain_rows())
        return next((row for row in mapped if row is not None and row.id == id), None)

    def _rows_like(self, id: str) -> list[Iterator[RawRow]]:
        """Return streams of rows that may have this id, where finding them is quick."""
        return []

    def _first_with(self, id: str, rows: Iterator[RawRow]) -> Sample | BadRow | None:
        mapped = (self._map(raw, SeenIds(lambda number: ())) for raw in rows)
        return next((row for row in mapped if row is not None and row.id == id), None)

    def _checked_rows(self) -> Iterator[RawRow]:
        """Read the rows. Raise PartError for what is no proper RawRow, in a class of a user's own."""
        if is_ours(self):
            return self.rows()
        return (
            checked(raw, RawRow, self, "rows", "yielded", f", as row {at}") for at, raw in enumerate(self.rows(), 1)
        )

    def _map(self, raw: RawRow, seen: SeenIds) -> Sample | BadRow | None:
        """Return the sample of a row, the reason why there is none, or None if `where` leaves the row out."""
        row, id = raw.row, None
        if row is None:
            return self._unreadable(raw, raw.problem)
        if None in row:  # csv.DictReader puts surplus cells under the key None
            return self._unreadable(raw, "it has more cells than the header has names")
        try:
            extended = row if self._rows_stay_as_they_are and not raw.columns else self._extended(row, raw.columns)
            if extended is None:
                return None
            found = self.mapping.id(extended, raw.key, raw.number)
            if not seen.add(found, raw.number):
                found = self._id_apart(found, raw, extended)
            id = found
            sample = self.mapping.sample(id, raw.number, extended, raw.key)
            return sample if extended is row else msgspec.structs.replace(sample, row=row)
        except SampleError as error:
            return BadRow(
                id=id or f"<row {raw.number}>",
                row_number=raw.number,
                row=row,
                kind=error.kind,
                message=f"{raw.label}: {error}",
                key=raw.key,
            )

    def _unreadable(self, raw: RawRow, problem: str | None) -> BadRow:
        return BadRow(
            id=f"<row {raw.number}>",
            row_number=raw.number,
            row=None,
            kind="unreadable_row",
            message=f"{self.input}, {raw.label}: {problem}",
            key=raw.key,
        )

    def _extended(self, row: Row, columns: Row | None) -> Row | None:
        """Return the row with its computed columns and shared image, or None if `where` leaves the row out."""
        extended = self.mapping.extended(row, columns)
        if not self.mapping.wanted(extended):
            return None
        return self._shared.filled(extended) if self.dataset.image_shared else extended

    def _rows_with_ids(self) -> Iterator[tuple[str, RawRow, Row]]:
        """Read the rows once more; yield id, row and extended row of all that have an id."""
        for raw in self.plain_rows():
            with suppress(SampleError):
                if raw.row is not None:
                    extended = self.mapping.extended(raw.row, raw.columns)
                    yield self.mapping.id(extended, raw.key, raw.number), raw, extended

    def _ids(self) -> Iterator[tuple[str, RawRow]]:
        """Read the rows once more; yield id and row of all that `where` lets in."""
        for id, raw, extended in self._rows_with_ids():
            with suppress(SampleError):
                if self.mapping.wanted(extended):
                    yield id, raw

    def _ids_before(self, number: int) -> Iterator[str]:
        return (id for id, _ in itertools.takewhile(lambda found: found[1].number < number, self._ids()))

    def _id_apart(self, taken: str, raw: RawRow, row: Row) -> str:
        """Return another id for a row whose parts only look like those of an earlier row once they are joined.

        Raise SampleError for a duplicate. The rows are read once more for it, so that a million of them need not be
        kept when there is none.
        """
        if self._first_rows is None:
            self._first_rows = {}
            for _, known, extended in self._rows_with_ids():
                with suppress(SampleError):
                    if self.mapping.wanted(extended):
                        escaped = self.mapping.escaped_id(extended, known.key, known.number)
                        self._first_rows.setdefault(escaped, known)
        escaped = self.mapping.escaped_id(row, raw.key, raw.number)
        first = self._first_rows[escaped]
        if first.number != raw.number:
            raise SampleError("duplicate_id", f"id '{taken}' is also that of {first.label}")
        return escaped


class FileDataLoader(MappedDataLoader):
    """Loads files of all formats in `rows/sources.py`, and datasets of the Hugging Face hub."""

    def __init__(self, dataset: DatasetConfig) -> None:
        self.sources = sources_of(dataset)
        super().__init__(dataset)

    def rows(self) -> Iterator[RawRow]:
        if len(self.sources) == 1 and not _uses(self.dataset, self.sources[0].columns):
            return self.sources[0].rows()
        return self._joined_rows()

    def plain_rows(self) -> Iterator[RawRow]:
        # The readers of files give plain values already.
        return self.rows() if type(self).rows is FileDataLoader.rows else super().plain_rows()

    def _rows_like(self, id: str) -> list[Iterator[RawRow]]:
        fields = as_names(self.dataset.index_field)
        if type(self).rows is not FileDataLoader.rows or len(self.sources) != 1 or not fields:
            return []
        return [] if _uses(self.dataset, self.sources[0].columns) else rows_like(self.sources[0], id, len(fields))

    def count(self) -> int | None:
        """Return the number of rows, or None if `where` decides about it."""
        if self.dataset.where is not None:
            return None
        total = sum(source.count() for source in self.sources)
        return min(total, self.dataset.limit or total)

    def _joined_rows(self) -> Iterator[RawRow]:
        """Yield the rows of all sources, numbered consecutively, with the columns that their source adds."""
        before = number = 0
        for source in self.sources:
            for raw in source.rows():
                number = before + raw.number
                yield RawRow(
                    number=number,
                    key=raw.key,
                    row=raw.row,
                    problem=raw.problem,
                    place=f"{source.name}, row {raw.number}" if len(self.sources) > 1 else None,
                    columns={**source.columns, "_row": raw.number},
                )
            before = number


def _uses(dataset: DatasetConfig, columns: Row) -> bool:
    """Tell whether the dataset config mentions a column that the source adds."""
    text = repr(dataset)
    return any(name in text for name in (*columns, "_row"))
