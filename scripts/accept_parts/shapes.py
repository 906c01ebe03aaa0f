"""Write model folders of real shapes without weights, for `load_format=dummy`.

Shapes are those of the published `config.json` of Qwen2.5-VL-3B-Instruct and Qwen2.5-VL-7B-Instruct. The tokenizer is
a small one of our own: what a prompt costs depends on its number of tokens, not on which they are.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench_parts.process import environment


@dataclass(frozen=True)
class Shape:
    """Sizes of one model. `weights_gb` is what its weights take in bfloat16, in 10^9 bytes."""

    name: str
    weights_gb: float
    text: dict[str, Any]


SHAPES = (
    Shape(
        "qwen2.5-vl-3b",
        7.5,
        {
            "hidden_size": 2048,
            "num_hidden_layers": 36,
            "num_attention_heads": 16,
            "num_key_value_heads": 2,
            "intermediate_size": 11008,
            "vocab_size": 151936,
            "tie_word_embeddings": True,
        },
    ),
    Shape(
        "qwen2.5-vl-7b",
        16.6,
        {
            "hidden_size": 3584,
            "num_hidden_layers": 28,
            "num_attention_heads": 28,
            "num_key_value_heads": 4,
            "intermediate_size": 18944,
            "vocab_size": 152064,
            "tie_word_embeddings": False,
        },
    ),
)
VISION = {
    "depth": 32,
    "hidden_size": 1280,
    "num_heads": 16,
    "intermediate_size": 3420,
    "patch_size": 14,
    "spatial_merge_size": 2,
    "temporal_patch_size": 2,
    "window_size": 112,
    "fullatt_block_indexes": [7, 15, 23, 31],
}
ROPE = {"rope_type": "default", "mrope_section": [16, 24, 24], "rope_theta": 1_000_000.0}
# The published preprocessor_config.json: a picture keeps its size between these numbers of pixels.
PIXELS = {"min_pixels": 3136, "max_pixels": 12_845_056}
END, START, PAD = "<|im_end|>", "<|im_start|>", "<|endoftext|>"
VISION_TOKENS = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'text' %}{{ part['text'] }}{% else %}<|vision_start|><|image_pad|><|vision_end|>{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def write_shape(shape: Shape, folder: Path) -> Path:
    """Write the folder of a model, in a process of its own, as that imports transformers and with it CUDA."""
    command = [sys.executable, "-m", "accept_parts.shapes", shape.name, str(folder)]
    subprocess.run(command, check=True, env=environment())
    return folder


def _write(shape: Shape, folder: Path) -> None:
    from transformers import (
        GenerationConfig,
        Qwen2_5_VLConfig,
        Qwen2_5_VLProcessor,
        Qwen2VLImageProcessor,
        Qwen2VLVideoProcessor,
    )

    tokenizer = _tokenizer()
    image, video, start, end = (
        tokenizer.convert_tokens_to_ids(name)
        for name in ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>")
    )
    ids = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id, "bos_token_id": None}
    config = Qwen2_5_VLConfig(
        text_config={**shape.text, "max_position_embeddings": 128_000, "rope_parameters": ROPE, **ids},
        vision_config={**VISION, "out_hidden_size": shape.text["hidden_size"]},
        image_token_id=image,
        video_token_id=video,
        vision_start_token_id=start,
        vision_end_token_id=end,
        architectures=["Qwen2_5_VLForConditionalGeneration"],
        tie_word_embeddings=shape.text["tie_word_embeddings"],
        dtype="bfloat16",
    )
    folder.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(folder)
    GenerationConfig(eos_token_id=tokenizer.eos_token_id).save_pretrained(folder)
    Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(**PIXELS),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(),
        chat_template=CHAT_TEMPLATE,
    ).save_pretrained(folder)


def _tokenizer() -> Any:
    """Return a byte-level BPE with the special tokens of Qwen's models."""
    from bench_parts.prompts import WORDS
    from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, trainers
    from transformers import Qwen2Tokenizer

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=2048, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    core.train_from_iterator([" ".join(WORDS)] * 2, trainer)
    trained = json.loads(core.to_str())["model"]
    tokenizer = Qwen2Tokenizer(
        vocab=trained["vocab"],
        merges=[tuple(merge) for merge in trained["merges"]],
        eos_token=END,
        pad_token=PAD,
        unk_token=PAD,
    )
    tokenizer.add_tokens([AddedToken(name, special=True) for name in (PAD, START, END, *VISION_TOKENS)])
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


if __name__ == "__main__":
    _write(next(shape for shape in SHAPES if shape.name == sys.argv[1]), Path(sys.argv[2]))
