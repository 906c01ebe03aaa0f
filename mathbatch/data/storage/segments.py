"""Read and write segments: append-only files of records, with one writer each.

One line is one record as JSON that ends in its own checksum:

    {"id":"7","digest":"0f1e…","text":"\\\\boxed{4}","finish_reason":"stop","crc":"9a8b7c6d"}

A process that dies while it writes can tear the last line only. Damage anywhere else is reported, never skipped.
"""

from __future__ import annotations

import errno
import os
import threading
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from mathbatch.data.storage.remedies import remedy
from mathbatch.errors import StoreError
from mathbatch.records import Record

CRC_BYTES = len(b',"crc":"00000000"}\n')
# Bytes to read or write at a time. With Python's default of 4 KiB every dozen rows would cost a system call.
BUFFER = 1 << 16
# Seconds between calls of fsync. A power loss costs at most the answers of so many seconds, a killed process none.
SYNC_INTERVAL_S = 1.0
# Errors by which file systems say that they have no fsync for this (fsync(2)): CIFS and others for folders.
NO_FSYNC = {errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS}

_encode = msgspec.json.Encoder().encode


class SegmentLine(msgspec.Struct, frozen=True):
    """One line of a segment, its number from 1, its offset and size in bytes.

    `body` is the record as JSON, or None if the line is damaged.
    """

    number: int
    offset: int
    size: int
    body: bytes | None


def encode(record: Record) -> bytes:
    """Return the line of a record, with checksum and newline."""
    body = _encode(record)[:-1]
    return b'%b,"crc":"%08x"}\n' % (body, zlib.crc32(body))


def check(line: bytes) -> bytes | None:
    """Return the JSON of a line without its checksum, or None if the checksum doesn't match."""
    body = line[:-CRC_BYTES]
    return body + b"}" if line[-CRC_BYTES:] == b',"crc":"%08x"}\n' % zlib.crc32(body) else None


def read_lines(path: Path) -> Iterator[SegmentLine]:
    """Yield all lines of a segment, damaged ones too."""
    offset = 0
    with path.open("rb", BUFFER) as stream:
        for number, line in enumerate(stream, 1):
            yield SegmentLine(number, offset, len(line), check(line))
            offset += len(line)


def segment_paths(folder: Path) -> list[Path]:
    """Return the segments of a store in the order in which they were written."""
    return sorted(path for path in folder.glob("*.jsonl") if path.stem.isdecimal())


def torn_at(path: Path) -> int | None:
    """Return the offset of a torn last line: one without a newline, or with the zeros that a power loss leaves.

    Return None if the last line was written to its end, even if it has been damaged since.
    """
    last = None
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        # The last line begins after the last newline but one. Look for that in growing steps: a line may be long.
        span = 1 << 16
        while size:
            start = max(0, size - span)
            stream.seek(start)
            tail = stream.read()
            cut = tail.rfind(b"\n", 0, len(tail) - 1)
            if cut >= 0 or start == 0:
                last = (start + cut + 1, tail[cut + 1 :])
                break
            span *= 4
    if last is None or check(last[1]) is not None:
        return None
    start, line = last
    return start if not line.endswith(b"\n") or b"\0" in line else None


def repair_tail(path: Path) -> None:
    """Cut off a torn last line, which was never counted as saved."""
    start = torn_at(path)
    if start is not None:
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
