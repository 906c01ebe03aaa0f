"""Judge a model before it is loaded: by its files, by its quantisation, and by what vLLM says to it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mathbatch.config import ModelConfig, hub
from mathbatch.config.paths import locate
from mathbatch.models.checkpoint.adapters import local_adapter
from mathbatch.models.checkpoint.files import refuse_bad_files
from mathbatch.models.checkpoint.quantization import quantization_of, refuse_unknown
from mathbatch.models.engine_arguments import environment
from mathbatch.models.limits import VLLM, refuse_small_memory
from mathbatch.models.trial import try_before_load, without_output

# Who takes the memory VLLM, in a sentence.
NEED = "vLLM with the smallest model takes"


def judge_before_load(config: ModelConfig, seeded: bool, values: Mapping[str, Any], most_images: int) -> None:
    """Raise ConfigError for a model that can't be loaded, or can't answer with these settings.

    `seeded` tells that requests have seeds of their own, `values` are their sampling parameters, and `most_images` is
    the largest number of images in a row, as far as is known. What the hub has still to send is not judged.
    """
    path = locate(config.path, "model.path")
    adapter = None if config.lora is None else local_adapter(config.lora)
    folder: Path | None = path
    if not path.exists():
        hub.refuse_no_name("model.path", config.path)
        folder = hub.cached_snapshot(hub.MODEL, config.path, config.revision)
    if folder is None:
        return
    refuse_bad_files(config, folder, is_whole=folder == path)
    refuse_small_memory(VLLM, NEED)
    os.environ.update(environment(config))
    if (quantised := quantization_of(config, folder)) is not None:
        with without_output():
            refuse_unknown(quantised)
    try_before_load(config, str(folder), seeded, values, most_images, adapter)
