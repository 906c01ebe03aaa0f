"""Handle the process's standard streams at the level of file descriptors."""

from __future__ import annotations

import os


def discard(descriptor: int) -> None:
    """Point this descriptor at /dev/null, so that Python's flush at exit does not fail again."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)
