"""Make small tokenizers, of bytes or of pieces, with the special tokens of a family."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from typing import Any

import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

# Marks that published tokenizers have as ordinary added tokens: they stay in the text of an answer.
NOT_SPECIAL = frozenset({"<think>", "</think>", "<answer>", "</answer>"})
SIZE = 600
TEXTS = (
    "How many lines are in the picture? Which of the two has more lines? Compare the pictures step by step.",
    "What is the sum? Please reason step by step, and put your final answer within \\boxed{}.",
    "You are a helpful assistant. Answer with one number. Find the area of the triangle ABC.",
    "A. 12\nB. 15\n\nuser\nassistant\n\n\n",
)
# Joined in this order by the tokenizer of pieces. Runs of line ends are one piece, as in Gemma's.
JOINED = (
    *(("\n", "\n"), ("\n\n", "\n"), ("\n\n", "\n\n")),
    *(
        ("t", "h"),
        ("th", "e"),
        ("▁", "the"),
        ("i", "n"),
        ("a", "n"),
        ("an", "d"),
        ("u", "s"),
        ("us", "e"),
        ("use", "r"),
    ),
    *(("m", "o"), ("d", "e"), ("mo", "de"), ("mode", "l")),
)
LETTERS = "▁\n" + "".join(map(chr, range(33, 127)))


@functools.cache
def _bytes_and_merges() -> tuple[dict[str, int], list[tuple[str, str]]]:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=SIZE, show_progress=False, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(TEXTS * 10, trainer)
    found = json.loads(tokenizer.to_str())["model"]
    return found["vocab"], [(first, second) for first, second in found["merges"]]


def of_bytes(
    special: Sequence[str], eos: str, pad: str, bos: str | None = None, begins: bool = False, **more: Any
) -> Any:
    """Return a byte-level tokenizer. With `begins` it puts `bos` before a text, as those of Llama models do."""
    vocabulary, merges = _bytes_and_merges()
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_tokens(added(special))
    if begins:
        first = (bos, tokenizer.token_to_id(bos))
        tokenizer.post_processor = processors.TemplateProcessing(single=f"{bos} $A", special_tokens=[first])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=eos, pad_token=pad, bos_token=bos, **more
    )


def of_pieces(special: Sequence[str], **named: str) -> Any:
    """Return a tokenizer as Gemma's: spaces as `▁`, bytes for letters that it lacks. `named` are further attributes."""
    first = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *(f"<0x{byte:02X}>" for byte in range(256))]
    pieces = dict.fromkeys([*first, *LETTERS, *("".join(pair) for pair in JOINED)])
    vocabulary = {piece: at for at, piece in enumerate(pieces)}
    found = transformers.GemmaTokenizer(vocab=vocabulary, merges=list(JOINED), extra_special_tokens=named, **named)
    found.add_tokens(added(special))
    return found


def added(texts: Sequence[str]) -> list[AddedToken]:
    """Return tokens that are never divided."""
    return [AddedToken(text, special=text not in NOT_SPECIAL, normalized=False) for text in texts]


def ids(tokenizer: Any, *tokens: str) -> list[int]:
    """Return the numbers of these tokens. Raises LookupError for one that the tokenizer lacks."""
    vocabulary = tokenizer.get_vocab()
    return [vocabulary[token] for token in tokens]
