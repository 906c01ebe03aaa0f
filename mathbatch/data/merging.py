"""Bring the records of a shard into the store of its run, durably, and however often."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from mathbatch.base import BaseDataSaver
from mathbatch.data.saver import JsonLinesDataSaver, damaged, is_torn
from mathbatch.data.storage.index import RecordIndex, sound_record
from mathbatch.data.storage.lock import FolderLock, FolderLocked
from mathbatch.data.storage.segments import disk_error, read_lines, segment_paths, sync_folder, torn_at
from mathbatch.records import Record


def take_in(saver: JsonLinesDataSaver, folder: Path, is_own: bool) -> int:
    """Append what the open store `saver` lacks of the records in `folder`; return how many these are.

    Of a folder that is the run's own (`is_own`), the segments are removed once their records are durable here. Any
    other is only read. A process that is killed on the way leaves each record in one of the two places at least, and
    the next call goes on. Raises FolderLocked while a process writes there, StoreError for damage and by the disk.
    """
    paths = _segments(folder)
    count = 0
    with closing(RecordIndex()) as found:
        for path in paths:
            torn = torn_at(path)
            for line in found.read_segment(path, sound_record):
                if not is_torn(line, torn):
                    raise damaged(path, line.number)
        for record in _counting(paths, found):
            if _is_new(record, saver, is_own):
                saver.append(record)
                count += 1
    if is_own and paths:
        saver.flush()
        _remove(folder, paths)
    return count


def _segments(folder: Path) -> list[Path]:
    """Return the segments of a store to which nobody writes: a process that begins there later makes new ones."""
    lock = FolderLock(folder)
    lock.acquire_shared()
    try:
        return segment_paths(folder / "responses")
    finally:
        lock.release()


def _counting(paths: list[Path], found: RecordIndex) -> Iterator[Record]:
    """Yield the record of each unit that counts in its store: its first answer, or else its last failure."""
    for path in paths:
        for line in read_lines(path):
            record = sound_record(line.body)
            if record is None:
                continue
            if found.place(record.id, record.rollout, record.digest) == (path, line.offset):
                yield record


def _is_new(record: Record, saver: BaseDataSaver, is_own: bool) -> bool:
    """Tell whether the store lacks a record.

    An answer comes after failures. Another failure of a unit is news if it comes from the run's own shards, which have
    tried it again; a folder from elsewhere may be as old as it likes.
    """
    state = saver.state(record.id, record.rollout, record.digest)
    if state is None or state == "answered":
        return state is None
    return record.failure is None or (is_own and saver.find(record.id, record.rollout, record.digest) != record)


def _remove(folder: Path, paths: list[Path]) -> None:
    """Remove segments, unless a process has begun to write there: it may still read them."""
    lock = FolderLock(folder)
    with suppress(FolderLocked):
        lock.acquire()
        try:
            for path in paths:
                path.unlink()
            sync_folder(paths[0].parent)
        except OSError as error:
            raise disk_error(folder, error) from error
        finally:
            lock.release()
