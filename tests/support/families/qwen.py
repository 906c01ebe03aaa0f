"""Make checkpoints of the Qwen families: Qwen2-VL to Qwen3.5, and those for text alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import transformers as hf

from support.families import templates
from support.families.tokenizers import ids, of_bytes
from support.families.weights import made, save, say_always, text_config, vision_config

VISION = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", *VISION)
THINK = ("<think>", "</think>")
ROPE = {"rope_type": "default", "mrope_section": [4, 6, 6], "rope_theta": 1000000.0}
INTERLEAVED = {**ROPE, "mrope_interleaved": True}
# As published, in pixels: those of Qwen2-VL and Qwen2.5-VL, and of Qwen3-VL and Qwen3.5.
PIXELS = {"min_pixels": 56 * 56, "max_pixels": 28 * 28 * 16384}
PIXELS_OF_QWEN3 = {"shortest_edge": 65536, "longest_edge": 16777216}
HALF = [0.5, 0.5, 0.5]


def tokenizer(template: str, *more: str) -> Any:
    """Return the tokenizer of a Qwen model."""
    found = of_bytes([*SPECIAL, *more], eos="<|im_end|>", pad="<|endoftext|>", unk_token="<|endoftext|>")
    found.chat_template = template
    return found


def ends(found: Any) -> list[int]:
    """Return the tokens that end an answer."""
    return ids(found, "<|im_end|>", "<|endoftext|>")


def thought(found: Any, *opening: str) -> list[int]:
    """Return the tokens of a thought and an answer, after the last one of the prompt. `opening` opens the thought."""
    return ids(found, "Ċ", *opening, "2", "+", "3", "</think>", "5", "<|im_end|>")


def _vision_tokens(found: Any) -> dict[str, int]:
    names = ("vision_start_token_id", "vision_end_token_id", "image_token_id", "video_token_id")
    return dict(zip(names, ids(found, *VISION), strict=True))


def _tower(**more: Any) -> dict[str, Any]:
    common = {"depth": 2, "num_heads": 2, "spatial_merge_size": 2, "temporal_patch_size": 2, "out_hidden_size": 64}
    return vision_config(**common, **more)


def qwen2_vl(folder: Path) -> None:
    template = templates.chatml(templates.QWEN_IMAGE, system="You are a helpful assistant.")
    found = tokenizer(template)
    tower = _tower(embed_dim=64, mlp_ratio=2)
    config = hf.Qwen2VLConfig(
        text_config=text_config(found, rope_parameters=ROPE), vision_config=tower, **_vision_tokens(found)
    )
    images = hf.Qwen2VLImageProcessor(**PIXELS)
    processor = hf.Qwen2VLProcessor(
        image_processor=images, tokenizer=found, video_processor=hf.Qwen2VLVideoProcessor(), chat_template=template
    )
    save(folder, made(hf.Qwen2VLForConditionalGeneration, config), processor, ends(found))


def qwen2_5_vl(folder: Path) -> None:
    template = templates.chatml(templates.QWEN_IMAGE, system="You are a helpful assistant.")
    found = tokenizer(template)
    tower = _tower(window_size=112, fullatt_block_indexes=[1])
    config = hf.Qwen2_5_VLConfig(
        text_config=text_config(found, rope_parameters=ROPE), vision_config=tower, **_vision_tokens(found)
    )
    images = hf.Qwen2VLImageProcessor(**PIXELS)
    processor = hf.Qwen2_5_VLProcessor(
        image_processor=images, tokenizer=found, video_processor=hf.Qwen2VLVideoProcessor(), chat_template=template
    )
    save(folder, made(hf.Qwen2_5_VLForConditionalGeneration, config), processor, ends(found))


def qwen3_vl(folder: Path) -> None:
    _qwen3_vl(folder, templates.chatml(templates.QWEN_IMAGE), thinks=False)


def qwen3_vl_thinking(folder: Path) -> None:
    _qwen3_vl(folder, templates.chatml(templates.QWEN_IMAGE, opens="<think>\\n"), thinks=True)


def _qwen3_vl(folder: Path, template: str, thinks: bool) -> None:
    found = tokenizer(template, *THINK)
    tower = _tower(patch_size=16, num_position_embeddings=2304, deepstack_visual_indexes=[0, 1])
    config = hf.Qwen3VLConfig(
        text_config=text_config(found, rope_parameters=INTERLEAVED),
        vision_config={**tower, "depth": 3},
        **_vision_tokens(found),
    )
    model = made(hf.Qwen3VLForConditionalGeneration, config)
    if thinks:
        say_always(model, thought(found))
    save(folder, model, _processor_of_qwen3(found, template), ends(found))


def qwen3_5(folder: Path) -> None:
    found = tokenizer(templates.QWEN3_5, *THINK)
    linear = {"linear_num_key_heads": 2, "linear_num_value_heads": 2}
    linear |= {"linear_key_head_dim": 128, "linear_value_head_dim": 128}
    layers = ["linear_attention", "linear_attention", "linear_attention", "full_attention"]
    rope = {**INTERLEAVED, "partial_rotary_factor": 1.0}
    text = text_config(found, num_hidden_layers=len(layers), layer_types=layers, rope_parameters=rope, **linear)
    tower = _tower(patch_size=16, num_position_embeddings=2304)
    config = hf.Qwen3_5Config(text_config=text, vision_config=tower, tie_word_embeddings=False, **_vision_tokens(found))
    model = made(hf.Qwen3_5ForConditionalGeneration, config)
    say_always(model, thought(found))
    save(folder, model, _processor_of_qwen3(found, templates.QWEN3_5), ends(found))


def _processor_of_qwen3(found: Any, template: str) -> Any:
    images = hf.Qwen2VLImageProcessor(size=PIXELS_OF_QWEN3, patch_size=16, image_mean=HALF, image_std=HALF)
    videos = hf.Qwen3VLVideoProcessor()
    return hf.Qwen3VLProcessor(image_processor=images, tokenizer=found, video_processor=videos, chat_template=template)


def qwen2_math(folder: Path) -> None:
    found = tokenizer(
        templates.chatml(system="Please reason step by step, and put your final answer within \\\\boxed{}.")
    )
    config = hf.Qwen2Config(**text_config(found, max_position_embeddings=4096))
    save(folder, made(hf.Qwen2ForCausalLM, config), found, ends(found))


def qwen3(folder: Path) -> None:
    found = tokenizer(templates.QWEN3, *THINK)
    model = made(hf.Qwen3ForCausalLM, hf.Qwen3Config(**text_config(found)))
    say_always(model, thought(found, "<think>"))
    save(folder, model, found, ends(found))
