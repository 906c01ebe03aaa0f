"""Read from a checkpoint how much memory it needs, and into how many parts it can be divided.

    Footprint(name='Qwen2.5-7B-Instruct', weights=Weights(15_231_233_024), hidden=3584, heads=28, kv_heads=4, …)

The bytes are those of its own files, so that quantised weights count as they are stored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mathbatch.config import ModelConfig, hub
from mathbatch.config.model_limits import USUAL_CONTEXT
from mathbatch.config.paths import locate
from mathbatch.models.checkpoint.damage import damage_of, header_of
from mathbatch.models.checkpoint.folder import config_of, local_checkpoint
from mathbatch.models.checkpoint.weights import weight_files

# Parts of `config.json` about the language model of a checkpoint that reads pictures.
TEXT_PARTS = ("text_config", "llm_config", "language_config", "thinker_config")
# Keys beside that part which count too.
OUTER = "quantization_config", "compression_config", "vision_config"
# Words in the names of tensors that belong to what reads pictures or sound.
ENCODERS = ("visual", "vision", "image", "mm_projector", "multi_modal", "multimodal", "audio", "patch_embed", "aligner")
# Bytes of a number by its name in safetensors. Others are of one byte.
BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "U64": 8, "I32": 4, "U32": 4, "I16": 2, "U16": 2}
WIDE = {"F32", "F64"}
HALF = 2
DTYPES = {"float32": 4, "float": 4}
EXPERT_WIDTH = "moe_intermediate_size"
# vLLM pads the vocabulary to a multiple of this (`DEFAULT_VOCAB_PADDING_SIZE`).
VOCABULARY_PADDING = 64


@dataclass(frozen=True)
class Weights:
    """Bytes of the weights of one copy: all, what reads pictures or sound, experts; and how that is known."""

    total: int
    encoder: int = 0
    experts: int = 0
    source: str = "by its files"


@dataclass(frozen=True)
class Footprint:
    """Sizes of a checkpoint. Lengths are in tokens, None where unknown.

    `splits` are widths that the GPUs of one copy must divide without rest, each with its name. `windows` has the
    length of each layer's attention window, None for one without limit; layers without a key-value cache are not in it.
    """

    name: str
    weights: Weights
    hidden: int = 0
    heads: int | None = None
    kv_heads: int | None = None
    key_width: int = 0
    latent_width: int = 0
    feed_forward: int = 0
    vocabulary: int = 0
    splits: tuple[tuple[str, int], ...] = ()
    windows: tuple[int | None, ...] = ()
    longest: int | None = None
    reads_images: bool = False

    def cache_bytes(self, tokens: int, parts: int, element: int = HALF) -> int:
        """Return the bytes of the key-value cache on one of `parts` GPUs for one sequence of so many tokens."""
        heads = max(1, (self.kv_heads or self.heads or 0) // parts)
        # Latent attention (DeepSeek) keeps one vector per token, on each GPU.
        width = self.latent_width or 2 * heads * self.key_width
        return width * element * sum(tokens if window is None else min(tokens, window) for window in self.windows)


def footprint_of(config: ModelConfig) -> Footprint | None:
    """Return the sizes of a checkpoint, None if they can't be told before it is loaded.

    Of a checkpoint on the hub that is not here yet, the small files are fetched. Raise ConfigError if it can't be had.
    """
    path = locate(config.path, "model.path")
    if path.is_file():  # GGUF, which has all in one file
        return Footprint(path.name, Weights(path.stat().st_size))
    folder = local_checkpoint(config)
    sizes: Mapping[str, int] = {}
    if folder is None or not (path.exists() or weight_files(folder)):
        folder, sizes = hub.facts(config.path, config.revision)
    known = effective(config_of(folder))
    wide = DTYPES.get(str(config.engine.get("dtype")), HALF)
    weights = weights_of(folder, sizes, None if "quantization_config" in known else wide)
    if weights is None:
        estimated = parameters(known) * wide
        weights = Weights(estimated, source="by its config.json") if estimated else None
    return None if weights is None else described(Path(config.path).name, known, weights, config.engine)


def effective(known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a `config.json` with its part about text on top, and the defaults of its family."""
    part: Mapping[str, Any] = known
    while (inner := next((part[name] for name in TEXT_PARTS if isinstance(part.get(name), dict)), None)) is not None:
        part = inner
    outer = {name: known[name] for name in OUTER if name in known}
    return {**_defaults(part), **part, **outer}


def _defaults(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return what transformers takes for keys that are left out, as LLaVA does; nothing for families that it lacks."""
    try:
        from transformers import CONFIG_MAPPING, AutoConfig
    except ImportError:  # sizes are asked for only where there is a GPU, and so vLLM
        return {}
    kind = str(part.get("model_type"))
    if kind not in CONFIG_MAPPING:
        return {}
    given = {name: value for name, value in part.items() if name not in ("model_type", "quantization_config")}
    try:
        return dict(AutoConfig.for_model(kind, **given).to_dict())
    except (TypeError, ValueError, LookupError, AttributeError):  # a config that vLLM will refuse, and say why
        return {}


def weights_of(folder: Path, sizes: Mapping[str, int], wide: int | None) -> Weights | None:
    """Return the bytes of the weights of a checkpoint; None if no file tells them.

    `sizes` are those of files that are not here yet. Floats of 4 bytes are loaded with `wide` bytes, None leaves them.
    """
    names = weight_files(folder)
    files = [folder / name for name in names]
    if names and all(path.suffix == ".safetensors" and damage_of(path) is None for path in files):
        return _sum(files, wide)
    if files and all(path.exists() for path in files):
        return Weights(sum(path.stat().st_size for path in files))
    for index in folder.glob("*.safetensors.index.json"):
        total = json.loads(index.read_text("utf-8")).get("metadata", {}).get("total_size")
        if isinstance(total, int):
            return Weights(total, source="by the index of its files")
    total = sum(size for name, size in sizes.items() if name.endswith(".safetensors") and "consolidated" not in name)
    total = total or sum(size for name, size in sizes.items() if name.endswith(".bin"))
    return Weights(total, source="by its files on the hub") if total else None


def _sum(files: list[Path], wide: int | None) -> Weights:
    """Return the bytes of the tensors in safetensors files."""
    total = encoder = experts = 0
    for path in files:
        for name, tensor in header_of(path).items():
            begin, end = tensor["data_offsets"]
            size = end - begin
            if wide is not None and tensor["dtype"] in WIDE:
                size = size // BYTES[tensor["dtype"]] * wide
            total += size
            # The layers of the language model in such a checkpoint may lie below a name of theirs.
            if "language_model" not in name and any(word in name for word in ENCODERS):
                encoder += size
            elif ".experts." in name:
                experts += size
    return Weights(total, encoder, experts)


def described(name: str, known: Mapping[str, Any], weights: Weights, engine: Mapping[str, Any]) -> Footprint:
    """Return the sizes of a checkpoint with these weights, by its `config.json` with all defaults."""
    layers, hidden = _number(known, "num_hidden_layers", "n_layer", "n_layers"), _number(known, "hidden_size", "n_embd")
    heads = _number(known, "num_attention_heads", "n_head", "n_heads")
    kv_heads = _number(known, "num_key_value_heads", "num_kv_heads") or heads
    width = _number(known, "head_dim") or (hidden // heads if heads else 0)
    experts = _number(known, "num_experts_per_tok", "num_experts_per_token", "moe_topk")
    dense, sparse = _number(known, "intermediate_size", "n_inner"), _number(known, EXPERT_WIDTH)
    vocabulary = -(-_number(known, "vocab_size") // VOCABULARY_PADDING) * VOCABULARY_PADDING
    latent = _number(known, "kv_lora_rank")
    return Footprint(
        name=name,
        weights=weights,
        hidden=hidden,
        heads=heads or None,
        kv_heads=(1 if latent else kv_heads) or None,
        key_width=width,
        latent_width=latent + _number(known, "qk_rope_head_dim") if latent else 0,
        feed_forward=max(dense, (sparse or dense) * experts),
        vocabulary=vocabulary,
        splits=tuple(_splits(known, vocabulary, bool(engine.get("enable_expert_parallel")))),
        windows=tuple(_windows(known, layers)),
        longest=_number(known, "max_position_embeddings", "n_positions", "max_seq_len", "seq_length") or None,
        reads_images=bool(weights.encoder) or "vision_config" in known,
    )


def _splits(known: Mapping[str, Any], vocabulary: int, expert_parallel: bool) -> list[tuple[str, int]]:
    """Return the widths that the GPUs of one copy divide, in blocks where weights are quantised in blocks."""
    found = [("vocabulary", vocabulary)]
    quantised = known.get("quantization_config") or known.get("compression_config") or {}
    block = max(quantised.get("weight_block_size") or [quantised.get("group_size") or 1])
    keys = ["intermediate_size", "intermediate_size_mlp", "shared_expert_intermediate_size"]
    keys += [] if expert_parallel else [EXPERT_WIDTH]
    for key in keys:
        size = _number(known, key)
        found.append(
            (f"{key} in blocks of {block}" if block > 1 else key, size // block if size % block == 0 else size)
        )
    return [(name, size) for name, size in found if size]


def _windows(known: Mapping[str, Any], layers: int) -> list[int | None]:
    """Return the attention window of each layer that keeps keys and values."""
    window, kinds = _number(known, "sliding_window"), known.get("layer_types")
    if not isinstance(kinds, list):
        return [None] * layers
    kept = [kind for kind in kinds if "attention" in kind and "linear" not in kind]
    return [window or None if "sliding" in kind else None for kind in kept]


def parameters(known: Mapping[str, Any]) -> int:
    """Return how many weights a language model has by its `config.json`, 0 if that lacks a size."""
    layers, hidden = _number(known, "num_hidden_layers"), _number(known, "hidden_size")
    heads, vocabulary = _number(known, "num_attention_heads"), _number(known, "vocab_size")
    width = _number(known, "head_dim") or (hidden // heads if heads else 0)
    kv_heads = _number(known, "num_key_value_heads") or heads
    experts = _number(known, "num_experts", "num_local_experts", "n_routed_experts")
    dense = _number(known, "intermediate_size")
    wide = experts * (_number(known, EXPERT_WIDTH) or dense) if experts else dense
    attention = 2 * hidden * (heads + kv_heads) * width
    return layers * (attention + 3 * hidden * wide) + 2 * vocabulary * hidden if hidden and layers and wide else 0


def _number(known: Mapping[str, Any], *names: str) -> int:
    """Return the first of these keys that is a number, 0 if none is."""
    return next((known[name] for name in names if isinstance(known.get(name), int)), 0)


def longest_context(found: Footprint, configured: int | None) -> int:
    """Return the context length, in tokens, with which a checkpoint is loaded by `model.max_model_len`."""
    if configured is None:
        return found.longest or USUAL_CONTEXT
    return configured or min(USUAL_CONTEXT, found.longest or USUAL_CONTEXT)
