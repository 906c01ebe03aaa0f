"""Make the files of checkpoints without weights: what prompts are made by, and nothing more."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from mathbatch.config.paths import locate
from support.configs import composed

# Chat template that reads each message as one string.
OF_STRINGS = """
{%- for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<end_of_utterance>' }}
{%- endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}
"""


def demo_files(folder: Path, template: str | None = None) -> Path:
    """Copy the files of the demo model, but for its weights, with this chat template or its own."""
    shutil.copytree(locate(composed().model.path, "model.path"), folder, ignore=shutil.ignore_patterns("*.safetensors"))
    if template is not None:
        (folder / "chat_template.jinja").write_text(template)
    return folder


def paligemma_files(folder: Path) -> Path:
    """Write the files of a PaliGemma, of which none is published with a chat template."""
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(locate(composed().model.path, "model.path"))
    tokenizer.chat_template, tokenizer.bos_token = None, tokenizer.eos_token
    image = tokenizer.convert_tokens_to_ids("<image>")
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {"model_type": "gemma", "vocab_size": len(tokenizer), "num_key_value_heads": 1, "head_dim": 16, **sizes}
    vision = {"image_size": 224, "patch_size": 14, "projection_dim": 32, **sizes}
    config = transformers.PaliGemmaConfig(
        vision_config=vision, text_config=text, image_token_index=image, projection_dim=32
    )
    config.architectures = ["PaliGemmaForConditionalGeneration"]
    config.save_pretrained(folder)
    images = transformers.SiglipImageProcessor(size={"height": 224, "width": 224})
    images.image_seq_length = 256
    transformers.PaliGemmaProcessor(image_processor=images, tokenizer=tokenizer).save_pretrained(folder)
    return folder


def mistral_files(folder: Path) -> Path:
    """Write the files of a Mistral with the tokenizer of its maker, which is no Jinja template but code."""
    import mistral_common

    folder.mkdir()
    tokenizer = Path(mistral_common.__file__).parent / "data" / "tekken_240911.json"
    (folder / "tekken.json").symlink_to(tokenizer)
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = {"architectures": ["MistralForCausalLM"], "model_type": "mistral", "vocab_size": 131072, **sizes}
    (folder / "config.json").write_text(json.dumps(config | {"num_key_value_heads": 2, "torch_dtype": "bfloat16"}))
    return folder
