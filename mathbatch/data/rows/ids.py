"""Make the ids of rows from their fields, and find duplicates without keeping a million ids in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from mathbatch.data.rows.fields import ABSENT
from mathbatch.errors import SampleError
from mathbatch.records import Row

IdOf = Callable[[Row, str | None, int], str]


def id_maker(index_field: Any, reads: Sequence[Callable[[Row], Any]]) -> IdOf:
    """Return a function that makes the id of a row from the row, its key and its number.

    The id is what `reads` find in the row, joined by hyphens. The key, the member name in a JSON object of rows, stands
    in for a field that is absent. Without any `reads` the id is the key, or else the number. The function raises
    SampleError for a row without an id.
    """

    def part(value: Any, key: str | None) -> str:
        if value is ABSENT and key is not None:
            return key
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        found = "there is no such field" if value is ABSENT else f"it is {value!r}"
        raise SampleError("missing_id", f"no id in dataset.index_field={index_field}: {found}")

    def numbered(row: Row, key: str | None, number: int) -> str:
        return str(number) if key is None else key

    def single(row: Row, key: str | None, number: int) -> str:
        value = read(row)
        return value if isinstance(value, str) and value.strip() else part(value, key)

    def several(row: Row, key: str | None, number: int) -> str:
        return "-".join([part(read(row), key) for read in reads])

    if not reads:
        return numbered
    read = reads[0]
    return single if len(reads) == 1 else several


class SeenIds:
    """Finds duplicates among the ids of the rows so far.

    While ids rise, as they do in most files, only the last one is kept. From the first id that doesn't rise, hashes of
    all ids are kept, 65 MB or more for a million. `before` reads the ids of the rows before a row number once more.
    """

    def __init__(self, before: Callable[[int], Iterable[str]]) -> None:
        self._before = before
        self._last = (0, "")
        self._hashes: set[int] | None = None

    def add(self, id: str, row_number: int) -> bool:
        """Tell whether an id is new, and remember it."""
        if self._hashes is None:
            rank = (len(id), id)  # by length first, so that 9 comes before 10
            if rank > self._last:
                self._last = rank
                return True
            self._hashes = {hash(earlier) for earlier in self._before(row_number)}
        hashed = hash(id)
        if hashed in self._hashes:
            return False
        self._hashes.add(hashed)
        return True
