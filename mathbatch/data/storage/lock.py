"""Lock a run folder, so that one process at a time writes there.

The lock is advisory, by flock(2). The operating system releases it when the process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from pathlib import Path

from mathbatch.data.storage.segments import disk_error
from mathbatch.errors import StoreError


class FolderLock:
    """Lock of one folder, held from `acquire` to `release`. Its file names the process that holds it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / ".lock"
        self._fd: int | None = None

    def acquire(self) -> None:
        """Take the lock. Raise StoreError, without waiting, if another process holds it or the disk refuses."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise disk_error(self.path, error) from error
        started = time.strftime("%Y-%m-%d %H:%M:%S")
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(fd, 0)
            os.write(fd, f"process {os.getpid()} on {socket.gethostname()}, since {started}".encode())
        except BlockingIOError:
            holder = os.read(fd, 200).decode(errors="replace")
            os.close(fd)
            raise StoreError(
                f"{self.path.parent} is being written by another run ({holder})\n"
                "  fix: wait for it or stop it, or choose another output_dir"
            ) from None
        except OSError as error:
            os.close(fd)
            raise disk_error(self.path, error) from error
        self._fd = fd

    def release(self) -> None:
        """Release the lock; do nothing if it isn't held."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
