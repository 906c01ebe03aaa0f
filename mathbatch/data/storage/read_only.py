"""Read a store that must not be changed."""

from __future__ import annotations

from mathbatch.base import BaseDataSaver
from mathbatch.data.storage.index import RecordIndex
from mathbatch.records import Record


class ReadOnlyStore(BaseDataSaver):
    """Store of records that can only be read, by an index that is complete already."""

    def __init__(self, index: RecordIndex) -> None:
        self._index = index

    def open(self) -> None:
        """Do nothing, since the index is read already."""

    def append(self, record: Record) -> None:
        """Raise AssertionError, since callers must not write here."""
        raise AssertionError("this store is only read")

    def find(self, id: str, rollout: int, digest: str) -> Record | None:
        """Return the record of this unit made from this input."""
        return self._index.find(id, rollout, digest)

    def state(self, id: str, rollout: int, digest: str) -> str | None:
        """Return `answered`, `failed` or None."""
        return self._index.state(id, rollout, digest)

    def last_with_files(self, id: str, rollout: int, content: str | None = None) -> Record | None:
        """Return the last answer to this rollout of a sample whose images lay in files, with this content if given."""
        return self._index.last_with_files(id, rollout, content)

    @property
    def failures(self) -> int:
        """Return how many units have only failures."""
        return self._index.failed

    @property
    def answered(self) -> int:
        """Return how many units have an answer."""
        return self._index.answered

    def close(self) -> None:
        """Close the segments."""
        self._index.close()
