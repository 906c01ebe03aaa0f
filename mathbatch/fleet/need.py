"""Estimate the memory that one copy of a model needs on each of its GPUs, and know which numbers of GPUs can share it.

A GPU must hold

- its share of the weights. What reads pictures is whole on each GPU, since vLLM divides the pictures in place of it;
- what vLLM works in: activations of one step, scores of a token for each sequence, the largest picture, CUDA itself;
- keys and values of one sequence of the longest length, without which vLLM does not start, and of `SEQUENCES` usual
  ones. With fewer at once an engine spends its time reading weights, and two GPUs are faster together than apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from mathbatch.config import ModelConfig
from mathbatch.fleet.footprint import Footprint, longest_context

GIB = 1 << 30
# Sequences that an engine should have room for, and their tokens: a prompt with a picture, and an answer of 1,024.
SEQUENCES, USUAL_SEQUENCE = 16, 2048
# Share of a card that vLLM takes where `gpu_memory_utilization` isn't set.
UTILIZATION = 0.92
# Tokens of a step and sequences at once that vLLM takes as defaults, by the memory of a card in bytes
# (`get_batch_defaults` of its EngineArgs).
LARGE_CARD = 70 * GIB
DEFAULTS_OF_LARGE, DEFAULTS = (16384, 1024), (8192, 256)
# Bytes of working memory: for each hidden value of each token of a step, and each value within a feed-forward part; for
# each sequence and entry of the vocabulary, scores in 2 and twice in 4 bytes.
PER_HIDDEN, PER_FEED_FORWARD, PER_SCORE = 8, 6, 10
# CUDA, its graphs and its libraries; and the largest picture in the encoder. With both, 36 GiB of a card leave 25.2 for
# keys and values with Qwen2.5-VL-3B; vLLM has measured 25.05 (https://github.com/vllm-project/vllm/pull/25631).
CUDA, PICTURE = GIB, GIB * 3 // 2


@dataclass(frozen=True)
class Need:
    """Bytes that one copy needs on each of its GPUs."""

    weights: int
    working: int
    cache: int
    one: int
    """Part of `cache` without which vLLM does not start."""

    @property
    def total(self) -> int:
        """Return all of them together."""
        return self.weights + self.working + self.cache


def needs(found: Footprint, config: ModelConfig, size: int, memory: int) -> Need:
    """Return what one copy on `size` GPUs, and as many more as its other parallel sizes say, needs on each of them."""
    stages, engine = parallel_size(config, "pipeline_parallel_size"), config.engine
    weights = found.weights
    rest = (weights.total - weights.encoder - weights.experts) / size
    share = rest + weights.experts / (size * parallel_size(config, "data_parallel_size"))
    held = weights.encoder + share / stages - float(engine.get("cpu_offload_gb") or 0) * GIB
    tokens, sequences = DEFAULTS_OF_LARGE if memory >= LARGE_CARD else DEFAULTS
    tokens = int(engine.get("max_num_batched_tokens") or tokens)
    sequences = int(engine.get("max_num_seqs") or sequences)
    working = CUDA + tokens * (PER_HIDDEN * found.hidden + PER_FEED_FORWARD * found.feed_forward // size)
    working += PER_SCORE * sequences * found.vocabulary
    working += PICTURE if config.max_images and found.reads_images else 0
    one, usual = cache_needed(found, config, size, longest_context(found, config.max_model_len))
    return Need(max(0, int(held)), working, max(one, usual), one)


def cache_needed(found: Footprint, config: ModelConfig, size: int, longest: int) -> tuple[int, int]:
    """Return the bytes of keys and values on one GPU for one sequence of `longest` tokens, and for usual ones."""
    element = 1 if str(config.engine.get("kv_cache_dtype")).startswith("fp8") else 2
    one = found.cache_bytes(longest, size, element)
    usual = SEQUENCES * found.cache_bytes(min(longest, USUAL_SEQUENCE), size, element)
    stages = parallel_size(config, "pipeline_parallel_size")
    return one // stages, usual // stages


def why_indivisible(found: Footprint, size: int) -> str | None:
    """Return which part of a model so many GPUs can't share, as vLLM divides it; None if they can."""
    if found.heads is not None and found.heads % size:
        return f"{found.heads} attention heads"
    # More GPUs than heads get copies of them.
    if found.kv_heads is not None and max(found.kv_heads, size) % min(found.kv_heads, size):
        return f"{found.kv_heads} heads of keys and values"
    return next((f"{name} of {width:,}" for name, width in found.splits if width % size), None)


def usable(config: ModelConfig, memory: int) -> int:
    return int(memory * float(config.engine.get("gpu_memory_utilization") or UTILIZATION))


def parallel_size(config: ModelConfig, name: str) -> int:
    """Return a parallel size of the engine, 1 if it isn't set."""
    return int(config.engine.get(name) or 1)
