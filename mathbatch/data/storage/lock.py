"""Lock a run folder, so that one process at a time writes there.

The lock is advisory, by flock(2). The operating system releases it when the process ends, however it ends.

File systems without flock, such as Lustre as it is mounted by default, are locked by a file that is there as long as
the lock is held. The library `filelock` makes it and knows when its process has ended without removing it, if that was
on this machine. A process of another machine counts as alive until somebody deletes the file.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mathbatch.data.storage.regular import read_small, refuse_irregular
from mathbatch.data.storage.segments import disk_error
from mathbatch.errors import StoreError

if TYPE_CHECKING:
    from filelock import SoftFileLock

# File that is there as long as the lock is held, where there is no flock.
HOLDER = ".lock-holder"
# Errors by which a file system says that it has no flock. NFS without a lock service says ENOLCK.
NO_FLOCK = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL}
# Seconds between two tries to take a lock that another process holds.
POLL_S = 0.05


class FolderLocked(StoreError):
    """Folder that another process holds."""


class FolderLock:
    """Lock of one folder, held from `acquire` to `release`. Its file names the process that holds it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / ".lock"
        self._fd: int | None = None
        self._file: SoftFileLock | None = None

    def acquire(self, patience_s: float = 0.0) -> None:
        """Take the lock. Raise FolderLocked if another process holds it for so long, StoreError if the disk refuses."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                refuse_irregular(self.path, self.path.lstat().st_mode)  # what a link leads to would be emptied
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        except OSError as error:
            raise disk_error(self.path, error) from error
        started = time.strftime("%Y-%m-%d %H:%M:%S")
        try:
            _lock(fd, patience_s)
            os.ftruncate(fd, 0)
            os.write(fd, f"process {os.getpid()} on {socket.gethostname()}, since {started}".encode())
        except BlockingIOError:
            told = self._refused(fd)
            os.close(fd)
            raise told from None
        except OSError as error:
            os.close(fd)
            if error.errno not in NO_FLOCK:
                raise disk_error(self.path, error) from error
            self._file = self._acquire_file(patience_s)
        else:
            self._fd = fd

    def acquire_shared(self) -> None:
        """Keep writers out, together with others that read, and write nothing; do nothing if there was never a writer.

        Raise FolderLocked, without waiting, if a process writes there.
        """
        try:
            # A pipe in the place of the file would be waited for.
            fd = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        except OSError as error:
            fix = "without it nobody knows whether a run writes there: give permission, or remove it if none does"
            raise StoreError(f"can't read {self.path}: {error.strerror}\n  fix: {fix}") from error
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            told = self._refused(fd)
            os.close(fd)
            raise told from None
        except OSError as error:
            os.close(fd)
            if error.errno not in NO_FLOCK:
                raise StoreError(f"can't lock {self.path}: {error.strerror}") from error
            if self.path.with_name(HOLDER).exists():
                self._file = self._acquire_file()
        else:
            self._fd = fd

    def release(self) -> None:
        """Release the lock; do nothing if it isn't held."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
        if self._file is not None:
            self._file.release()
            self._file = None

    def _acquire_file(self, patience_s: float = 0.0) -> SoftFileLock:
        from filelock import SoftFileLock, Timeout

        file = SoftFileLock(self.path.with_name(HOLDER))
        try:
            file.acquire(timeout=patience_s)
        except Timeout:
            more = f"; or delete {file.lock_file} if that was on another machine and has ended"
            raise self._refused_by(_holder_in(Path(file.lock_file)), more) from None
        except OSError as error:
            raise disk_error(Path(file.lock_file), error) from error
        return file

    def _refused(self, fd: int) -> FolderLocked:
        """Return the error for a file that another process has locked, to write in the folder or to read it."""
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return self._refused_by(os.read(fd, 200).decode(errors="replace"))
        return FolderLocked(
            f"{self.path.parent} is being read: by verify, or by score with output=…\n  fix: wait for its end"
        )

    def _refused_by(self, holder: str, more: str = "") -> FolderLocked:
        return FolderLocked(
            f"{self.path.parent} is being written by another run ({holder})\n"
            f"  fix: wait for it or stop it, or choose another output_dir{more}"
        )


def _lock(fd: int, patience_s: float) -> None:
    """Lock a file for this process alone. Raise BlockingIOError if another one holds it for so long."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise
        time.sleep(POLL_S)


def _holder_in(path: Path) -> str:
    """Return the process that a file of `filelock` names: its first two lines are the process id and the machine."""
    with suppress(OSError, ValueError):
        process, machine, *_ = read_small(path).decode().splitlines()
        return f"process {process} on {machine.partition('?')[0]}"
    return f"named in {path}"
