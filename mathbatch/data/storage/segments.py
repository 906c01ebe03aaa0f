"""Read and write segments: append-only files of records, with one writer each.

One line is one record as JSON that ends in its own checksum:

    {"id":"7","digest":"0f1e…","text":"\\\\boxed{4}","finish_reason":"stop","crc":"9a8b7c6d"}

A process that dies while it writes can tear the last line only. Damage anywhere else is reported, never skipped.
"""

from __future__ import annotations

import errno
import math
import os
import re
import threading
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from mathbatch.data.storage.regular import open_regular, read_error
from mathbatch.data.storage.remedies import remedy
from mathbatch.errors import StoreError
from mathbatch.records import Record

CRC_BYTES = len(b',"crc":"00000000"}\n')
# What a record begins with and what it ends in. Neither can stand within a text, where quotes are escaped.
BEGINNING = b'{"id":'
END = re.compile(rb',"crc":"[0-9a-f]{8}"}')
# Seconds between calls of fsync. A power loss costs at most the answers of so many seconds, a killed process none.
SYNC_INTERVAL_S = 1.0
# Errors by which file systems say that they have no fsync for this (fsync(2)): CIFS and others for folders.
NO_FSYNC = {errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS}

_encode = msgspec.json.Encoder().encode


class SegmentLine(msgspec.Struct, frozen=True):
    """One line of a segment, its number from 1, its offset and size in bytes.

    `body` is the record as JSON, or None if the line is damaged. Only the last line can have no newline (`has_end`).
    """

    number: int
    offset: int
    size: int
    body: bytes | None
    has_end: bool = True


def encode(record: Record) -> bytes:
    """Return the line of a record, with checksum and newline."""
    body = _encode(record)[:-1]
    return b'%b,"crc":"%08x"}\n' % (body, zlib.crc32(body))


def check(line: bytes) -> bytes | None:
    """Return the JSON of a line without its checksum, or None if the checksum doesn't match."""
    body = line[:-CRC_BYTES]
    return body + b"}" if line.endswith(b',"crc":"%08x"}\n' % zlib.crc32(body)) else None


def sound_records(line: bytes) -> Iterator[bytes]:
    """Yield each sound record in a damaged line, as a line of its own.

    Where the newline between two records is destroyed, both stand in one line.
    """
    after = 0
    for end in END.finditer(line):
        start = line.rfind(BEGINNING, after, end.start())
        record = line[start : end.end()] + b"\n"
        if start >= 0 and check(record) is not None:
            yield record
        after = end.end()


def read_lines(path: Path) -> Iterator[SegmentLine]:
    """Yield all lines of a segment, damaged ones too. Raise StoreError if it can't be read."""
    offset = 0
    try:
        with open_regular(path) as stream:
            for number, line in enumerate(stream, 1):
                yield SegmentLine(number, offset, len(line), check(line), line.endswith(b"\n"))
                offset += len(line)
    except OSError as error:
        raise read_error(path, error) from error


def segment_paths(folder: Path) -> list[Path]:
    """Return the segments of a store in the order in which they were written; renamed ones and copies are the last.

    Raises StoreError if the folder is there and can't be read.
    """
    try:
        found = [path for path in folder.iterdir() if path.suffix == ".jsonl" and not path.name.startswith(".")]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise read_error(folder, error) from error
    return sorted(found, key=lambda path: (number_of(path) or math.inf, path.name))


def number_of(segment: Path) -> int:
    """Return the number of a segment, counted from 1; 0 if it has been renamed."""
    return int(segment.stem) if segment.stem.isdecimal() else 0


def torn_at(path: Path) -> int | None:
    """Return the offset of a torn last line: one without a newline, or with the zeros that a power loss leaves.

    Return None if the last line was written to its end, even if it has been damaged since. Raise StoreError if the
    segment can't be read.
    """
    start, line = _last_line(path)
    if line.endswith(b"\n") and (check(line) is not None or b"\0" not in line):
        return None
    # A line that holds a sound record and more has lost a newline that was there.
    is_torn = _lacks_only_newline(line) or next(sound_records(line), None) is None
    return start if line and is_torn else None


def _last_line(path: Path) -> tuple[int, bytes]:
    """Return offset and bytes of the last line."""
    try:
        with open_regular(path) as stream:
            size = stream.seek(0, os.SEEK_END)
            # It begins after the last newline but one. Look for that in growing steps: a line may be long.
            span = 1 << 16
            while True:
                start = max(0, size - span)
                stream.seek(start)
                tail = stream.read()
                cut = tail.rfind(b"\n", 0, max(0, len(tail) - 1))
                if cut >= 0 or start == 0:
                    return start + cut + 1, tail[cut + 1 :]
                span *= 4
    except OSError as error:
        raise read_error(path, error) from error


def _lacks_only_newline(line: bytes) -> bool:
    return check(line + b"\n") is not None


def repair_tail(path: Path) -> None:
    """Cut off a torn last line, which was never counted as saved, or end it if only its newline is missing."""
    start, line = _last_line(path)
    if _lacks_only_newline(line):
        with path.open("ab") as stream:
            stream.write(b"\n")
    elif torn_at(path) is not None:
        os.truncate(path, start)


class SegmentWriter:
    """Appends lines to a new segment.

    `append` returns once the operating system has the line. A thread calls fsync every SYNC_INTERVAL_S seconds.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        self._error: OSError | None = None
        self._synced = 0
        self._stop = threading.Event()
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise disk_error(path, error) from error
        try:
            sync_folder(path.parent)
        except OSError as error:
            os.close(self._fd)
            with suppress(OSError):  # an empty segment does no harm
                path.unlink()
            raise disk_error(path, error) from error
        self._thread = threading.Thread(target=self._sync_regularly, name="group-commit", daemon=True)
        self._thread.start()

    def append(self, line: bytes) -> int:
        """Write one line and return its offset. Raise StoreError if the disk refuses; a part of a line is cut off."""
        if self._error is not None:
            raise disk_error(self.path, self._error)
        start = self.offset
        try:
            written = os.write(self._fd, line)
            while written < len(line):  # a nearly full disk takes a part, and fails at the next call
                written += os.write(self._fd, line[written:])
        except OSError as error:
            with suppress(OSError):  # opening the store repairs a torn line that stays
                os.ftruncate(self._fd, start)
            raise disk_error(self.path, error) from error
        self.offset = start + len(line)
        return start

    def flush(self) -> None:
        """Make all lines durable. Raise StoreError if that fails now or failed before."""
        self._sync()
        if self._error is not None:
            raise disk_error(self.path, self._error)

    def close(self) -> None:
        """Make all lines durable and close the segment. Raise StoreError if that fails now or failed before."""
        self._stop.set()
        self._thread.join()
        try:
            self._sync()
        finally:
            os.close(self._fd)
        if self._error is not None:
            raise disk_error(self.path, self._error)

    def _sync_regularly(self) -> None:
        while not self._stop.wait(SYNC_INTERVAL_S):
            self._sync()

    def _sync(self) -> None:
        end = self.offset
        if end == self._synced:
            return
        try:
            sync(self._fd)
            self._synced = end
        except OSError as error:
            self._error = error


def sync(descriptor: int) -> None:
    """Make a file or folder durable, as far as its file system has a way to."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NO_FSYNC:
            raise


def sync_folder(folder: Path) -> None:
    """Make new and renamed files of a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def disk_error(path: Path, error: OSError) -> StoreError:
    """Return the error, with a fix, to raise for a file that can't be written."""
    return StoreError(
        f"can't write {path}: {error.strerror or error}\n  fix: {remedy(error)}; then run again: what is saved is kept"
    )
