"""Find the folder of a run, also where it is named for the same run by other words.

The name ends in a hash of the run's identity. Earlier versions hashed paths and numbers as they were spelled, and more
engine arguments; and a folder may have been moved together with its dataset. Such a folder is known by what its
attempts have recorded: the configuration, and where they were started.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

import yaml

from mathbatch.config import Config, ModelConfig
from mathbatch.config.load import typed
from mathbatch.config.names import name_of_path
from mathbatch.config.spelling import Loader
from mathbatch.data.storage.atomic import atomic_write
from mathbatch.data.storage.regular import read_small
from mathbatch.data.storage.shards import shard_folders
from mathbatch.errors import ConfigError
from mathbatch.runner.engine_identity import with_earlier
from mathbatch.runner.identity import folder_name, identity, identity_as_spelled, resolved_input, rounded, slug
from mathbatch.runner.snapshot import (
    CONFIG_FILE,
    SnapshotError,
    attempts,
    in_order,
    is_as_copied,
    origin,
    read_config,
    read_yaml,
    started_in,
)

# Keys of a dataset that name files.
FILES = {"input", "examples", "image_base_path", "hub"}


def run_folder(config: Config) -> Path:
    """Return the folder of a run: `<output_dir>/<model>/<dataset>/<sampling>-<hash8>`."""
    outputs, ours = Path(os.path.expanduser(config.output_dir)).absolute(), identity(config)
    models = [config.model.name, *filter(None, [config.model.former_name])]
    folders = [outputs / slug(model) / slug(config.dataset.name) / folder_name(config, ours) for model in models]
    found = (folder if folder.is_dir() else _by_other_words(folder, ours) for folder in folders)
    return next(filter(None, found), None) or _of_moved_checkpoint(folders[0], config.model) or folders[0]


def _by_other_words(folder: Path, ours: dict[str, Any]) -> Path | None:
    """Return the folder beside this one that is of the same run, of several the one that ran last."""
    label = folder.name.rpartition("-")[0]
    others = [(found[-1].name, other) for other in folder.parent.glob(f"{label}-*") if (found := _attempts(other))]
    return next((other for _, other in sorted(others, reverse=True) if _is_of(other, ours)), None)


def _of_moved_checkpoint(folder: Path, model: ModelConfig) -> Path | None:
    """Return the folder with the same hash that is named after the place where the checkpoint was before."""
    if model.name != name_of_path(model.path):
        return None
    others = folder.parents[2].glob(f"*/{folder.parent.name}/{folder.name}")
    return next(filter(_is_named_after_path, sorted(others)), None)


def _is_named_after_path(folder: Path) -> bool:
    last = next(reversed(attempts(folder)), None)
    model = {} if last is None else _written(last / CONFIG_FILE, last)[0].get("model")
    if not isinstance(model, dict) or not isinstance(path := model.get("path"), str):
        return False
    return bool(model.get("name") == name_of_path(path))


def mend_snapshot(run_dir: Path) -> list[str]:
    """Put back `config.yaml` or its copy beside the last attempt, if one of them is damaged; return what was done.

    Where they differ, the right one is the only one that gives the folder its name. If it can't be told which that is,
    nothing is done. Raises StoreError if the disk refuses.
    """
    last = next(reversed(attempts(run_dir)), None)
    if last is None:
        return []
    both = run_dir / CONFIG_FILE, last / CONFIG_FILE
    right = [path for path in both if _identity_named(path, last, run_dir)]
    if len(right) != 1:
        return []
    (wrong,) = set(both) - set(right)
    with atomic_write(wrong) as stream:
        stream.write(read_small(right[0]))
    return [f"{wrong.relative_to(run_dir)}: put back from {right[0].relative_to(run_dir)}"]


def _is_of(folder: Path, ours: dict[str, Any]) -> bool:
    """Tell whether a folder is of this run: all of its attempts that give it its name are.

    An attempt that was started elsewhere may mean other files by the same words. One that doesn't give the folder its
    name tells nothing: its configuration is damaged, or a checkpoint or a system prompt has changed since. If the last
    attempt has recorded two configurations, one of them is damaged, and either may be of this run.
    """
    *before, last = _attempts(folder)
    of_last = [last / CONFIG_FILE] if is_as_copied(folder) else [last / CONFIG_FILE, folder / CONFIG_FILE]
    if not any(_may_be_of(folder, path, last, ours) for path in of_last):
        return False
    known = [named for path in of_last if (named := _identity_named(path, last, folder))]
    known_before = [named for attempt in before if (named := _identity_named(attempt / CONFIG_FILE, attempt, folder))]
    return all(one == ours for one in known_before) and (ours in known or (not known and bool(known_before)))


def _attempts(folder: Path) -> list[Path]:
    """Return the attempts at a run; of one that only shards have begun, those of all shards."""
    of_shards = (attempt for _, shard in shard_folders(folder) for attempt in attempts(shard))
    return attempts(folder) or in_order(of_shards)


def _identity_named(config_file: Path, attempt: Path, folder: Path) -> dict[str, Any] | None:
    """Return the identity of an attempt if it gives the folder its name."""
    known, names = _recorded(config_file, attempt, folder)
    return known if folder.name in names else None


def _may_be_of(folder: Path, config_file: Path, attempt: Path, ours: dict[str, Any]) -> bool:
    """Compare what an attempt has written in plain words, as reading a configuration in full takes 0.1 s."""
    written, started = _written(config_file, attempt)
    dataset, sampling = written.get("dataset"), written.get("sampling")
    if not isinstance(dataset, dict) or not isinstance(sampling, dict):
        return False
    names = dataset.get("input")
    if not all(isinstance(name, str) for name in (names if isinstance(names, list) else [names or ""])):
        return False
    start = origin(folder, str(written.get("output_dir")), started)
    if "${" not in str(names) and resolved_input(names, start) != ours["dataset"]["input"]:
        return False
    pairs = [
        (section[key], kept[key])
        for section, kept in ((dataset, ours["dataset"]), (sampling, ours["sampling"]))
        for key in section.keys() & kept.keys() - FILES
    ]
    return all("${" in str(value) or rounded(value) == kept for value, kept in pairs)


@functools.cache
def _written(config_file: Path, attempt: Path) -> tuple[dict[str, Any], Path]:
    """Return the configuration of an attempt as it is written, empty if it is damaged, and where it was started."""
    try:
        written = yaml.load(read_yaml(config_file), Loader=Loader)
        return written if isinstance(written, dict) else {}, started_in(attempt)
    except (SnapshotError, yaml.YAMLError, ValueError):
        return {}, Path()


@functools.cache
def _recorded(config_file: Path, attempt: Path, folder: Path) -> tuple[dict[str, Any] | None, set[str]]:
    """Return the identity of an attempt as its files are now, and the names that its folder may have for it.

    There are none if its configuration can't be read any more.
    """
    try:
        config: Config = typed(read_config(config_file), is_new=False)
        started = started_in(attempt)
        start = origin(folder, config.output_dir, started)
        known, moved = identity(config, start), identity(config, start, named_from=started)
        ways = with_earlier([known, moved, identity_as_spelled(config, start)], config.model.engine)
    except (ConfigError, OSError):
        return None, set()
    return known, {folder_name(config, way) for way in ways}
