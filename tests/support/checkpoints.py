"""Make checkpoints that are wrong in one way each, of the demo model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from mathbatch.config.paths import PACKAGE

TEXT = {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}


def copy_of_demo(folder: Path) -> Path:
    """Copy the demo model, an Idefics3, into a new folder; return it."""
    shutil.copytree(PACKAGE / "demo" / "model", folder)
    return folder


def text_model(folder: Path) -> Path:
    """Make a folder with the language model's part of the demo model as its configuration; return it.

    The names of its weights are others than vLLM wants.
    """
    copy_of_demo(folder)
    text = json.loads((folder / "config.json").read_text())["text_config"]
    (folder / "config.json").write_text(json.dumps(text | TEXT))
    (folder / "processor_config.json").unlink()
    return folder


def edit(file: Path, **values: Any) -> None:
    """Set the values in a JSON file; None removes one."""
    found = json.loads(file.read_text()) | values
    file.write_text(json.dumps({name: value for name, value in found.items() if value is not None}))


def cut(file: Path, part: float = 0.5) -> None:
    """Cut a file off after this part of it."""
    whole = file.read_bytes()
    file.write_bytes(whole[: int(part * len(whole))])


def shard(folder: Path, count: int) -> None:
    """Divide the weights into shards with an index, by names alone: each shard has all of them."""
    names = [f"model-{at:05}-of-{count:05}.safetensors" for at in range(1, count + 1)]
    for name in names:
        shutil.copy(folder / "model.safetensors", folder / name)
    (folder / "model.safetensors").unlink()
    index = {"weight_map": {f"layer.{at}": name for at, name in enumerate(names)}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
