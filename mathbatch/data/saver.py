"""The store of one run folder: records in `responses/*.jsonl`, and an index of them in memory.

The index holds one number a unit, about 120 bytes in all; texts stay on disk.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import BinaryIO

import msgspec

from mathbatch.base import BaseDataSaver
from mathbatch.data.lock import FolderLock
from mathbatch.data.segments import SegmentWriter, check, disk_error, encode, read_lines, repair_tail
from mathbatch.errors import StoreError
from mathbatch.records import Record

OFFSET_BITS = 44
"""A place is one integer, segment number above and offset below: 16 TiB a segment."""


class Head(msgspec.Struct):
    """The part of a record that the index needs; the rest of the line is skipped over."""

    id: str
    digest: str
    rollout: int = 0
    failure: msgspec.Raw | None = None


class JsonLinesDataSaver(BaseDataSaver):
    """Records as JSON Lines. With `rerun` the old ones are moved to `responses-<time>/` first."""

    def __init__(self, run_dir: Path, rerun: bool = False) -> None:
        self.folder = Path(run_dir) / "responses"
        self._rerun = rerun
        self._lock = FolderLock(Path(run_dir))
        self._writer: SegmentWriter | None = None
        self._segments: list[Path] = []
        self._readers: dict[int, BinaryIO] = {}
        # Unit to place; a failure's place is stored as its complement, below zero. The key is a 64-bit hash: `find`
        # compares the record itself, so that two units with one hash would show as a missing record.
        self._places: dict[int, int] = {}
        self._decode = msgspec.json.Decoder(Record).decode

    def open(self) -> None:
        self._lock.acquire()
        try:
            if self._rerun and self.folder.is_dir():
                self.folder.rename(self.folder.with_name(f"responses-{time.strftime('%Y%m%dT%H%M%S')}"))
            self.folder.mkdir(exist_ok=True)
            for path in segment_paths(self.folder):
                repair_tail(path)
                self._index(path)
        except OSError as error:
            self._lock.release()
            raise disk_error(self.folder, error) from error
        except StoreError:
            self._lock.release()
            raise

    def append(self, record: Record) -> None:
        if self._writer is None:
            number = int(self._segments[-1].stem) + 1 if self._segments else 1
            self._writer = SegmentWriter(self.folder / f"{number:05d}.jsonl")
            self._segments.append(self._writer.path)
        offset = self._writer.append(encode(record))
        self._note(
            record.id, record.rollout, record.digest, len(self._segments) - 1, offset, record.failure is not None
        )

    def state(self, id: str, rollout: int, digest: str) -> str | None:
        place = self._places.get(hash((id, rollout, digest)))
        return None if place is None else "answered" if place >= 0 else "failed"

    def find(self, id: str, rollout: int, digest: str) -> Record | None:
        place = self._places.get(hash((id, rollout, digest)))
        if place is None:
            return None
        record = self._read(place if place >= 0 else ~place)
        return record if (record.id, record.rollout, record.digest) == (id, rollout, digest) else None

    def close(self) -> None:
        try:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
        finally:
            for reader in self._readers.values():
                reader.close()
            self._readers.clear()
            self._lock.release()

    def _index(self, path: Path) -> None:
        number = len(self._segments)
        self._segments.append(path)
        decode = msgspec.json.Decoder(Head).decode
        for line in read_lines(path):
            if line.body is None:
                raise damaged(path, line.number)
            head = decode(line.body)
            self._note(head.id, head.rollout, head.digest, number, line.offset, head.failure is not None)

    def _note(self, id: str, rollout: int, digest: str, segment: int, offset: int, failed: bool) -> None:
        key = hash((id, rollout, digest))
        place = segment << OFFSET_BITS | offset
        if not failed:
            self._places[key] = place
        elif self._places.get(key, -1) < 0:  # an answer stays, whatever failed before or after it
            self._places[key] = ~place

    def _read(self, place: int) -> Record:
        number = place >> OFFSET_BITS
        reader = self._readers.get(number)
        if reader is None:
            reader = self._readers[number] = self._segments[number].open("rb")
        reader.seek(place & ((1 << OFFSET_BITS) - 1))
        body = check(reader.readline())
        if body is None:
            raise StoreError(f"{self._segments[number]} changed while it was read: another program writes there")
        return self._decode(body)


def segment_paths(folder: Path) -> list[Path]:
    """The segments of a store in the order in which they were written."""
    return sorted(path for path in folder.glob("*.jsonl") if path.stem.isdecimal())


def damaged(path: Path, line: int) -> StoreError:
    return StoreError(
        f"{path}, line {line}: the record is damaged (its checksum does not fit)\n"
        f"  fix: python -m mathbatch.verify run_dir={path.parent.parent} lists all damage; with repair=true it sets "
        "damaged lines aside, and the next run answers those units again"
    )
