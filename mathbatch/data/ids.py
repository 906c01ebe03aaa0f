"""Tells an id that is there twice, without keeping a million of them where it can be helped."""

from __future__ import annotations

from collections.abc import Callable, Iterable


class SeenIds:
    """The ids of the rows so far. While they rise, as they mostly do, the last one says enough; a million of them then
    cost nothing, and 65 MB or more otherwise. `before` reads the ids of the rows before a row once more.
    """

    def __init__(self, before: Callable[[int], Iterable[str]]) -> None:
        self._before = before
        self._last = (0, "")
        self._hashes: set[int] | None = None

    def add(self, id: str, row_number: int) -> bool:
        """Whether the id is new."""
        if self._hashes is None:
            rank = (len(id), id)  # 9 comes before 10
            if rank > self._last:
                self._last = rank
                return True
            self._hashes = {hash(earlier) for earlier in self._before(row_number)}
        hashed = hash(id)
        if hashed in self._hashes:
            return False
        self._hashes.add(hashed)
        return True
