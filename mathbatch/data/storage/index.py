"""Index the records of a store by unit.

Only one number per unit is kept, most of them on disk, where the texts are too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from mathbatch.data.storage.regular import open_regular
from mathbatch.data.storage.segments import SegmentLine, check, read_lines
from mathbatch.data.storage.spilled import BLOCK, SpilledMap
from mathbatch.errors import StoreError
from mathbatch.records import Failure, Record

# A place is one integer, the segment's number above and the offset in it below. 44 bits allow 16 TiB per segment.
OFFSET_BITS = 44


class RecordHead(msgspec.Struct):
    """Fields of a record that the index needs. Decoding these only skips the text."""

    id: str
    digest: str
    rollout: int = 0
    failure: Failure | None = None
    content: str | None = None


_decode_head = msgspec.json.Decoder(RecordHead).decode
_decode_record = msgspec.json.Decoder(Record).decode
# What a decoder raises for bytes that are no such record. Deep nesting is a RecursionError.
NO_RECORD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def head_of(body: bytes | None) -> RecordHead | None:
    """Return the head of a record as JSON, None if there is none or it has the wrong types."""
    try:
        return None if body is None else _decode_head(body)
    except NO_RECORD:
        return None


def sound_record(body: bytes | None) -> Record | None:
    """Return the record, None where something else has a checksum that fits: all its types are looked at."""
    try:
        record = None if body is None else _decode_record(body)
    except NO_RECORD:
        return None
    return record if record is not None and _is_answer_or_failure(record) else None


def _is_answer_or_failure(record: Record) -> bool:
    return (record.text is None) is not (record.failure is None)


class RecordIndex:
    """Finds the record of each unit. A unit's first answer counts, whatever comes after it, or else its last failure.

    `records` counts the records that were read, and `failed` the units whose record is a failure. Up to `block` units
    are in memory, and about two blocks of those that are being asked about.
    """

    def __init__(self, block: int = BLOCK) -> None:
        self._block = block
        self._segments: list[Path] = []
        self._readers: dict[int, BinaryIO] = {}
        # The place of a failure is stored as its complement, which is negative. Keys are 64-bit hashes of units. `find`
        # compares the record itself, so that two units with the same hash show as a missing record, never a wrong one.
        self._places = SpilledMap(block)
        # Places of the last answers whose images lay in files, by hashes of id and rollout, and of these and content.
        self._with_files = SpilledMap(block)
        # Units without a record that were asked about and have got none since: a run asks about each before it answers.
        self._absent: set[int] = set()
        self.records = 0
        self.failed = 0

    def add_segment(self, path: Path) -> int:
        """Add a segment without records and return its number."""
        self._segments.append(path)
        return len(self._segments) - 1

    def read_segment(
        self,
        path: Path,
        head_of: Callable[[bytes | None], RecordHead | Record | None] = head_of,
        is_held: bool = False,
    ) -> Iterator[SegmentLine]:
        """Index the records of a segment and yield its damaged lines: those of which `head_of` returns None.

        A segment that `is_held` stays open, so that its records can be read even if another process removes it.
        """
        number = self.add_segment(path)
        if is_held:
            self._readers[number] = open_regular(path)
        first, block = number << OFFSET_BITS, self._block
        found: dict[int, int] = {}
        for line in read_lines(path):
            head = head_of(line.body)
            if head is None:
                yield line
                continue
            self.records += 1
            place = first | line.offset
            if head.failure is not None:
                place = ~place
            elif head.content is not None:
                self._note_files(head.id, head.rollout, head.content, place)
            key = hash((head.id, head.rollout, head.digest))
            if found.get(key, -1) < 0:
                found[key] = place
            if len(found) == block:
                self._note_all(found)
                found = {}
        self._note_all(found)

    def _note_all(self, found: dict[int, int]) -> None:
        """Note the places of many records of different units, which is quicker than one by one."""
        for key in self._places.known(found):
            self._note(key, found.pop(key))
        self._absent.clear()
        self.failed += sum(place < 0 for place in found.values())
        self._places.add_all(found)

    def note(
        self, id: str, rollout: int, digest: str, segment: int, offset: int, failed: bool, content: str | None = None
    ) -> None:
        """Note where the record of a unit is, unless the unit has an answer already."""
        place = segment << OFFSET_BITS | offset
        if content is not None and not failed:
            self._note_files(id, rollout, content, place)
        key = hash((id, rollout, digest))
        if key in self._absent:
            self._absent.discard(key)
            self._places.add(key, ~place if failed else place)
            self.failed += failed
        else:
            self._note(key, ~place if failed else place)

    def _note(self, key: int, place: int) -> None:
        known = self._places.get(key)
        if known is None:
            self._places.add(key, place)
            self.failed += place < 0
        elif known < 0:
            self._places.replace(key, place)
            self.failed += (place < 0) - 1

    def _note_files(self, id: str, rollout: int, content: str, place: int) -> None:
        for key in (hash((id, rollout)), hash((id, rollout, content))):
            (self._with_files.add if self._with_files.get(key) is None else self._with_files.replace)(key, place)

    @property
    def units(self) -> int:
        """Return the number of units with a record."""
        return len(self._places)

    @property
    def answered(self) -> int:
        """Return the number of units with an answer."""
        return len(self._places) - self.failed

    def state(self, id: str, rollout: int, digest: str) -> str | None:
        """Return `answered`, `failed`, or None for a unit without a record."""
        key = hash((id, rollout, digest))
        place = self._places.get(key)
        if place is not None:
            return "answered" if place >= 0 else "failed"
        if len(self._absent) >= self._block:
            self._absent.clear()
        self._absent.add(key)
        return None

    def place(self, id: str, rollout: int, digest: str) -> tuple[Path, int] | None:
        """Return segment and offset of the record that counts for this unit."""
        place = self._places.get(hash((id, rollout, digest)))
        if place is None:
            return None
        place = place if place >= 0 else ~place
        return self._segments[place >> OFFSET_BITS], place & ((1 << OFFSET_BITS) - 1)

    def find(self, id: str, rollout: int, digest: str) -> Record | None:
        """Read the record that counts for this unit from its segment."""
        place = self._places.get(hash((id, rollout, digest)))
        if place is None:
            return None
        record = self._read(place if place >= 0 else ~place)
        is_it = record.digest == digest and record.id == id and record.rollout == rollout
        return record if is_it else None

    def last_with_files(self, id: str, rollout: int, content: str | None = None) -> Record | None:
        """Read the last answer to this rollout of a sample whose images lay in files, with this content if given."""
        place = self._with_files.get(hash((id, rollout) if content is None else (id, rollout, content)))
        record = None if place is None else self._read(place)
        if record is None or (record.id, record.rollout) != (id, rollout):
            return None
        return record if content in (None, record.content) else None

    def close(self) -> None:
        """Close the segments and forget all records."""
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()
        self._places.close()
        self._with_files.close()
        self._places, self._with_files = SpilledMap(self._block), SpilledMap(self._block)
        self._absent.clear()
        self.records = self.failed = 0

    def _read(self, place: int) -> Record:
        number = place >> OFFSET_BITS
        try:
            reader = self._readers.get(number)
            if reader is None:
                reader = self._readers[number] = open_regular(self._segments[number])
            reader.seek(place & ((1 << OFFSET_BITS) - 1))
            line = reader.readline()
        except OSError as error:
            raise StoreError(f"can't read {self._segments[number]}: {error.strerror}") from error
        record = sound_record(line)
        if record is not None:
            return record
        if check(line) is None:  # which was compared when the line was indexed
            raise StoreError(f"{self._segments[number]} changed while it was read: another program writes there")
        fix = "python -m mathbatch.verify run_dir=… repair=true sets it aside, and the next run answers it again"
        raise StoreError(f"{self._segments[number]} has what is no record, though its checksum fits\n  fix: {fix}")
