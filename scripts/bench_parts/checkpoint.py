"""Make a random-weight Idefics3 whose answers have the lengths that their prompts ask for.

Its weights are random but for the output layer, which maps each word to the one before it in prompts.WORDS, and the
first to the end of text: a prompt that ends in WORDS[99] is answered by 100 tokens, at temperature 0, always. Attention
and vision cost what they cost in any model of this size; they hardly move the result.

python -m bench_parts.checkpoint FOLDER small|medium
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from bench_parts.prompts import MAX_LENGTH, WORDS

# Models of 0.3 and 7 million parameters: beside a quick engine the client's own work shows. vLLM wants heads of 32 or
# more.
SIZES = {
    "small": {"hidden": 64, "layers": 2, "heads": 2, "vision": 64, "vision_layers": 2},
    "medium": {"hidden": 256, "layers": 6, "heads": 4, "vision": 192, "vision_layers": 4},
}
IMAGE_SIDE, PATCH, SCALE = 64, 8, 2
IMAGE_TOKENS = (IMAGE_SIDE // PATCH) ** 2 // SCALE**2
PAD, END, START, IMAGE = "<pad>", "<|im_end|>", "<|im_start|>", "<image>"
SPECIAL = [PAD, END, START, "<fake_token_around_image>", IMAGE, "<global-img>"]
# Ends with the user's last word, which sets the length; so there is no generation prompt.
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'text' %}{{ part['text'] }}{% else %}<image>{% endif %}"
    "{% endfor %}{% endif %}{% endfor %}"
)


def write_checkpoint(folder: Path, size: str) -> None:
    """Write everything that vLLM needs, in bf16. Imports torch, so call it in a process of its own."""
    import torch
    from transformers import GenerationConfig, Idefics3ForConditionalGeneration

    torch.manual_seed(0)
    tokenizer = _tokenizer()
    model = Idefics3ForConditionalGeneration(_config(tokenizer, **SIZES[size]))
    _chain(model, tokenizer)
    model.generation_config = GenerationConfig(
        pad_token_id=tokenizer.pad_token_id, eos_token_id=tokenizer.eos_token_id, do_sample=False
    )
    folder.mkdir(parents=True, exist_ok=True)
    model.to(torch.bfloat16).save_pretrained(folder)
    _processor(tokenizer).save_pretrained(folder)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters")


def _chain(model: Any, tokenizer: Any) -> None:
    """Set embeddings of random signs; the output row of each word is the embedding of the next longer one."""
    import torch

    words = [tokenizer(f" {word}")["input_ids"] for word in WORDS[:MAX_LENGTH]]
    assert all(len(ids) == 1 for ids in words), "a word is more than one token"
    chain = [tokenizer.eos_token_id, *(ids[0] for ids in words)]
    with torch.no_grad():
        embeddings = model.get_input_embeddings().weight
        embeddings.copy_(torch.randint(0, 2, embeddings.shape) * 2.0 - 1.0)
        output = model.get_output_embeddings().weight
        output.zero_()
        output[chain[:-1]] = embeddings[chain[1:]]


def _config(tokenizer: Any, hidden: int, layers: int, heads: int, vision: int, vision_layers: int) -> Any:
    from transformers import Idefics3Config

    ids = {"pad_token_id": tokenizer.pad_token_id, "bos_token_id": None, "eos_token_id": tokenizer.eos_token_id}
    return Idefics3Config(
        vision_config={
            "hidden_size": vision,
            "intermediate_size": 2 * vision,
            "num_hidden_layers": vision_layers,
            "num_attention_heads": heads,
            "image_size": IMAGE_SIDE,
            "patch_size": PATCH,
        },
        text_config={
            "model_type": "llama",
            "vocab_size": len(tokenizer),
            "hidden_size": hidden,
            "intermediate_size": 3 * hidden,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "num_key_value_heads": 2,
            "max_position_embeddings": 4096,
            "tie_word_embeddings": False,
            **ids,
        },
        scale_factor=SCALE,
        image_token_id=tokenizer.convert_tokens_to_ids(IMAGE),
        tie_word_embeddings=False,
        **ids,
    )


def _tokenizer() -> Any:
    """Return a byte-level BPE in which each word, with the space before it, is one token."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=4096,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator([" ".join(["", *WORDS] * 4), *["A train number leaves user\n"] * 4], trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=SPECIAL[2:],
        model_max_length=4096,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def _processor(tokenizer: Any) -> Any:
    from PIL import Image
    from transformers import Idefics3Processor
    from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

    side = {"longest_edge": IMAGE_SIDE}
    images = Idefics3ImageProcessorPil(
        size=side, max_image_size=side, do_image_splitting=False, resample=Image.Resampling.BICUBIC
    )
    return Idefics3Processor(images, tokenizer, image_seq_len=IMAGE_TOKENS, chat_template=tokenizer.chat_template)


if __name__ == "__main__":
    write_checkpoint(Path(sys.argv[1]), sys.argv[2])
