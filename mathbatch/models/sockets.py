"""Choose a folder for the sockets of processes: a path of a socket may have at most 107 bytes.

Schedulers set TMPDIR to folders with long paths. Sockets go to /tmp then; all other temporary files stay in TMPDIR.
"""

from __future__ import annotations

import errno
import multiprocessing.util
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from mathbatch.errors import StoreError

# unix(7), less the zero byte at the end.
LONGEST_PATH = 107
# Longest name below the folder for temporary files: a folder, and in it one of vLLM's sockets, which are UUIDs.
LONGEST_NAME = len("/mb-00000000/00000000-0000-0000-0000-000000000000")
SHORT_FOLDERS = "/tmp", "/var/tmp", "/dev/shm"


def make_socket_folder() -> str:
    """Make a temporary folder in which sockets fit. Raise StoreError if that can't be done.

    It has to be removed by the caller.
    """
    with _short_folder() as parent:
        return tempfile.mkdtemp(prefix="mb-", dir=parent)


def shorten_sockets_of_multiprocessing() -> None:
    """Let Python's `multiprocessing` have its sockets where they fit. Raise StoreError if that can't be done.

    It makes one folder when it first needs one, keeps to that and removes it at its end.
    """
    with _short_folder() as parent:
        before, tempfile.tempdir = tempfile.tempdir, parent
        try:
            multiprocessing.util.get_temp_dir()
        finally:
            tempfile.tempdir = before


def holds_sockets(folder: str, longest_name: int = LONGEST_NAME) -> bool:
    """Tell whether the paths of sockets below this folder are short enough."""
    return len(os.fsencode(folder)) + longest_name <= LONGEST_PATH


@contextmanager
def _short_folder() -> Iterator[str]:
    """Yield TMPDIR, or a folder with a shorter path. Raise StoreError if there is none or the disk refuses."""
    parent = os.environ.get("TMPDIR", "")
    try:
        parent = tempfile.gettempdir()
        if not holds_sockets(parent):
            usable = (folder for folder in SHORT_FOLDERS if os.access(folder, os.W_OK | os.X_OK))
            parent = next(usable, parent)
        if not holds_sockets(parent):
            raise OSError(errno.ENAMETOOLONG, f"the path is too long, and {', '.join(SHORT_FOLDERS)} can't be used")
        yield parent
    except OSError as error:
        raise StoreError(
            f"can't make sockets for processes in {parent}: {error.strerror or error}\n"
            "  fix: set TMPDIR to a folder with a short path and with free space, such as TMPDIR=/tmp"
        ) from error
