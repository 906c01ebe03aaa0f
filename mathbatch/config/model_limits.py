"""Limit what a prompt may hold: how many tokens it takes together with its answer, and how many pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mathbatch.errors import ConfigError, SampleError

# Context length in tokens if none is set. Published checkpoints take up to a million, for which few GPUs have room.
USUAL_CONTEXT = 32_768
# Engine argument of vLLM with the largest number of items of each kind in one prompt.
LIMITS = "limit_mm_per_prompt"
# Kinds of items as which vLLM takes a picture. Kimi-K2.5 knows pictures as `vision_chunk` alone.
PICTURES = ("image", "vision_chunk")


def refuse_many_images(images: int, most: int) -> None:
    """Raise SampleError for a prompt with more pictures than `model.max_images`."""
    if images > most:
        raise SampleError("too_many_images", f"{images} pictures, and model.max_images={most} in one prompt")


def check_image_limit(max_images: int, engine: Mapping[str, Any]) -> None:
    """Raise ConfigError if an engine argument allows another number of pictures than `model.max_images` does."""
    limits = engine.get(LIMITS) or {}
    path = f"model.engine.{LIMITS}"
    if not isinstance(limits, Mapping):
        raise ConfigError(path, f"{limits!r} is no mapping", f"write {path}.video=1, for example")
    for name in PICTURES:
        limit = limits.get(name)
        count = limit.get("count") if isinstance(limit, Mapping) else limit
        if count not in (None, max_images):
            problem = f"{count} pictures in one prompt, and model.max_images={max_images}"
            raise ConfigError(f"{path}.{name}", problem, f"leave it out, and set model.max_images={count}")
    if max_images and engine.get("language_model_only"):
        problem = f"the model then reads text only, and model.max_images={max_images}"
        raise ConfigError("model.engine.language_model_only", problem, "set model.max_images=0 instead, which does it")
