"""Make small tokenizers whose tokens are bytes, and decode as vLLM does, without a checkpoint or an engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

# Every model has some that end turns; they never belong to an answer.
ENDS = ("<|im_end|>", "<eos>")


def byte_tokenizer(special: Sequence[str] = (), plain: Sequence[str] = ()) -> Any:
    """Return a tokenizer of transformers that knows bytes, and these texts as tokens: special ones, and ordinary ones.

    `<|im_end|>` and `<eos>` are special too.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE(vocab={letter: id for id, letter in enumerate(alphabet)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    tokens = {**dict.fromkeys(plain, False), **dict.fromkeys((*special, *ENDS), True)}
    made.add_tokens([AddedToken(token, special=special, normalized=False) for token, special in tokens.items()])
    return PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<eos>", pad_token="<eos>")


def token_ids(tokenizer: Any, text: str) -> list[int]:
    """Return the ids of a text as it stands, nothing added."""
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False)
    return ids


def detokenized(tokenizer: Any, prompt: Sequence[int], output: Sequence[int], values: Mapping[str, Any]) -> str:
    """Return the text that vLLM's engine makes of the tokens after a prompt, with these sampling parameters."""
    from vllm.v1.engine.detokenizer import IncrementalDetokenizer

    from mathbatch.models.conversion import vllm_sampling

    request: Any = SimpleNamespace(
        sampling_params=vllm_sampling(values), prompt_token_ids=[*prompt], prompt_embeds=None, request_id="1"
    )
    detokenizer: Any = IncrementalDetokenizer.from_new_request(tokenizer, request)
    detokenizer.update([*output], False)
    text: str = detokenizer.output_text
    return text
