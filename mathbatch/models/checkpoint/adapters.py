"""Find LoRA adapters and read their settings.

An adapter is a folder as PEFT saves it: `adapter_config.json` beside `adapter_model.safetensors`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mathbatch.config import hub
from mathbatch.config.paths import locate
from mathbatch.errors import ConfigError

KEY = "model.lora"
SETTINGS = "adapter_config.json"
# In the order in which vLLM looks for them.
WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin", "adapter_model.pt")
PEFT = "give the folder that `save_pretrained` of PEFT has made"


@dataclass(frozen=True)
class Adapter:
    """LoRA adapter in a folder, by the name that it has in the configuration. `settings` are those of PEFT."""

    name: str
    folder: Path
    settings: Mapping[str, Any]

    @property
    def rank(self) -> int:
        """Return the highest rank that one of its matrices has."""
        return int(max([self.settings["r"], *(self.settings.get("rank_pattern") or {}).values()]))

    @property
    def targets(self) -> str:
        """Return the names of the modules that it changes, or the pattern that tells them."""
        targets = self.settings.get("target_modules") or []
        return targets if isinstance(targets, str) else ", ".join(sorted(map(str, targets)))


def local_adapter(name: str) -> Adapter | None:
    """Return the adapter if it is here, None if it may be on the hub. Raises ConfigError for what is none."""
    folder = locate(name, KEY)
    if not folder.exists():
        hub.refuse_no_name(KEY, name)
        cached = hub.cached_snapshot(hub.MODEL, name, None)
        return None if cached is None else _read(name, cached)
    return _read(name, folder.absolute())


def available_adapter(name: str) -> Adapter:
    """Return the adapter, from the hub if it is not here. Raises ConfigError if it is nowhere, or is none."""
    if locate(name, KEY).exists():
        return _read(name, locate(name, KEY).absolute())
    return _read(name, hub.fetched(name, [SETTINGS, *WEIGHTS], KEY))


def _read(name: str, folder: Path) -> Adapter:
    """Read the settings of an adapter. Raises ConfigError if the folder holds no LoRA adapter."""
    file = folder / SETTINGS
    if not file.is_file():
        raise _no_adapter(folder)
    try:
        settings = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(KEY, f"can't read {file}: {error}", PEFT) from error
    kind = settings.get("peft_type", "LORA") if isinstance(settings, dict) else None
    if kind != "LORA":
        raise ConfigError(KEY, f"{file} is of the kind {kind}, and vLLM takes LORA alone", "train a LoRA adapter")
    ranks = [settings.get("r"), *(settings.get("rank_pattern") or {}).values()]
    wrong = next((rank for rank in ranks if not isinstance(rank, int) or rank < 1), None)
    if wrong is not None or settings.get("r") is None:
        raise ConfigError(KEY, f"{file} has no rank `r` of 1 or more, but {wrong}", PEFT)
    if not any((folder / weights).is_file() for weights in WEIGHTS):
        raise ConfigError(KEY, f"{folder} has no {WEIGHTS[0]}", PEFT)
    return Adapter(name, folder, settings)


def _no_adapter(folder: Path) -> ConfigError:
    """Return the error for a path that is no adapter; it names the adapter below, and knows a whole checkpoint."""
    if not folder.is_dir():
        return ConfigError(KEY, f"{folder} is no folder", PEFT)
    below = sorted(file.parent for file in folder.glob(f"*/{SETTINGS}"))
    if below:
        return ConfigError(KEY, f"{folder} has no {SETTINGS}", f"give one of the folders in it: {below[-1]}")
    if (folder / "config.json").is_file():
        return ConfigError(KEY, f"{folder} has no {SETTINGS}, but is a whole checkpoint", "set model.path to it")
    return ConfigError(KEY, f"{folder} has no {SETTINGS}", PEFT)
