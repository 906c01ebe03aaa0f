"""Where each unit's record stands: one number a unit, about 120 bytes in all, while the texts stay on disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from mathbatch.data.storage.segments import BUFFER, Line, read_lines
from mathbatch.errors import StoreError
from mathbatch.records import Record

OFFSET_BITS = 44
"""A place is one integer, segment number above and offset below: 16 TiB a segment."""


class Head(msgspec.Struct):
    """The part of a record that the index needs; the rest of the line is skipped over."""

    id: str
    digest: str
    rollout: int = 0
    failure: dict[str, str] | None = None


class RecordIndex:
    """Units to places. The first answer of a unit stays, whatever comes after it; of failures the last one counts."""

    def __init__(self) -> None:
        self._segments: list[Path] = []
        self._readers: dict[int, BinaryIO] = {}
        # A failure's place is stored as its complement, below zero. The key is a 64-bit hash: `find` compares the
        # record itself, so that two units with one hash would show as a missing record, never as a wrong one.
        self._places: dict[int, int] = {}
        self.failed = 0
        """Units whose last record is a failure."""
        self._decode = msgspec.json.Decoder(Record).decode
        self._decode_head = msgspec.json.Decoder(Head).decode

    def add_segment(self, path: Path) -> int:
        """Room for the records of one more segment; returns its number."""
        self._segments.append(path)
        return len(self._segments) - 1

    def read_segment(self, path: Path) -> Iterator[Line]:
        """Index a segment; yields its damaged lines."""
        number = self.add_segment(path)
        for line in read_lines(path):
            if line.body is None:
                yield line
                continue
            head = self._decode_head(line.body)
            self.note(head.id, head.rollout, head.digest, number, line.offset, head.failure is not None)

    def note(self, id: str, rollout: int, digest: str, segment: int, offset: int, failed: bool) -> None:
        key = hash((id, rollout, digest))
        known = self._places.get(key)
        if known is None or known < 0:
            place = segment << OFFSET_BITS | offset
            self._places[key] = ~place if failed else place
            self.failed += failed - (known is not None)

    @property
    def answered(self) -> int:
        """Units with an answer."""
        return len(self._places) - self.failed

    def state(self, id: str, rollout: int, digest: str) -> str | None:
        """`answered`, `failed` or None."""
        place = self._places.get(hash((id, rollout, digest)))
        return None if place is None else "answered" if place >= 0 else "failed"

    def place(self, id: str, rollout: int, digest: str) -> tuple[Path, int] | None:
        """Segment and offset of the record that counts for this unit."""
        place = self._places.get(hash((id, rollout, digest)))
        if place is None:
            return None
        place = place if place >= 0 else ~place
        return self._segments[place >> OFFSET_BITS], place & ((1 << OFFSET_BITS) - 1)

    def find(self, id: str, rollout: int, digest: str) -> Record | None:
        """The record that counts for this unit, read from its segment."""
        place = self._places.get(hash((id, rollout, digest)))
        if place is None:
            return None
        record = self._read(place if place >= 0 else ~place)
        is_it = record.digest == digest and record.id == id and record.rollout == rollout
        return record if is_it else None

    def close(self) -> None:
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()
        self._places.clear()

    def _read(self, place: int) -> Record:
        number = place >> OFFSET_BITS
        try:
            reader = self._readers.get(number)
            if reader is None:
                reader = self._readers[number] = self._segments[number].open("rb", BUFFER)
            reader.seek(place & ((1 << OFFSET_BITS) - 1))
            return self._decode(reader.readline())  # its checksum was compared when it was indexed
        except OSError as error:
            raise StoreError(f"can't read {self._segments[number]}: {error.strerror}") from error
        except msgspec.DecodeError as error:
            changed = f"{self._segments[number]} changed while it was read: another program writes there"
            raise StoreError(changed) from error
