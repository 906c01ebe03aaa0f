"""Put numbers and texts into temporary files without names, which vanish with the process."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import weakref
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from mathbatch.errors import StoreError

# Bytes of a text from which on it lies in the file.
PIECE = 1 << 16


class Spill:
    """Temporary file of 64-bit integers, without a name. Raise StoreError where the disk refuses."""

    def __init__(self) -> None:
        file = _file_without_name()
        self._descriptor = file.fileno()
        self.close = weakref.finalize(self, file.close)

    def write(self, at: int, numbers: array[int] | memoryview) -> None:
        """Write numbers from place `at` on."""
        data, offset = memoryview(numbers).cast("B"), 8 * at
        try:
            while data:
                written = os.pwrite(self._descriptor, data, offset)
                data, offset = data[written:], offset + written
        except OSError as error:
            raise spill_error(error) from error

    def read(self, low: int, high: int) -> memoryview[int]:
        """Return the numbers from place `low` up to `high`."""
        try:
            return memoryview(os.pread(self._descriptor, 8 * (high - low), 8 * low)).cast("q")
        except OSError as error:
            raise spill_error(error) from error


class SpilledText:
    """Long text of which the last PIECE bytes at most are in memory. Raise StoreError where the disk refuses."""

    def __init__(self) -> None:
        self._recent = bytearray()
        self._sizes = array("Q")
        self._file: FileIO | None = None

    def add(self, piece: bytes) -> None:
        """Append a piece."""
        self._recent += piece
        if len(self._recent) >= PIECE:
            self._spill()

    def pieces(self) -> Iterator[bytes]:
        """Yield the text in larger pieces, each of which is several of those that were added, whole."""
        if self._file is not None:
            at = 0
            for size in self._sizes:
                try:
                    yield os.pread(self._file.fileno(), size, at)
                except OSError as error:
                    raise spill_error(error) from error
                at += size
        yield bytes(self._recent)

    def _spill(self) -> None:
        if self._file is None:
            self._file = _file_without_name()
            weakref.finalize(self, self._file.close)
        try:
            left = memoryview(self._recent)
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise spill_error(error) from error
        self._sizes.append(len(self._recent))
        self._recent = bytearray()


def _file_without_name() -> FileIO:
    try:
        file: FileIO = tempfile.TemporaryFile(prefix="mathbatch-", buffering=0)  # noqa: SIM115 - closed by its owner
    except OSError as error:
        raise spill_error(error) from error
    return file


class Directory:
    """Tells in which block each key is, by a temporary SQLite database."""

    def __init__(self) -> None:
        # An empty name is a temporary file that SQLite deletes, of which it holds 8 MB in memory.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self.close = weakref.finalize(self, self._database.close)
        for statement in ("PRAGMA journal_mode = OFF", "PRAGMA cache_size = -8000"):
            self._database.execute(statement)
        self._database.execute("CREATE TABLE blocks (key INTEGER PRIMARY KEY, number INTEGER)")

    def enter(self, number: int, keys: Iterable[int]) -> None:
        """Note the keys of one block."""
        try:
            self._database.execute("BEGIN")
            self._database.executemany("INSERT INTO blocks VALUES (?, ?)", ((key, number) for key in keys))
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            raise spill_error(error) from error

    def find(self, key: int) -> Sequence[int]:
        """Return the number of the block that has a key, or nothing."""
        try:
            found: tuple[int] | None = self._database.execute(
                "SELECT number FROM blocks WHERE key = ?", (key,)
            ).fetchone()
        except sqlite3.Error as error:
            raise spill_error(error) from error
        return found or ()


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a temporary folder, which goes with what is in it. Raises StoreError where the disk refuses."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="mathbatch-")
    except OSError as error:
        raise spill_error(error) from error
    with folder as name:
        yield Path(name)


def spill_error(error: OSError | sqlite3.Error) -> StoreError:
    """Return the error, with a fix, for temporary files that can't be written or read."""
    reason = f"{error.strerror or error}" if isinstance(error, OSError) else str(error)
    place = ""
    with suppress(FileNotFoundError):  # where nothing can be written anywhere, the reason names all folders
        place = f" in {tempfile.gettempdir()}"
    return StoreError(
        f"can't keep temporary files{place}: {reason}\n"
        "  fix: free space there, or name another folder by TMPDIR; then run again: what is saved is kept"
    )
