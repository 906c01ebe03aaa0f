"""Make vLLM's own arguments and environment variables of the configuration of a model."""

from __future__ import annotations

import os
from typing import Any

from mathbatch.config import ModelConfig
from mathbatch.config.paths import locate
from mathbatch.models.worker_extension import NotesMeetingFile

# Executors of vLLM whose workers run on this machine, None for the one that it chooses.
LOCAL_EXECUTORS = {None, "mp", "uni"}
MAX_GPUS_PER_MODEL = 4
# Environment variable of vLLM: gigabytes of key-value cache on the CPU.
KV_CACHE = "VLLM_CPU_KVCACHE_SPACE"
# Variables that the user has set take precedence over what we would set.
USERS_ENVIRONMENT = frozenset(os.environ)


def environment(config: ModelConfig) -> dict[str, str]:
    """Return the environment variables for vLLM.

    Worker processes are spawned, because forked ones would hold the lock and the pipe of this process after its death.
    """
    found = {"VLLM_WORKER_MULTIPROC_METHOD": "spawn"}
    if KV_CACHE not in USERS_ENVIRONMENT:
        found[KV_CACHE] = str(config.cpu_kv_cache_gib)
    return found


def chat_template(config: ModelConfig) -> str | None:
    """Return the text of the chat template that is configured, None for that of the checkpoint."""
    path = config.chat_template
    return None if path is None else locate(path, "model.chat_template").read_text("utf-8")


def engine_arguments(config: ModelConfig, found_at: str, seeded: bool) -> dict[str, Any]:
    """Return the arguments of the engine for a checkpoint in the folder, or with the hub id, `found_at`.

    `seeded` tells that requests have seeds of their own.
    """
    import torch

    gpus = torch.cuda.device_count()
    engine = {name: value for name, value in config.engine.items() if name != "hf_token"}
    arguments = {
        "model": found_at,
        "revision": config.revision,
        "max_model_len": config.max_model_len,
        "tensor_parallel_size": config.tensor_parallel_size or _default_tensor_parallel(gpus),
        "trust_remote_code": config.trust_remote_code,
        "mm_processor_kwargs": config.mm_processor_kwargs or None,
        "disable_log_stats": True,
        # Compiling saves time only on a GPU.
        "enforce_eager": gpus == 0,
        # vLLM's CPU sampler dies on a seeded prompt that is split over two steps.
        "enable_chunked_prefill": False if seeded and not gpus else None,
        # Models with linear attention, as Qwen3.5, can't keep prefixes without chunks.
        "enable_prefix_caching": False if seeded and not gpus else None,
    }
    if engine.get("distributed_executor_backend") in LOCAL_EXECUTORS:
        arguments["worker_extension_cls"] = f"{NotesMeetingFile.__module__}.{NotesMeetingFile.__qualname__}"
    if config.max_images:
        arguments["limit_mm_per_prompt"] = {"image": config.max_images}
    return arguments | engine


def _default_tensor_parallel(gpus: int) -> int:
    """Return the largest power of two that the GPUs allow, at most 4, since it has to divide the attention heads."""
    return next(size for size in (MAX_GPUS_PER_MODEL, 2, 1) if size <= max(gpus, 1))
