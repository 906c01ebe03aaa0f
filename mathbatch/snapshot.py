"""What ran, kept beside the answers: `config.yaml`, and a copy with the overrides of each attempt in `.hydra/<time>/`.

Nothing is resolved: a secret stays the `${oc.env:…}` that it was written as.
"""

from __future__ import annotations

import time
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from mathbatch.atomic import atomic_write


def write_snapshot(run_dir: Path, composed: DictConfig) -> None:
    """Raises StoreError where the folder can't be written."""
    attempt = run_dir / ".hydra" / time.strftime("%Y%m%dT%H%M%S")
    attempt.mkdir(parents=True, exist_ok=True)
    overrides = "".join(f"- {override}\n" for override in HydraConfig.get().overrides.task)
    config = OmegaConf.to_yaml(composed)
    for path, text in (
        (attempt / "overrides.yaml", overrides),
        (attempt / "config.yaml", config),
        (run_dir / "config.yaml", config),
    ):
        with atomic_write(path) as stream:
            stream.write(text.encode())
