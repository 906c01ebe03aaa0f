"""Find the folder of a run, also where it is named for the same run by other words.

The name ends in a hash of the run's identity. Earlier versions hashed paths and numbers as they were spelled, and a
folder may have been moved together with its dataset. Such a folder is known by what its attempts have recorded: the
configuration, and where they were started.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf

from mathbatch.config import Config
from mathbatch.config.load import typed
from mathbatch.config.spelling import Loader
from mathbatch.errors import ConfigError
from mathbatch.runner.identity import folder_name, identity, identity_as_spelled, resolved_input, rounded, slug
from mathbatch.runner.snapshot import attempts, origin, started_in

# Keys of a dataset that name files.
FILES = {"input", "examples", "image_base_path", "hub"}


def run_folder(config: Config) -> Path:
    """Return the folder of a run: `<output_dir>/<model>/<dataset>/<sampling>-<hash8>`."""
    parent = Path(config.output_dir).expanduser().absolute() / slug(config.model.name) / slug(config.dataset.name)
    ours = identity(config)
    folder = parent / folder_name(config, ours)
    return folder if folder.is_dir() else _by_other_words(folder, ours) or folder


def _by_other_words(folder: Path, ours: dict[str, Any]) -> Path | None:
    """Return the folder beside this one that is of the same run, of several the one that ran last."""
    label = folder.name.rpartition("-")[0]
    others = [(found[-1].name, other) for other in folder.parent.glob(f"{label}-*") if (found := attempts(other))]
    return next((other for _, other in sorted(others, reverse=True) if _is_of(other, ours)), None)


def _is_of(folder: Path, ours: dict[str, Any]) -> bool:
    """Tell whether a folder is of this run: all its attempts are, and it is still named for one of them.

    An attempt that was started elsewhere may mean other files by the same words. And where a checkpoint or a system
    prompt has changed since, the name is that of another run.
    """
    if not _may_be_of(folder, ours):
        return False
    is_named = False
    for attempt in reversed(attempts(folder)):
        known, names = _recorded(attempt, folder)
        if known != ours:
            return False
        is_named = is_named or folder.name in names
    return is_named


def _may_be_of(folder: Path, ours: dict[str, Any]) -> bool:
    """Compare what the last attempt has written in plain words, as reading a configuration in full takes 0.1 s."""
    written, started = _written(attempts(folder)[-1])
    dataset, sampling = written.get("dataset") or {}, written.get("sampling") or {}
    names, start = dataset.get("input"), origin(folder, str(written.get("output_dir")), started)
    if "${" not in str(names) and resolved_input(names, start) != ours["dataset"]["input"]:
        return False
    pairs = [
        (section[key], kept[key])
        for section, kept in ((dataset, ours["dataset"]), (sampling, ours["sampling"]))
        for key in section.keys() & kept.keys() - FILES
    ]
    return all("${" in str(value) or rounded(value) == kept for value, kept in pairs)


@functools.cache
def _written(attempt: Path) -> tuple[dict[str, Any], Path]:
    """Return the configuration of an attempt as it is written, empty if it is no YAML, and where it was started."""
    try:
        written = yaml.load((attempt / "config.yaml").read_bytes(), Loader=Loader)
    except (OSError, yaml.YAMLError):
        written = None
    return written if isinstance(written, dict) else {}, started_in(attempt)


@functools.cache
def _recorded(attempt: Path, folder: Path) -> tuple[dict[str, Any] | None, set[str]]:
    """Return the identity of an attempt as its files are now, and the names that its folder may have for it.

    There are none if its configuration can't be read any more.
    """
    try:
        composed = OmegaConf.load(attempt / "config.yaml")
        assert isinstance(composed, DictConfig)
        config: Config = typed(composed, is_new=False)
        started = started_in(attempt)
        start = origin(folder, config.output_dir, started)
        known, moved = identity(config, start), identity(config, start, named_from=started)
        ways = (known, moved, identity_as_spelled(config, start))
    except (ConfigError, OSError, yaml.YAMLError):
        return None, set()
    return known, {folder_name(config, way) for way in ways}
