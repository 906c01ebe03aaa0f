"""Make the ids of rows from their fields, and find duplicates without keeping a million ids in memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from mathbatch.data.rows.fields import ABSENT
from mathbatch.data.storage.spilled import SpilledMap
from mathbatch.errors import SampleError
from mathbatch.records import Row

IdOf = Callable[[Row, str | None, int], str]
# Floats below this hold every whole number exactly.
MAX_WHOLE_FLOAT = 2**53


def id_text(value: Any) -> str | None:
    """Return the text of a value that may be an id: "q1", 7, or 7.0, which is 7. Return None for any other value.

    Whole numbers become floats where a column has a gap, in pandas and in what it writes.
    """
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, int):
        return None if isinstance(value, bool) else str(value)
    is_whole = isinstance(value, (float, Decimal)) and math.isfinite(value) and value == int(value)
    return str(int(value)) if is_whole and abs(value) < MAX_WHOLE_FLOAT else None


def id_maker(index_field: Any, reads: Sequence[Callable[[Row], Any]]) -> tuple[IdOf, IdOf]:
    r"""Return a function that makes the id of a row from the row, its key and its number, and one that escapes.

    The id is what `reads` find in the row, joined by hyphens. The key, the member name in a JSON object of rows, stands
    in for a field that is absent. Without any `reads` the id is the key, or else the number. Both functions raise
    SampleError for a row without an id. The second one escapes hyphens within the parts: ("a-b", "c") is `a\-b-c`
    there, and ("a", "b-c") is `a-b\-c`, where the first one makes `a-b-c` of both.
    """

    def part(value: Any, key: str | None) -> str:
        if value is ABSENT and key is not None:
            return key
        text = id_text(value)
        if text is not None:
            return text
        found = "there is no such field" if value is ABSENT else f"it is {value!r}"
        remedy = "dataset.index_field=null takes the row number"
        raise SampleError("missing_id", f"no id in dataset.index_field={index_field}: {found}; {remedy}")

    def numbered(row: Row, key: str | None, number: int) -> str:
        return str(number) if key is None else key

    def single(row: Row, key: str | None, number: int) -> str:
        value = read(row)
        return value if isinstance(value, str) and value.strip() else part(value, key)

    def several(row: Row, key: str | None, number: int) -> str:
        return "-".join([part(read(row), key) for read in reads])

    def escaped(row: Row, key: str | None, number: int) -> str:
        parts = [part(read(row), key) for read in reads]
        return "-".join(one.replace("\\", r"\\").replace("-", r"\-") for one in parts)

    if not reads:
        return numbered, numbered
    read = reads[0]
    return (single, single) if len(reads) == 1 else (several, escaped)


class SeenIds:
    """Finds duplicates among the ids of the rows so far.

    While ids rise, as they do in most files, only the last one is kept. From the first id that doesn't rise, hashes of
    all ids are kept, most of them on disk. `before` reads the ids of the rows before a row number once more.
    """

    def __init__(self, before: Callable[[int], Iterable[str]]) -> None:
        self._before = before
        self._last = (0, "")
        self._hashes: SpilledMap | None = None

    def add(self, id: str, row_number: int) -> bool:
        """Tell whether an id is new, and remember it."""
        if self._hashes is None:
            rank = (len(id), id)  # by length first, so that 9 comes before 10
            if rank > self._last:
                self._last = rank
                return True
            self._hashes = SpilledMap()
            for earlier in self._before(row_number):
                self._add(self._hashes, earlier)
        return self._add(self._hashes, id)

    def _add(self, hashes: SpilledMap, id: str) -> bool:
        if hashes.get(hash(id)) is not None:
            return False
        hashes.add(hash(id), 0)
        return True
