"""Identify a run by all that can change an answer. The hash names its folder, so the same command finds it again."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from pathlib import Path
from typing import Any

import msgspec

from mathbatch.config import Config, SamplingConfig
from mathbatch.config.paths import SCHEME, locate
from mathbatch.errors import ConfigError

# Engine arguments that change speed and memory, not what the model computes (beyond the order of float additions).
ENGINE_ONLY_SPEED = {
    "block_size", "cpu_offload_gb", "disable_custom_all_reduce", "disable_log_stats", "distributed_executor_backend",
    "download_dir", "enable_chunked_prefill", "enable_log_requests", "enable_prefix_caching", "enforce_eager",
    "gpu_memory_utilization", "hf_token", "kv_cache_memory_bytes", "max_num_batched_tokens",
    "max_num_seqs", "max_parallel_loading_workers", "mm_processor_cache_gb", "mm_processor_cache_type",
    "num_gpu_blocks_override", "pipeline_parallel_size", "renderer_num_workers", "shutdown_timeout",
    "skip_mm_profiling", "use_tqdm_on_load",
}  # fmt: skip
MODEL_ONLY_SPEED = {"tensor_parallel_size", "cpu_kv_cache_gib", "stall_timeout_s", "engine", "name", "max_images"}
CHECKPOINT_SUFFIXES = {".json", ".jinja", ".safetensors", ".bin", ".model", ".txt"}
# Bytes that are read at the beginning, middle and end of each file of a checkpoint. Training changes all weights, so
# these tell two checkpoints apart, and reading whole files would take long.
SAMPLED_BYTES = 1 << 20
# Dataset keys that never change an answer's text, so they are not part of the run's identity. Columns that enter the
# prompt enter the digest that each record carries.
DATASET_OUTSIDE = {
    "name", "source", "limit", "where", "columns", "response_field", "answer_field", "scoring", "choices_field",
    "metadata", "group_field", "image_max_megapixels", "image_max_mib",
}  # fmt: skip


def system_prompt(config: Config) -> str | None:
    """Return the system prompt as text. Raises ConfigError if its file can't be read."""
    if config.system_prompt_file is None:
        return config.system_prompt
    path = locate(config.system_prompt_file, "system_prompt_file")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("system_prompt_file", f"can't read {path}: {error}", "correct the path") from error


def identity(config: Config) -> dict[str, Any]:
    """Return everything that can change an answer, as plain data."""
    model = _without(config.model, MODEL_ONLY_SPEED)
    model["path"] = _checkpoint(config.model.path)
    model["engine"] = {k: v for k, v in config.model.engine.items() if k not in ENGINE_ONLY_SPEED}
    return {
        "model": model,
        "chat_template": _chat_template(config),
        "dataset": _without(config.dataset, DATASET_OUTSIDE),
        "sampling": _without(config.sampling, {"n"}),
        "system_prompt": system_prompt(config),
        "loader": config.loader,
        "processor": config.processor,
    }


def run_folder(config: Config) -> Path:
    """Return the folder of a run: `<output_dir>/<model>/<dataset>/<sampling>-<hash8>`."""
    encoded = msgspec.json.encode(identity(config), order="sorted", enc_hook=str)
    digest = hashlib.blake2b(encoded, digest_size=4).hexdigest()
    label = f"{_sampling_label(config.sampling)}-{digest}"
    return Path(config.output_dir).expanduser().absolute() / slug(config.model.name) / slug(config.dataset.name) / label


def _checkpoint(path: str) -> str:
    """Return a hub id as it stands, or a hash of a folder's files, so that it may move but not change under a run."""
    folder = locate(path, "model.path")
    if not folder.exists() and path.startswith(("/", "./", "../", "~", SCHEME)):
        raise ConfigError(
            "model.path", f"there is no folder {folder}", "correct the path, or give a hub id: owner/name"
        )
    if not folder.is_dir():
        return path
    digest = hashlib.blake2b(digest_size=16)
    for file in sorted(folder.iterdir()):
        if file.suffix in CHECKPOINT_SUFFIXES and file.is_file():
            size = file.stat().st_size
            digest.update(f"{file.name}:{size}:".encode())
            with file.open("rb") as stream:
                for start in (0, size // 2, max(0, size - SAMPLED_BYTES)):
                    stream.seek(start)
                    digest.update(stream.read(SAMPLED_BYTES))
    return digest.hexdigest()


def _chat_template(config: Config) -> str | None:
    if config.model.chat_template is None:
        return None
    path = locate(config.model.chat_template, "model.chat_template")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("model.chat_template", f"can't read {path}: {error}", "correct the path") from error


def _without(section: Any, keys: set[str]) -> dict[str, Any]:
    return {k: v for k, v in dataclasses.asdict(section).items() if k not in keys}


def _sampling_label(sampling: SamplingConfig) -> str:
    return "greedy" if sampling.temperature == 0 else f"t{sampling.temperature:g}"


def slug(name: str) -> str:
    """Return a name as a folder may have it."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "unnamed"
