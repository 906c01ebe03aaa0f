"""A run folder as it lies there, without its engine: for whoever proves, scores or compares it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mathbatch.base import BaseDataSaver
from mathbatch.compose import conf_dir, typed
from mathbatch.data.index import RecordIndex
from mathbatch.data.lock import FolderLock
from mathbatch.data.saver import damaged
from mathbatch.data.segments import repair_tail, segment_paths
from mathbatch.errors import ConfigError, nearest
from mathbatch.parts import Parts, build
from mathbatch.records import Record
from mathbatch.snapshot import read_snapshot

JUDGE_MODEL = "model@judge.model="


class StoredRecords(BaseDataSaver):
    """A store to read from."""

    def __init__(self, index: RecordIndex) -> None:
        self._index = index

    def open(self) -> None: ...

    def append(self, record: Record) -> None:
        raise AssertionError("this store is only read")

    def find(self, id: str, rollout: int, digest: str) -> Record | None:
        return self._index.find(id, rollout, digest)

    def state(self, id: str, rollout: int, digest: str) -> str | None:
        return self._index.state(id, rollout, digest)

    def close(self) -> None:
        self._index.close()


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
def parts_of(run_dir: Path, overrides: Sequence[str] = ()) -> Iterator[Parts]:
    """The parts of that run with `overrides` (`dataset.scoring=math`) and with relative paths as they were meant there;
    those of the overrides are relative to the current folder. Raises ConfigError.
    """
    composed, folder = read_snapshot(run_dir)
    composed = overridden(composed, overrides)
    with contextlib.chdir(folder if folder.is_dir() else Path.cwd()):
        yield build(typed(composed), run_dir)


def read_records(parts: Parts) -> None:
    """Give the parts a store with all records of their folder, which is locked. Raises StoreError for damaged ones."""
    index = RecordIndex()
    for path in segment_paths(parts.run_dir / "responses"):
        repair_tail(path)
        for line in index.read_segment(path):
            raise damaged(path, line.number)
    parts.saver = StoredRecords(index)


def overridden(composed: DictConfig, overrides: Sequence[str]) -> DictConfig:
    """Raises ConfigError for what is no `key=value`. A file that exists here is named by its full path."""
    groups = [override for override in overrides if override.startswith(JUDGE_MODEL)]
    try:
        changes = OmegaConf.from_dotlist([_from_here(override) for override in overrides if override not in groups])
        models = [OmegaConf.create({"judge": {"model": _model(group.removeprefix(JUDGE_MODEL))}}) for group in groups]
        merged = OmegaConf.merge(composed, *models, changes)
    except OmegaConfBaseException as error:
        raise ConfigError(error.full_key or "override", str(error.msg).splitlines()[0], "write key=value") from error
    assert isinstance(merged, DictConfig)
    return merged


def _model(name: str) -> DictConfig:
    """The shipped YAML of a model. Raises ConfigError."""
    path = conf_dir() / "model" / f"{name}.yaml"
    if not path.is_file():
        raise ConfigError(
            "model@judge.model", f"there is no '{name}'", nearest(name, [p.stem for p in path.parent.glob("*.yaml")])
        )
    loaded = OmegaConf.load(path)
    assert isinstance(loaded, DictConfig)
    return loaded


def _from_here(override: str) -> str:
    key, equals, value = override.partition("=")
    if key in ("dataset.input", "dataset.image_base_path") and Path(value).exists():
        return f"{key}={Path(value).absolute()}"
    return f"{key}{equals}{value}"
