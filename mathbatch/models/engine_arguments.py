"""Make vLLM's own arguments and environment variables of the configuration of a model."""

from __future__ import annotations

import functools
import os
import secrets
import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mathbatch.config import ModelConfig
from mathbatch.config.model_limits import LIMITS, PICTURES
from mathbatch.config.paths import locate
from mathbatch.models.checkpoint.context_length import length_for
from mathbatch.models.leftovers import SHARED_MEMORY
from mathbatch.models.worker_extension import NotesMeetingFile

if TYPE_CHECKING:
    from vllm import AsyncEngineArgs
    from vllm.config import VllmConfig

# Executors of vLLM whose workers run on this machine, None for the one that it chooses.
LOCAL_EXECUTORS = {None, "mp", "uni"}
# Size of vLLM's cache for preprocessed pictures if none is set, in GiB, and of all else that it keeps in shared memory.
PICTURE_CACHE_GIB = 4.0
OTHER_SHARED_GIB = 1.0
# Environment variable of vLLM: gigabytes of key-value cache on the CPU.
KV_CACHE = "VLLM_CPU_KVCACHE_SPACE"
# Environment variable of vLLM: name of the shared memory of its cache for pictures. vLLM would give all engines of this
# process the same, and none can make what an earlier one has not removed yet.
PICTURE_CACHE_NAME = "VLLM_OBJECT_STORAGE_SHM_BUFFER_NAME"


@functools.cache
def users_environment() -> frozenset[str]:
    """Return the names of the environment variables that the user has set, which take precedence over ours.

    They are those that are set at the first call.
    """
    return frozenset(os.environ)


def environment(config: ModelConfig) -> dict[str, str]:
    """Return the environment variables for one start of vLLM.

    Worker processes are spawned, because forked ones would hold the lock and the pipe of this process after its death.
    """
    found = {"VLLM_WORKER_MULTIPROC_METHOD": "spawn"}
    if PICTURE_CACHE_NAME not in users_environment():
        found[PICTURE_CACHE_NAME] = f"vllm_{secrets.token_hex(8)}"
    if KV_CACHE not in users_environment():
        found[KV_CACHE] = str(config.cpu_kv_cache_gib)
    return found


def chat_template(config: ModelConfig) -> str | None:
    """Return the text of the chat template that is configured, None for that of the checkpoint."""
    path = config.chat_template
    return None if path is None else locate(path, "model.chat_template").read_text("utf-8")


def engine_arguments(config: ModelConfig, found_at: str, seeded: bool) -> dict[str, Any]:
    """Return the arguments of the engine for a checkpoint in the folder, or with the hub id, `found_at`.

    `seeded` tells that requests have seeds of their own. Raises ConfigError for a context that is too long.
    """
    import torch

    gpus = torch.cuda.device_count()
    engine = {name: value for name, value in config.engine.items() if name not in ("hf_token", LIMITS)}
    parallel = config.tensor_parallel_size or 1
    is_local = engine.get("distributed_executor_backend") in LOCAL_EXECUTORS
    arguments = {
        "model": found_at,
        "revision": config.revision,
        "tensor_parallel_size": parallel,
        "trust_remote_code": config.trust_remote_code,
        "mm_processor_kwargs": config.mm_processor_kwargs or None,
        LIMITS: _limits(config),
        "disable_log_stats": True,
        # Compiling saves time only on a GPU.
        "enforce_eager": gpus == 0,
        # vLLM's CPU sampler dies on a seeded prompt that is split over two steps.
        "enable_chunked_prefill": False if seeded and not gpus else None,
        # Models with linear attention, as Qwen3.5, can't keep prefixes without chunks.
        "enable_prefix_caching": False if seeded and not gpus else None,
    }
    if is_local:
        arguments["worker_extension_cls"] = f"{NotesMeetingFile.__module__}.{NotesMeetingFile.__qualname__}"
    if parallel > 1 and config.max_images:
        arguments |= _for_parallel_pictures(engine, is_local)
    arguments |= engine | reasoning_arguments(config)
    return {**arguments, "max_model_len": length_for(config.max_model_len, arguments)}


def _limits(config: ModelConfig) -> dict[str, Any]:
    """Return how many items of each kind a prompt may hold: pictures, and nothing else that we never send.

    vLLM reserves memory for the largest item of each kind that is not limited to 0, be it a video of hours. Without
    videos, 25 in place of 5 GiB of a card of 40 GB were left for the key-value cache of Qwen2.5-VL
    (https://github.com/vllm-project/vllm/pull/25631). Of models that get no item at all it loads no encoder.
    """
    from vllm.inputs import MultiModalDataBuiltins

    limits: dict[str, Any] = dict.fromkeys(MultiModalDataBuiltins.__annotations__, 0)
    limits |= dict.fromkeys(PICTURES, config.max_images)
    for name, limit in (config.engine.get(LIMITS) or {}).items():
        # A mapping says how large the items are, too, and may leave the number to us.
        is_sized = name in PICTURES and isinstance(limit, Mapping)
        limits[name] = {"count": config.max_images, **limit} if is_sized else limit
    return limits


def _for_parallel_pictures(engine: Mapping[str, Any], is_local: bool) -> dict[str, Any]:
    """Return arguments that speed up pictures for a model on several GPUs.

    An encoder is small, and splitting its layers costs more messages than it saves work, so each GPU has all of it and
    takes a share of the pictures: 10.1 in place of 7.4 requests/s (https://github.com/vllm-project/vllm/pull/23909).
    vLLM falls back where the family can't. Through shared memory, pictures get to all processes of the engine without
    being copied to each (https://github.com/vllm-project/vllm/pull/20452): vLLM needs processes on this machine for it,
    and room in /dev/shm, which containers often lack. A process that writes beyond it is killed by SIGBUS.
    """
    found = {"mm_encoder_tp_mode": "data"}
    cache_gib = engine.get("mm_processor_cache_gb", PICTURE_CACHE_GIB)
    room_gib = shutil.disk_usage(SHARED_MEMORY).free / 2**30 if SHARED_MEMORY.is_dir() else 0
    if is_local and engine.get("nnodes", 1) == 1 and room_gib > cache_gib + OTHER_SHARED_GIB:
        found["mm_processor_cache_type"] = "shm"
    return found


def vllm_engine_arguments(arguments: Mapping[str, Any]) -> AsyncEngineArgs:
    """Return vLLM's object for these arguments, which are plain data."""
    from vllm import AsyncEngineArgs
    from vllm.config.reasoning import ReasoningConfig
    from vllm.reasoning import ReasoningParserManager

    if plugin := arguments.get("reasoning_parser_plugin"):
        ReasoningParserManager.import_reasoning_parser(plugin)
    # vLLM sets the parser's name in it, which a dictionary refuses.
    reasoning = arguments.get("reasoning_config")
    return AsyncEngineArgs(**{**arguments, "reasoning_config": reasoning and ReasoningConfig(**reasoning)})


def sequences_of(config: VllmConfig) -> int:
    """Return how many sequences an engine runs together. Each of its data-parallel parts has its own scheduler."""
    parallel = config.parallel_config
    parts = parallel.data_parallel_size_local if parallel.local_engines_only else parallel.data_parallel_size
    return int(config.scheduler_config.max_num_seqs * parts)


def reasoning_arguments(config: ModelConfig) -> dict[str, Any]:
    """Return the arguments by which the engine knows thoughts: it can end them, and constrain the answer alone."""
    if isinstance(config.reasoning, str):
        return {"reasoning_parser": config.reasoning}
    if config.reasoning is None:
        return {}
    opening, closing = config.reasoning
    marks = {"reasoning_start_str": opening, "reasoning_end_str": closing}
    # The user's may end thoughts with a sentence before the closing mark.
    return {"reasoning_config": marks | config.engine.get("reasoning_config", {})}
