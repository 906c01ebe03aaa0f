"""Write files that are complete or not there at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from mathbatch.data.storage.regular import BUFFER
from mathbatch.data.storage.segments import disk_error, sync, sync_folder


def remove(path: Path) -> None:
    """Remove a file if it is there. Raise StoreError if the disk refuses."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise disk_error(path, error) from error


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Open a draft beside `path` and rename it to `path` at the end. Raise StoreError if the disk refuses.

    After any other error in the block the draft is removed, and the file at `path` stays as it was.
    """
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.unlink(missing_ok=True)  # left by a process that was killed; or a link or FIFO that must not be followed
        with draft.open("xb", BUFFER) as stream:
            yield stream
            stream.flush()
            sync(stream.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise disk_error(path, error) from error
    finally:
        with suppress(OSError):  # a draft that stays does no harm
            draft.unlink()
