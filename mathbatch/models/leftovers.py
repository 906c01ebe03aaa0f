"""Keep a list of what an engine leaves on the machine, so that the next start can remove it where nobody else has.

A run and its reaper remove all of it when the engine ends. If both are killed, and Python's resource tracker too, there
stay the folder of sockets, files in which vLLM's workers met, and shared memory: hundreds of megabytes for each engine.
So each folder of sockets, `mb-…`, holds

- `lock`, which the run and its reaper lock. The system unlocks it when both are gone, and in no other case. It says so
  across containers, too, where the numbers of processes don't.
- `before.txt`, with the names of shared memory that was there before the engine,
- `left.txt`, with the path of each file that this engine has made outside of the folder.

Nothing else is ever removed: a folder without a lock, or of another user, is not ours to judge.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "mb-"
LOCK = "lock"
BEFORE = "before.txt"
LIST = "left.txt"
# Environment variable with the folder of the engine, for its processes.
FOLDER = "MATHBATCH_ENGINE_FOLDER"
SHARED_MEMORY = Path("/dev/shm")
# Shared memory that the engine's own packages make, and no server that it may have connected to: Python's
# `multiprocessing`, NCCL, torch and vLLM.
MAKERS = ("psm_", "sem.mp-", "nccl-", "torch_", "vllm_")


def own_folder(folder: str) -> int:
    """Lock a folder of sockets as long as this process lives, or one that inherits the descriptor. Return it."""
    before = Path(folder, BEFORE)
    try:
        before.write_text("\n".join(_shared_memory()), "utf-8")
    except OSError:  # the disk is full: half a list would be worse than none
        before.unlink(missing_ok=True)
    lock, draft = f"{folder}/{LOCK}", f"{folder}/{LOCK}.new"
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    # Without locks on that file system, the next start can't lock it either, and leaves the folder where it is.
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.rename(draft, lock)  # so that nobody finds it unlocked
    return descriptor


def note(folder: str, path: str) -> None:
    """Add a file to the list of what the engine of this folder leaves. A full disk costs only the note."""
    with suppress(OSError), open(f"{folder}/{LIST}", "a", encoding="utf-8") as file:
        file.write(f"{path}\n")


def remove_folder(folder: str) -> None:
    """Remove a folder of sockets and all that its list names."""
    with suppress(OSError):
        listed = Path(folder, LIST).read_text("utf-8").splitlines(keepends=True)
        for line in listed:
            if line.endswith("\n"):  # otherwise it is part of a path
                Path(line.rstrip("\n")).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers(parent: str) -> None:
    """Remove the folders of sockets in `parent`, and what they list, that no living process owns."""
    with suppress(OSError):
        found = [entry for entry in os.scandir(parent) if entry.name.startswith(PREFIX) and _is_own_folder(entry)]
        for entry in found:
            with _locked(f"{entry.path}/{LOCK}") as nobody_owns_it:
                if nobody_owns_it:
                    remove_folder(entry.path)


def _is_own_folder(entry: os.DirEntry[str]) -> bool:
    """Tell whether this is a folder of this user: anybody may make one in /tmp whose list names files of others."""
    return entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_uid == os.geteuid()


@contextmanager
def _locked(path: str) -> Iterator[bool]:
    """Tell whether a lock file is there that nobody holds, and hold it meanwhile."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        yield False
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


class SharedMemoryNotes:
    """Notes which shared memory the processes of an engine have made since its folder was made."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._seen = _shared_memory()
        with suppress(OSError):
            self._seen = set(Path(folder, BEFORE).read_text("utf-8").split("\n"))

    def look(self, processes: Iterable[int]) -> None:
        """Note what is new and mapped by one of the processes with these ids."""
        names = _shared_memory()
        new, self._seen = names - self._seen, names
        if not new:
            return
        mapped = {number for process in processes for number in _mapped(process)}
        for name in sorted(new):
            with suppress(OSError):
                if (SHARED_MEMORY / name).lstat().st_ino in mapped:
                    note(self._folder, str(SHARED_MEMORY / name))


def _shared_memory() -> set[str]:
    with suppress(OSError):
        return {name for name in os.listdir(SHARED_MEMORY) if name.startswith(MAKERS)}
    return set()


def _mapped(process: int) -> Iterator[int]:
    """Yield the inodes of shared memory that a process maps.

    Not the names, since a semaphore has been mapped under another name. proc_pid_maps(5) has the columns.
    """
    with suppress(OSError), open(f"/proc/{process}/maps", encoding="utf-8", errors="replace") as maps:
        for line in maps:
            columns = line.split(maxsplit=5)
            if len(columns) == 6 and columns[5].startswith(f"{SHARED_MEMORY}/"):
                yield int(columns[4])
