"""A run folder as it lies there, without its engine: for whoever proves, scores or compares it."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, OverrideParseException
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from mathbatch.base import BaseDataSaver
from mathbatch.compose import conf_dir, typed
from mathbatch.data.index import RecordIndex
from mathbatch.data.lock import FolderLock
from mathbatch.data.saver import damaged
from mathbatch.data.segments import disk_error, repair_tail, segment_paths
from mathbatch.errors import ConfigError, nearest
from mathbatch.parts import Parts, build
from mathbatch.records import Record
from mathbatch.snapshot import read_snapshot


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

    @property
    def answered(self) -> int:
        return self._index.answered

    def close(self) -> None:
        self._index.close()


def make_folder(folder: Path) -> None:
    """Raises StoreError where the disk refuses."""
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
    """With `overrides`, in Hydra's grammar: each takes the place of what was there. Raises ConfigError."""
    composed = copy.deepcopy(composed)
    try:
        parsed = OverridesParser.create().parse_overrides(list(overrides))
    except (OverrideParseException, HydraException) as error:
        raise ConfigError("override", str(error).splitlines()[0], "write key=value, in quotes where needed") from error
    for override in parsed:
        _override(composed, override.key_or_group, override.package, override.value())
    return composed


def _override(composed: DictConfig, key: str, package: str | None, value: Any) -> None:
    if (key, package) == ("model", "judge.model"):
        key, value = "judge.model", _model(str(value))
    if key == "dataset.input":
        _keep_pictures(composed)
    value = _from_here(value) if key in ("dataset.input", "dataset.image_base_path") else value
    try:
        with open_dict(composed):
            OmegaConf.update(composed, key, value, merge=False, force_add=True)
    except OmegaConfBaseException as error:
        raise ConfigError(key, str(error.msg).splitlines()[0], "correct the key") from error


def _keep_pictures(composed: DictConfig) -> None:
    """Pictures stay where they are when another file gives the rows."""
    dataset = composed.dataset
    if dataset.image_base_path is None and dataset.input is not None:
        first = dataset.input if isinstance(dataset.input, str) else dataset.input[0]
        dataset.image_base_path = first.rpartition("/")[0] or "."


def _model(name: str) -> DictConfig:
    """The shipped YAML of a model. Raises ConfigError."""
    path = conf_dir() / "model" / f"{name}.yaml"
    if not path.is_file():
        there = [other.stem for other in path.parent.glob("*.yaml")]
        raise ConfigError("model@judge.model", f"there is no '{name}'", nearest(name, there))
    loaded = OmegaConf.load(path)
    assert isinstance(loaded, DictConfig)
    return loaded


def _from_here(value: Any) -> Any:
    """The full path of a file that is there: the rest of the configuration may be relative to another folder."""
    if isinstance(value, list):
        return [_from_here(one) for one in value]
    return str(Path(value).absolute()) if isinstance(value, str) and Path(value).exists() else value
