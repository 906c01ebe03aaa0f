"""Share files between pages: as links to the same file where the disk has such, else as copies."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from mathbatch.data.storage.segments import disk_error


def share(source: Path, target: Path) -> None:
    """Bring a file to another page, unless it is there, has gone or is a link. Raises StoreError if it can't.

    Nobody writes into such files: who changes one puts another in its place.
    """
    if source.is_symlink():
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError, FileNotFoundError):
            _link(source, target)
    except OSError as error:
        raise disk_error(target, error) from error


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError:  # another disk, one without links, or a file of somebody else
        shutil.copy2(source, target, follow_symlinks=False)
