"""Make LoRA adapters with random weights, as PEFT saves them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from mathbatch.config.paths import PACKAGE

DEMO = PACKAGE / "demo" / "model"
TEXT = "model.text_model.layers"
# Large enough to turn answers over, small enough to leave them words.
SCALE = 0.25


def make_adapter(
    folder: Path,
    seed: int,
    rank: int = 4,
    below: str = TEXT,
    targets: tuple[str, ...] = ("q_proj", "v_proj", "down_proj"),
    base: Path = DEMO,
    **settings: Any,
) -> Path:
    """Write an adapter for the modules of a checkpoint whose names begin with `below`; return its folder."""
    draw, tensors = torch.Generator().manual_seed(seed), {}
    with safe_open(base / "model.safetensors", framework="pt") as weights:
        for name in weights.keys():  # noqa: SIM118 - it is no dictionary
            module, _, kind = name.rpartition(".")
            if name.startswith(below) and kind == "weight" and module.rpartition(".")[2] in targets:
                out, into = weights.get_slice(name).get_shape()
                tensors[f"base_model.model.{module}.lora_A.weight"] = torch.randn(rank, into, generator=draw) * SCALE
                tensors[f"base_model.model.{module}.lora_B.weight"] = torch.randn(out, rank, generator=draw) * SCALE
    assert tensors
    folder.mkdir(parents=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    known = {"peft_type": "LORA", "r": rank, "lora_alpha": rank, "target_modules": list(targets), "bias": "none"}
    (folder / "adapter_config.json").write_text(json.dumps(known | settings))
    return folder


def rename_matrices(folder: Path, old: str, new: str) -> None:
    """Replace part of the names of an adapter's matrices."""
    file = folder / "adapter_model.safetensors"
    save_file({name.replace(old, new): tensor for name, tensor in load_file(file).items()}, file)
