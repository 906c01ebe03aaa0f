"""Read the files of a run folder, where anything may stand in the place of a file.

A FIFO would be waited for, a device may answer without end, and a link may lead nowhere: only regular files are read.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from mathbatch.data.storage.remedies import remedy
from mathbatch.errors import StoreError

# Bytes to read or write at a time. With Python's default of 4 KiB every dozen rows would cost a system call.
BUFFER = 1 << 16
# Bytes of the largest small file, a configuration with long prompts in it.
LARGEST_SMALL = 1 << 24

_KINDS = {
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file, or a link to one, for reading.

    Raises FileNotFoundError if nothing is there, another OSError if it is something else or can't be read.
    """
    try:
        refuse_irregular(path, path.stat().st_mode)  # before it is opened: that may rewind a tape
    except FileNotFoundError:
        if path.is_symlink():
            raise FileExistsError(errno.EEXIST, "it is a link that leads nowhere", str(path)) from None
        raise
    return open(path, "rb", BUFFER, opener=_without_waiting)


def read_small(path: Path) -> bytes:
    """Return the content of a small regular file. Raises OSError as `open_regular` does, and for a large one."""
    with open_regular(path) as stream:
        content = stream.read(LARGEST_SMALL + 1)
    if len(content) > LARGEST_SMALL:
        raise FileExistsError(errno.EEXIST, f"it is larger than {LARGEST_SMALL >> 20} MiB", str(path))
    return content


def refuse_irregular(path: Path, mode: int) -> None:
    """Raise OSError unless a file's mode is that of a regular one."""
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder, not a file", str(path))
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise FileExistsError(errno.EEXIST, f"it is {kind}, not a file", str(path))


def read_error(path: Path, error: OSError) -> StoreError:
    """Return the error, with a fix, to raise for a file that can't be read."""
    fix = "put it back" if error.errno == errno.ENOENT else remedy(error)
    return StoreError(f"can't read {path}: {error.strerror or error}\n  fix: {fix}")


def _without_waiting(path: str, flags: int) -> int:
    # Where a FIFO has come in the meantime, opening it without O_NONBLOCK would wait for somebody who writes.
    return os.open(path, flags | os.O_NONBLOCK)
