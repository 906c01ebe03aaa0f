"""Make checkpoints of families that read text only, Qwen's aside."""

from __future__ import annotations

from pathlib import Path

import transformers as hf

from support.families import templates
from support.families.tokenizers import ids, of_bytes
from support.families.weights import made, save, say_always, text_config

SENTENCE = ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>")
LLAMA3 = ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
HARMONY = ("<|startoftext|>", "<|endoftext|>", "<|return|>", "<|constrain|>", "<|channel|>", "<|start|>", "<|end|>")


def deepseek_r1(folder: Path) -> None:
    """Make one of those distilled into Qwen, with Llama's kind of tokenizer. The prompt opens the thought."""
    special = [*SENTENCE, "<｜User｜>", "<｜Assistant｜>", "<think>", "</think>"]
    found = of_bytes(special, eos=SENTENCE[1], pad=SENTENCE[1], bos=SENTENCE[0], begins=True)
    found.chat_template = templates.DEEPSEEK_R1
    model = made(hf.Qwen2ForCausalLM, hf.Qwen2Config(**text_config(found)))
    say_always(model, ids(found, "Ċ", "2", "+", "3", "</think>", "5", SENTENCE[1]))
    save(folder, model, found, [found.eos_token_id])


def llama3(folder: Path) -> None:
    found = of_bytes(LLAMA3, eos="<|eot_id|>", pad="<|end_of_text|>", bos="<|begin_of_text|>", begins=True)
    found.chat_template = templates.LLAMA3
    model = made(hf.LlamaForCausalLM, hf.LlamaConfig(**text_config(found)))
    save(folder, model, found, ids(found, "<|eot_id|>", "<|end_of_text|>"))


def gpt_oss(folder: Path) -> None:
    """Make one that thinks, in a channel, and never answers."""
    special = [*HARMONY, "<|message|>", "<|call|>"]
    found = of_bytes(special, eos="<|return|>", pad="<|endoftext|>", bos="<|startoftext|>")
    found.chat_template = templates.GPT_OSS
    experts = {"num_local_experts": 4, "num_experts_per_tok": 2, "intermediate_size": 64, "head_dim": 64}
    layers = ["sliding_attention", "full_attention"]
    config = hf.GptOssConfig(**text_config(found, **experts, sliding_window=128, layer_types=layers))
    model = made(hf.GptOssForCausalLM, config)
    last = found.encode("<|start|>assistant", add_special_tokens=False)[-1]
    channel = found.encode("analysis", add_special_tokens=False)
    said = [ids(found, "<|channel|>"), channel, ids(found, "<|message|>", "2", "+", "3", "<|end|>", "<|return|>")]
    say_always(model, [last, *(token for tokens in said for token in tokens)])
    save(folder, model, found, ids(found, "<|return|>", "<|endoftext|>", "<|call|>"))
