"""What ran, kept beside the answers: `config.yaml`, and a copy with the overrides of each attempt in `.hydra/<time>/`.

Nothing is resolved: a secret stays the `${oc.env:…}` that it was written as.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from mathbatch.atomic import atomic_write
from mathbatch.data.segments import disk_error
from mathbatch.errors import ConfigError

FOLDER_FILE = "started-in.txt"
"""The folder that relative paths of the configuration start from."""


def write_snapshot(run_dir: Path, composed: DictConfig, overrides: Sequence[str]) -> None:
    """Raises StoreError where the folder can't be written."""
    attempt = run_dir / ".hydra" / time.strftime("%Y%m%dT%H%M%S")
    try:
        attempt.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(attempt, error) from error
    config = OmegaConf.to_yaml(composed)
    for path, text in (
        (attempt / FOLDER_FILE, f"{Path.cwd()}\n"),
        (attempt / "overrides.yaml", OmegaConf.to_yaml(OmegaConf.create(list(overrides)), resolve=False)),
        (attempt / "config.yaml", config),
        (run_dir / "config.yaml", config),
    ):
        with atomic_write(path) as stream:
            stream.write(text.encode())


def read_snapshot(run_dir: Path) -> tuple[DictConfig, Path]:
    """What ran last in this folder, and the folder it was started in. Raises ConfigError if that is no run folder."""
    attempts = sorted((run_dir / ".hydra").glob(f"*/{FOLDER_FILE}"))
    if not attempts or not (run_dir / "config.yaml").is_file():
        raise ConfigError("run_dir", f"{run_dir} is no run folder: it has no config.yaml", "name the folder of a run")
    composed = OmegaConf.load(run_dir / "config.yaml")
    assert isinstance(composed, DictConfig)
    return composed, Path(attempts[-1].read_text().rstrip("\n"))
