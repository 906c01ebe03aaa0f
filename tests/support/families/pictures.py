"""Make checkpoints of families that read pictures in tiles, or each in one size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import transformers as hf

from support.families import qwen, templates
from support.families.tokenizers import added, ids, of_bytes, of_pieces
from support.families.weights import made, save, text_config, vision_config

HALF = [0.5, 0.5, 0.5]
GEMMA_TURNS = ("<start_of_turn>", "<end_of_turn>")
GEMMA_IMAGE = {"boi_token": "<start_of_image>", "eoi_token": "<end_of_image>", "image_token": "<image_soft_token>"}


def internvl(folder: Path) -> None:
    """Make an InternVL3.5 in the form of transformers: up to 12 tiles of 448 pixels with 256 tokens each."""
    template = templates.chatml("<IMG_CONTEXT>\\n")
    named = {"start_image_token": "<img>", "end_image_token": "</img>", "context_image_token": "<IMG_CONTEXT>"}
    named |= {"video_token": "<video>"}
    found = of_bytes(
        [*qwen.SPECIAL, *named.values()],
        eos="<|im_end|>",
        pad="<|endoftext|>",
        unk_token="<|endoftext|>",
        extra_special_tokens=named,
    )
    found.chat_template = template
    tower = vision_config(image_size=[448, 448], patch_size=[14, 14], attention_bias=True, use_qk_norm=False)
    config = hf.InternVLConfig(
        text_config=text_config(found, model_type="qwen3"),
        vision_config=tower,
        image_token_id=ids(found, "<IMG_CONTEXT>")[0],
        image_seq_length=256,
        downsample_ratio=0.5,
    )
    tiles = {"crop_to_patches": True, "min_patches": 1, "max_patches": 12}
    images = hf.GotOcr2ImageProcessor(size={"height": 448, "width": 448}, **tiles)
    processor = hf.InternVLProcessor(
        image_processor=images,
        tokenizer=found,
        video_processor=hf.InternVLVideoProcessor(),
        image_seq_length=256,
        chat_template=template,
    )
    save(folder, made(hf.InternVLForConditionalGeneration, config), processor, ids(found, "<|im_end|>"))


def gemma3(folder: Path) -> None:
    found = of_pieces([*GEMMA_TURNS, *GEMMA_IMAGE.values()], **GEMMA_IMAGE)
    found.chat_template = templates.GEMMA3
    near = {"rope_type": "default", "rope_theta": 10000.0}
    far = {"rope_type": "linear", "factor": 8.0, "rope_theta": 1000000.0}
    rope = {"sliding_attention": near, "full_attention": far}
    text = text_config(found, sliding_window=1024, num_hidden_layers=6, query_pre_attn_scalar=32, rope_parameters=rope)
    del text["tie_word_embeddings"]
    boi, eoi, image = ids(found, *GEMMA_IMAGE.values())
    config = hf.Gemma3Config(
        text_config=text,
        vision_config=vision_config(image_size=896, vision_use_head=False),
        mm_tokens_per_image=256,
        boi_token_index=boi,
        eoi_token_index=eoi,
        image_token_index=image,
    )
    images = hf.Gemma3ImageProcessor(size={"height": 896, "width": 896}, image_mean=HALF, image_std=HALF)
    processor = hf.Gemma3Processor(
        image_processor=images, tokenizer=found, image_seq_length=256, chat_template=templates.GEMMA3
    )
    save(folder, made(hf.Gemma3ForConditionalGeneration, config), processor, ids(found, "<eos>", "<end_of_turn>"))


def paligemma(folder: Path) -> None:
    """Make one without a chat template, as it is published."""
    found = of_pieces([])
    found.add_tokens(added(["<image>"]))
    image = ids(found, "<image>")[0]
    tower = vision_config(image_size=224, projection_dim=64, vision_use_head=False)
    config = hf.PaliGemmaConfig(
        text_config=text_config(found, model_type="gemma"),
        vision_config=tower,
        image_token_index=image,
        projection_dim=64,
        hidden_size=64,
    )
    config.text_config.num_image_tokens = 256
    images = hf.SiglipImageProcessor(size={"height": 224, "width": 224}, image_mean=HALF, image_std=HALF)
    images.image_seq_length = 256
    processor = hf.PaliGemmaProcessor(image_processor=images, tokenizer=found)
    save(folder, made(hf.PaliGemmaForConditionalGeneration, config), processor, [found.eos_token_id])


def llava_onevision(folder: Path) -> None:
    """Make one with tiles of 384 pixels, on a grid of up to 6 by 6."""
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<image>", "<video>"]
    found = of_bytes(special, eos="<|im_end|>", pad="<|endoftext|>", unk_token="<|endoftext|>")
    found.chat_template = templates.LLAVA_ONEVISION
    image, video = ids(found, "<image>", "<video>")
    grid = [[384 * rows, 384 * columns] for rows in range(1, 7) for columns in range(1, 7)]
    tower = vision_config(model_type="siglip_vision_model", image_size=384, vision_use_head=False)
    config = hf.LlavaOnevisionConfig(
        text_config=text_config(found, model_type="qwen2"),
        vision_config=tower,
        image_token_index=image,
        video_token_index=video,
        image_grid_pinpoints=grid,
        vision_feature_select_strategy="full",
        vision_feature_layer=-1,
        vision_aspect_ratio="anyres_max_9",
    )
    size = {"height": 384, "width": 384}
    images = hf.LlavaOnevisionImageProcessor(size=size, image_grid_pinpoints=grid, image_mean=HALF, image_std=HALF)
    processor = hf.LlavaOnevisionProcessor(
        image_processor=images,
        tokenizer=found,
        video_processor=hf.LlavaOnevisionVideoProcessor(size=size),
        num_image_tokens=729,
        vision_feature_select_strategy="full",
        chat_template=templates.LLAVA_ONEVISION,
    )
    save(folder, made(hf.LlavaOnevisionForConditionalGeneration, config), processor, qwen.ends(found))


def llava15(folder: Path) -> None:
    """Make one whose pictures are all cropped to 336 pixels."""
    special = ["<unk>", "<s>", "</s>", "<image>", "<pad>"]
    found = of_bytes(special, eos="</s>", pad="<pad>", bos="<s>", begins=True)
    found.chat_template = templates.LLAVA15
    config = hf.LlavaConfig(
        vision_config=vision_config(model_type="clip_vision_model", image_size=336),
        text_config=text_config(found, model_type="llama"),
        image_token_index=ids(found, "<image>")[0],
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
    )
    images = hf.CLIPImageProcessor(size={"shortest_edge": 336}, crop_size={"height": 336, "width": 336})
    processor = hf.LlavaProcessor(
        image_processor=images,
        tokenizer=found,
        patch_size=14,
        vision_feature_select_strategy="default",
        chat_template=templates.LLAVA15,
        num_additional_image_tokens=1,
    )
    save(folder, made(hf.LlavaForConditionalGeneration, config), processor, [found.eos_token_id])


def idefics3(folder: Path) -> None:
    _idefics3(folder, "<|begin_of_text|>", "Idefics3")


def smolvlm(folder: Path) -> None:
    _idefics3(folder, "<|im_start|>", "SmolVLM")


def _idefics3(folder: Path, bos: str, kind: str) -> None:
    """Make one with up to 16 tiles of 364 pixels with 169 tokens each, and the whole picture once more."""
    tiles = [f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)]
    special = [bos, "<|end_of_text|>", "<end_of_utterance>", "<image>", "<fake_token_around_image>", "<global-img>"]
    begins = kind == "Idefics3"
    found = of_bytes([*special, *tiles], eos="<end_of_utterance>", pad="<|end_of_text|>", bos=bos, begins=begins)
    found.chat_template = templates.IDEFICS3.replace("BEGIN", bos)
    config = getattr(hf, f"{kind}Config")(
        image_token_id=ids(found, "<image>")[0],
        scale_factor=2,
        tie_word_embeddings=False,
        vision_config=vision_config(image_size=364),
        text_config=text_config(found, model_type="llama"),
    )
    tile = {"longest_edge": 364}
    parts: dict[str, Any] = {
        "image_processor": getattr(hf, f"{kind}ImageProcessor")(
            do_image_splitting=True, size={"longest_edge": 4 * 364}, max_image_size=tile
        )
    }
    if kind == "SmolVLM":
        sampling = {"fps": 1, "max_frames": 8, "video_size": tile}
        parts["video_processor"] = hf.SmolVLMVideoProcessor(size=tile, max_image_size=tile, video_sampling=sampling)
    processor = getattr(hf, f"{kind}Processor")(
        tokenizer=found, image_seq_len=169, chat_template=found.chat_template, **parts
    )
    model = made(getattr(hf, f"{kind}ForConditionalGeneration"), config)
    save(folder, model, processor, [found.eos_token_id])
