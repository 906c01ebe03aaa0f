"""Saver on a file system that can't do what others can."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from mathbatch.data.saver import JsonLinesDataSaver

ODD = "saver._target_=support.odd_disks.OddDiskSaver"


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
