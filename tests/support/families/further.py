"""Make checkpoints of GLM-4.1V, Mistral-Small-3 and Llama 4."""

from __future__ import annotations

from pathlib import Path

import transformers as hf

from support.families import templates
from support.families.qwen import ROPE
from support.families.tokenizers import ids, of_bytes
from support.families.weights import made, save, say_always, text_config, vision_config

GLM_IMAGE = (
    "<|image|>",
    "<|video|>",
    "<|begin_of_image|>",
    "<|end_of_image|>",
    "<|begin_of_video|>",
    "<|end_of_video|>",
)
GLM_MARKS = ("<think>", "</think>", "<answer>", "</answer>", "<|begin_of_box|>", "<|end_of_box|>")
GLM_ROLES = ("<|system|>", "<|user|>", "<|assistant|>", "<|observation|>")
MISTRAL = ("[INST]", "[/INST]", "[IMG]", "[IMG_BREAK]", "[IMG_END]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]")
LLAMA4_TURNS = ("<|header_start|>", "<|header_end|>", "<|eot|>")
LLAMA4_IMAGE = (
    "<|image_start|>",
    "<|image_end|>",
    "<|image|>",
    "<|patch|>",
    "<|tile_x_separator|>",
    "<|tile_y_separator|>",
)


def glm4v(folder: Path) -> None:
    """Make a GLM-4.1V-Thinking: the marks around its thoughts and answers are special tokens."""
    special = ["<|endoftext|>", "[gMASK]", "<sop>", *GLM_ROLES, *GLM_IMAGE]
    named = {"image_token": "<|image|>", "video_token": "<|video|>"}
    found = of_bytes(special, eos="<|endoftext|>", pad="<|endoftext|>", extra_special_tokens=named)
    found.add_special_tokens({"additional_special_tokens": list(GLM_MARKS)}, replace_extra_special_tokens=False)
    found.chat_template = templates.GLM4V
    keys = ("image_token_id", "video_token_id", "image_start_token_id", "image_end_token_id")
    keys += ("video_start_token_id", "video_end_token_id")
    tower = {"depth": 2, "num_heads": 2, "image_size": 336, "spatial_merge_size": 2, "temporal_patch_size": 2}
    rope = {**ROPE, "partial_rotary_factor": 0.5, "mrope_section": [2, 3, 3]}
    config = hf.Glm4vConfig(
        text_config=text_config(found, rope_parameters=rope),
        vision_config=vision_config(**tower, out_hidden_size=64),
        **dict(zip(keys, ids(found, *GLM_IMAGE), strict=True)),
    )
    model = made(hf.Glm4vForConditionalGeneration, config)
    answer = ("<answer>", "<|begin_of_box|>", "5", "<|end_of_box|>", "</answer>", "<|endoftext|>")
    say_always(model, ids(found, "Ċ", "<think>", "2", "+", "3", "</think>", *answer))
    processor = hf.Glm4vProcessor(
        image_processor=hf.Glm4vImageProcessor(),
        tokenizer=found,
        video_processor=hf.Glm4vVideoProcessor(),
        chat_template=templates.GLM4V,
    )
    save(folder, model, processor, ids(found, "<|endoftext|>", "<|user|>", "<|observation|>"))


def mistral3(folder: Path) -> None:
    """Make a Mistral-Small-3 in the form of transformers, with the marks of Magistral: `[THINK]` is a special token."""
    special = ["<unk>", "<s>", "</s>", "<pad>", *MISTRAL, "[THINK]", "[/THINK]"]
    found = of_bytes(special, eos="</s>", pad="<pad>", bos="<s>", begins=True, unk_token="<unk>")
    found.chat_template = templates.MISTRAL3
    config = hf.Mistral3Config(
        text_config=text_config(found, model_type="mistral"),
        vision_config=vision_config(model_type="pixtral", image_size=1540, head_dim=32),
        image_token_index=ids(found, "[IMG]")[0],
        spatial_merge_size=2,
        tie_word_embeddings=False,
    )
    model = made(hf.Mistral3ForConditionalGeneration, config)
    say_always(model, ids(found, "[/INST]", "[THINK]", "2", "+", "3", "[/THINK]", "5", "</s>"))
    processor = hf.PixtralProcessor(
        image_processor=hf.PixtralImageProcessor(size={"longest_edge": 1540}, patch_size={"height": 14, "width": 14}),
        tokenizer=found,
        patch_size=14,
        spatial_merge_size=2,
        chat_template=templates.MISTRAL3,
        image_token="[IMG]",
        image_break_token="[IMG_BREAK]",
        image_end_token="[IMG_END]",
    )
    save(folder, model, processor, [found.eos_token_id])


def llama4(folder: Path) -> None:
    """Make one with up to 16 tiles of 336 pixels."""
    special = ["<|begin_of_text|>", "<|end_of_text|>", *LLAMA4_TURNS, *LLAMA4_IMAGE, "<|finetune_right_pad|>"]
    found = of_bytes(special, eos="<|eot|>", pad="<|finetune_right_pad|>", bos="<|begin_of_text|>", begins=True)
    found.chat_template = templates.LLAMA4
    experts = {"num_local_experts": 2, "num_experts_per_tok": 1, "interleave_moe_layer_step": 1}
    text = text_config(found, **experts, intermediate_size_mlp=128, attention_chunk_size=8192)
    sizes = {"vision_output_dim": 64, "projector_input_dim": 64, "projector_output_dim": 64}
    tower = vision_config(image_size=336, pixel_shuffle_ratio=0.5, **sizes)
    image, start, end = ids(found, "<|patch|>", "<|image_start|>", "<|image_end|>")
    config = hf.Llama4Config(
        text_config=text,
        vision_config={**tower, "intermediate_size": 256},
        image_token_index=image,
        boi_token_index=start,
        eoi_token_index=end,
    )
    images = hf.Llama4ImageProcessor(size={"height": 336, "width": 336}, max_patches=16, resize_to_max_canvas=False)
    processor = hf.Llama4Processor(
        image_processor=images,
        tokenizer=found,
        patch_size=14,
        pixel_shuffle_ratio=0.5,
        chat_template=templates.LLAMA4,
    )
    ends = ids(found, "<|end_of_text|>", "<|eot|>")
    save(folder, made(hf.Llama4ForConditionalGeneration, config), processor, ends)
