"""Open an existing run folder to verify or score it. No engine is loaded."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from mathbatch.config.load import typed
from mathbatch.config.reconfigure import overridden
from mathbatch.data.saver import damaged
from mathbatch.data.storage.index import RecordIndex
from mathbatch.data.storage.lock import FolderLock
from mathbatch.data.storage.read_only import ReadOnlyStore
from mathbatch.data.storage.segments import disk_error, repair_tail, segment_paths
from mathbatch.errors import ConfigError
from mathbatch.runner.components import Components, build
from mathbatch.runner.snapshot import read_snapshot


def make_folder(folder: Path) -> None:
    """Make a folder and those above it. Raises StoreError if the disk refuses."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(folder, error) from error


@contextlib.contextmanager
def locked(run_dir: Path) -> Iterator[None]:
    """Hold the folder. Raises StoreError while a run writes there, ConfigError if there is no such folder."""
    if not run_dir.is_dir():
        raise ConfigError("run_dir", f"there is no folder {run_dir.absolute()}", "name the folder of a run")
    lock = FolderLock(run_dir)
    lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def components_of(run_dir: Path, overrides: Sequence[str] = ()) -> Iterator[Components]:
    """Yield the components of that run with `overrides` (`dataset.scoring=math`). Raises ConfigError.

    Relative paths are as they were meant there; those of the overrides are relative to the current folder.
    """
    composed, folder = read_snapshot(run_dir)
    composed = overridden(composed, overrides)
    with contextlib.chdir(folder if folder.is_dir() else Path.cwd()):
        yield build(typed(composed, is_new=False), run_dir)


def read_records(components: Components) -> None:
    """Give the components a store with all records of their locked folder. Raises StoreError for damaged ones."""
    index = RecordIndex()
    for path in segment_paths(components.run_dir / "responses"):
        repair_tail(path)
        for line in index.read_segment(path):
            raise damaged(path, line.number)
    components.saver = ReadOnlyStore(index)
