"""Make weights that always say the same, and save checkpoints as the published ones are saved."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

SEED = 7
# Projections by which a layer adds to what goes through the model, in all text towers here.
ADDING = re.compile(r"(?:o_proj|out_proj|down_proj(?:_bias)?)(?:\.weight|\.bias)?$")
# Towers of which transformers leaves one level out of the names.
TOWER = re.compile(r"\bvision_tower\.(?=embeddings\.|encoder\.|post_layernorm\.|pre_layrnorm\.)")
OF_SIGLIP_OR_CLIP = "vision_tower.embeddings.patch_embedding."
CERTAIN = 10.0


def text_config(tokenizer: Any, **more: Any) -> dict[str, Any]:
    """Return the settings of a text tower of two layers with 64 features."""
    size = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "head_dim": 32}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1}
    words = {"vocab_size": -(-len(tokenizer) // 64) * 64, "tie_word_embeddings": False}
    named = {name: getattr(tokenizer, name) for name in ("eos_token_id", "pad_token_id", "bos_token_id")}
    return {**size, **heads, **words, **named, "max_position_embeddings": 40960, **more}


def vision_config(**more: Any) -> dict[str, Any]:
    """Return the settings of a vision tower of two layers with 64 features, by their most frequent names."""
    size = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2}
    return {**size, "patch_size": 14, **more}


def made(model: type, config: Any) -> Any:
    """Return a model with random weights, the same each time."""
    torch.manual_seed(SEED)
    return model(config)


def say_always(model: Any, tokens: Sequence[int]) -> None:
    """Let a model answer with these tokens one after the other, whatever was asked.

    The first of them is the last one of all prompts, each other one comes once. Layers add nothing, so that the token
    that comes next depends on the last one alone.
    """
    text = model.get_decoder()
    with torch.no_grad():
        for name, weight in text.named_parameters():
            if ADDING.search(name):
                weight.zero_()
        words, scores = model.get_input_embeddings().weight, model.get_output_embeddings().weight
        assert words is not scores, "the embeddings are tied"
        scores.zero_()
        for feature, (token, following) in enumerate(itertools.pairwise(tokens)):
            words[token] = 0.0
            words[token, feature] = 1.0
            scores[following, feature] = CERTAIN


def save(folder: Path, model: Any, processor: Any, eos: Sequence[int]) -> None:
    """Save a model and its processor, or its tokenizer, as a checkpoint."""
    settings = model.generation_config
    settings.eos_token_id, settings.bos_token_id, settings.pad_token_id = list(eos), None, None
    model.to(torch.bfloat16).save_pretrained(folder)
    processor.save_pretrained(folder)
    _name_as_published(folder / "model.safetensors")


def _name_as_published(path: Path) -> None:
    """Rename the weights of SigLIP and CLIP towers, which the published checkpoints have one level deeper."""
    weights = load_file(path)
    if any(OF_SIGLIP_OR_CLIP in name for name in weights):
        deeper = {TOWER.sub("vision_tower.vision_model.", name): weight for name, weight in weights.items()}
        save_file(deeper, path, metadata={"format": "pt"})
