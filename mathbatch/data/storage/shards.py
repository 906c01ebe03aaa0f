"""Name the folders of the shards of a run: each is a store like any other, `<run folder>/shards/03-of-16`."""

from __future__ import annotations

from pathlib import Path

from mathbatch.config.shards import Shard
from mathbatch.data.storage.regular import read_error

SHARDS = "shards"


def shard_folder(run_dir: Path, shard: Shard) -> Path:
    """Return the folder of a shard of the run."""
    return run_dir / SHARDS / shard.folder


def shard_folders(run_dir: Path) -> list[tuple[Shard, Path]]:
    """Return the shards of a run that have a folder, in order. Raises StoreError if they can't be listed."""
    try:
        found = [(shard, path) for path in (run_dir / SHARDS).iterdir() if (shard := Shard.of_folder(path.name))]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise read_error(run_dir / SHARDS, error) from error
    return sorted(found, key=lambda one: (one[0].count, one[0].number))


def shard_of(folder: Path) -> Shard | None:
    """Return the shard whose folder this is, None if it is that of none."""
    return Shard.of_folder(folder.name) if folder.parent.name == SHARDS else None


def run_of(folder: Path) -> Path:
    """Return the run folder that a folder of a shard belongs to, or the folder itself."""
    return folder if shard_of(folder) is None else folder.parent.parent
