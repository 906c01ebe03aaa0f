"""Find the files of a checkpoint on this machine, and read what they say about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mathbatch.config import ModelConfig, hub
from mathbatch.config.paths import locate


def local_checkpoint(config: ModelConfig) -> Path | None:
    """Return the folder of the checkpoint, also in the cache of the hub; None if it is not on this machine.

    What servers call a model is no path on this one.
    """
    if config.base_urls:
        return None
    folder = locate(config.path, "model.path")
    if not folder.exists():
        folder = hub.cached_snapshot(hub.MODEL, config.path, config.revision) or folder
    return folder if folder.is_dir() else None


def config_of(folder: Path) -> dict[str, Any]:
    """Return the content of `config.json`; nothing if it is missing or damaged, which vLLM says at the load."""
    try:
        found = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
