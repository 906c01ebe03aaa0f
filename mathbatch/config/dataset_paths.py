"""Find the files that a dataset file names by relative paths, from wherever a command is started."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import Any

from hydra.conf import HydraConf
from omegaconf import DictConfig, OmegaConf

from mathbatch.config.paths import SCHEME
from mathbatch.config.secrets import PATHS_OF_A_DATASET
from mathbatch.config.value_checks import check_path


def anchor_paths(composed: DictConfig, hydra: HydraConf) -> None:
    """Make the relative paths of the dataset absolute if they lie beside the folder that its file was found in.

    So `input: rows.jsonl` of `my_conf/dataset/rows.yaml` is the file beside `my_conf`. Paths that are not there, those
    of the command line, and those that mean the same from the current folder stay as they are written. Raises
    ConfigError for what can't be a path.
    """
    beside = _folder_beside(hydra)
    typed = {override.lstrip("+~").partition("=")[0] for override in hydra.overrides.task}
    values = OmegaConf.to_container(composed.dataset, resolve=False) if "dataset" in composed else None
    if beside is None or not isinstance(values, dict):
        return
    for key in PATHS_OF_A_DATASET:
        if f"dataset.{key}" not in typed and (value := values.get(key)) is not None:
            OmegaConf.update(composed, f"dataset.{key}", _anchored(value, beside, f"dataset.{key}"), merge=False)


def _folder_beside(hydra: HydraConf) -> Path | None:
    """Return the folder that holds the configuration folder with the dataset file."""
    name = str(hydra.runtime.choices.get("dataset", ""))
    for source in hydra.runtime.config_sources:
        if source.schema == "file" and (Path(source.path) / "dataset" / f"{name}.yaml").is_file():
            return Path(source.path).absolute().parent
    return None


def _anchored(value: Any, folder: Path, config_path: str) -> Any:
    if isinstance(value, list):
        return [_anchored(one, folder, config_path) for one in value]
    if not isinstance(value, str) or not value or value.startswith(("/", "~", SCHEME)) or "${" in value:
        return value
    check_path(config_path, value)
    path = os.path.normpath(folder / value)
    if path == os.path.abspath(value):
        return value
    is_there = os.path.exists(path) or (glob.has_magic(value) and glob.glob(path, recursive=True))
    return path if is_there else value
