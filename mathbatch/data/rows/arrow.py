"""Make rows of the tables of pyarrow. A value that can't be read costs its row, not the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from mathbatch.data.rows.plain import VALUE_ERRORS, plain
from mathbatch.records import RawRow, Row


def arrow_rows(batches: Iterable[Any]) -> Iterator[RawRow]:
    """Yield the rows of record batches or tables of pyarrow. A value that can't be read costs its row."""
    number = 0
    for batch in batches:
        for row in _rows_of(batch):
            number += 1
            yield RawRow(number, None, row) if isinstance(row, dict) else RawRow(number, None, None, row)


def _rows_of(batch: Any) -> list[Row | str]:
    """Return the rows of a batch; for one that can't be read, the reason."""
    try:
        return [plain(row) for row in batch.to_pylist()]
    except VALUE_ERRORS:
        return [_row_or_reason(batch, at) for at in range(batch.num_rows)]


def _row_or_reason(batch: Any, at: int) -> Row | str:
    row: Row = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            row |= plain({name: column[at].as_py()})
        except VALUE_ERRORS as error:
            return f"the value in '{name}' can't be read: {error}"
    return row


def repeated_name(fields: Iterable[Any], inside: str = "") -> str | None:
    """Return the path of a name that two fields of pyarrow share, nested ones included; None if none is shared."""
    seen = set()
    for field in fields:
        path = f"{inside}{field.name}"
        if path in seen:
            return path
        seen.add(path)
        kind = field.type
        children = [kind.field(at) for at in range(kind.num_fields)]
        if (found := repeated_name(children, f"{path}.")) is not None:
            return found
    return None
