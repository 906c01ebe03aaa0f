"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mathbatch.data.storage.segments import BUFFER, disk_error, sync_folder


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Write beside `path`, then take its name. Raises StoreError where the disk refuses."""
    draft = path.with_name(f".{path.name}.draft")
    try:
        with draft.open("wb", BUFFER) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise disk_error(path, error) from error
    finally:
        draft.unlink(missing_ok=True)
