"""Send our own words to the terminal and everything else to `run.log`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from mathbatch.data.storage.regular import refuse_irregular
from mathbatch.data.storage.segments import disk_error
from mathbatch.visible import cover_hidden, visibly


@contextmanager
def chatter_to(log: Path) -> Iterator[TextIO]:
    """Send what this process and its children print to `log`; yield the terminal.

    The file descriptors themselves are redirected, since the engine's processes and C libraries write to those. What
    these have written to it, now or before a kill, is made safe to look at.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        with suppress(FileNotFoundError):
            refuse_irregular(log, log.lstat().st_mode)  # what a link leads to would be written over
        # Opened for writing alone, a FIFO in its place would be waited for.
        target = os.open(log, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        refuse_irregular(log, os.fstat(target).st_mode)
    except OSError as error:
        raise disk_error(log, error) from error
    cover_hidden(log)
    start = os.fstat(target).st_size
    saved = os.dup(1), os.dup(2)
    terminal = os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace", buffering=1)
    os.dup2(target, 1)
    os.dup2(target, 2)
    os.close(target)
    try:
        yield visibly(terminal)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        with suppress(OSError):  # what it still holds can't be shown on a terminal that is gone
            terminal.close()
        for number, original in enumerate(saved, 1):
            os.dup2(original, number)
            os.close(original)
        cover_hidden(log, start)
