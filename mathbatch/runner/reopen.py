"""Open an existing run folder to verify or score it. No engine is loaded."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from mathbatch.config import Config
from mathbatch.config.load import typed
from mathbatch.config.reconfigure import overridden
from mathbatch.data.saver import damaged, is_torn
from mathbatch.data.storage.index import RecordIndex
from mathbatch.data.storage.lock import FolderLock
from mathbatch.data.storage.read_only import ReadOnlyStore
from mathbatch.data.storage.segments import disk_error, segment_paths, torn_at
from mathbatch.errors import ConfigError
from mathbatch.runner.components import Components, build
from mathbatch.runner.run_key import key_as_recorded
from mathbatch.runner.snapshot import read_snapshot


def make_folder(folder: Path) -> None:
    """Make a folder and those above it. Raises StoreError if the disk refuses."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(folder, error) from error


def refuse_read_only(run_dir: Path, fix: str) -> None:
    """Raise ConfigError for a folder that is there and can't be written."""
    if run_dir.is_dir() and not os.access(run_dir, os.W_OK):
        raise ConfigError("run_dir", f"{run_dir} can only be read", fix)


@contextlib.contextmanager
def locked(run_dir: Path, shared: bool = False) -> Iterator[None]:
    """Hold the folder; `shared` with others that only read it, and without writing anything there.

    Raises StoreError while a run writes there, ConfigError if there is no such folder.
    """
    if not run_dir.is_dir():
        raise ConfigError("run_dir", f"there is no folder {run_dir.absolute()}", "name the folder of a run")
    lock = FolderLock(run_dir)
    lock.acquire_shared() if shared else lock.acquire()
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
    with components_in(run_dir, typed(composed, is_new=False), folder) as components:
        yield components


@contextlib.contextmanager
def components_in(run_dir: Path, config: Config, folder: Path) -> Iterator[Components]:
    """Yield the components of the run in a folder, whose relative paths start from `folder`. Raises ConfigError."""
    with contextlib.chdir(folder if folder.is_dir() else Path.cwd()):
        yield replace(build(config, run_dir), run=key_as_recorded(run_dir))


def read_records(components: Components, is_growing: bool = False) -> None:
    """Give the components a store with all records of their locked folder. Raises StoreError for damaged ones.

    Nothing is written. A torn last line, which was never counted as saved, is left out and told. The folder of a run
    that is at work isn't locked: it `is_growing`, and its last line is about to be written.
    """
    index = RecordIndex()
    for path in segment_paths(components.run_dir / "responses"):
        torn = torn_at(path)
        for line in index.read_segment(path):
            if is_growing and is_torn(line, torn):
                continue
            if line.offset != torn:
                raise damaged(path, line.number)
            print(f"mathbatch: {path}, line {line.number}: the torn last line is left out", file=sys.stderr)
    components.saver = ReadOnlyStore(index)
