"""Handle the process's standard streams at the level of file descriptors."""

from __future__ import annotations

import errno
import os
import stat


def discard(descriptor: int) -> None:
    """Point this descriptor at /dev/null, so that Python's flush at exit does not fail again."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)


def is_closed_terminal(descriptor: int, error: OSError) -> bool:
    """Tell whether writing failed because this descriptor is a terminal that somebody has closed."""
    return error.errno == errno.EIO and stat.S_ISCHR(os.fstat(descriptor).st_mode)
