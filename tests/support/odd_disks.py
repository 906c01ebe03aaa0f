"""Saver on a file system that can't do what others can."""

from __future__ import annotations

import builtins
import errno
import fcntl
import io
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, NoReturn

from mathbatch.data.saver import JsonLinesDataSaver

ODD = "saver._target_=support.odd_disks.OddDiskSaver"
FULL = "saver._target_=support.odd_disks.FullDiskSaver"
# Bytes that a FullDiskSaver's disk takes; without it, any number.
ROOM = "MATHBATCH_TEST_ROOM"


class OddDiskSaver(JsonLinesDataSaver):
    """Lets the system refuse, for its whole process: `flock`, fsync of folders, fsync of files.

    The number of the error is given for each.
    """

    def __init__(
        self,
        run_dir: Path,
        rerun: bool = False,
        flock: int | None = None,
        fsync_folder: int | None = None,
        fsync_file: int | None = None,
    ) -> None:
        super().__init__(run_dir, rerun)
        if flock is not None:
            fcntl.flock = lambda *_: _refuse(flock)
        os.fsync = _fsync(os.fsync, fsync_folder, fsync_file)


def _fsync(real: Callable[[int], None], folder: int | None, file: int | None) -> Callable[[int], None]:
    def fsync(descriptor: int) -> None:
        refused = folder if stat.S_ISDIR(os.fstat(descriptor).st_mode) else file
        if refused is not None:
            _refuse(refused)
        real(descriptor)

    return fsync


def _refuse(number: int) -> NoReturn:
    raise OSError(number, os.strerror(number))


class FullDiskSaver(JsonLinesDataSaver):
    """Lets the whole process write so many bytes to files, over all of them, and then find the disk full.

    It stands for a full disk where nobody may mount one.
    """

    def __init__(self, run_dir: Path, rerun: bool = False) -> None:
        super().__init__(run_dir, rerun)
        if ROOM in os.environ:
            disk = Disk(int(os.environ[ROOM]))
            io.open = builtins.open = disk.opened
            os.write = disk.write


class Disk:
    """Counts what is written to files that were opened here, and to segments."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._open, self._write = io.open, os.write

    def opened(self, file: Any, mode: str = "r", buffering: int = -1, *more: Any, **options: Any) -> IO[Any]:
        """Open a file as `open` does; one that is written takes no more than there is room."""
        if not set(mode) & set("wxa+") or isinstance(file, int):
            return self._open(file, mode, buffering, *more, **options)
        raw = FullFile(self, file, mode)
        if "b" not in mode:
            return io.TextIOWrapper(io.BufferedWriter(raw), **options)
        if buffering == 0:
            return raw
        return io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)

    def write(self, descriptor: int, data: bytes) -> int:
        """Write as `os.write` does, a part where there is no more room."""
        is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        return self._write(descriptor, self.take(data) if is_file else data)

    def take(self, data: Any) -> Any:
        """Return the part of the data for which there is room. Raise OSError if there is none."""
        part = memoryview(data)[: self.room]
        if not part and len(data):
            _refuse(errno.ENOSPC)
        self.room -= len(part)
        return part


class FullFile(io.FileIO):
    """File on a disk that may be full."""

    def __init__(self, disk: Disk, file: Any, mode: str) -> None:
        super().__init__(file, mode.replace("b", "").replace("t", ""))
        self._disk = disk

    def write(self, data: Any) -> int:
        return super().write(self._disk.take(data))
