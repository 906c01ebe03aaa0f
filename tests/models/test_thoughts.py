"""Thoughts of every family are told from its answers, through the same functions that the engine uses.

The tokens are read back by vLLM's own detokenizer, with the sampling parameters that the engine would give it.
"""

from __future__ import annotations

import functools
import itertools
from typing import Any, NamedTuple

import pytest
from support.tokenizers import byte_tokenizer, detokenized, token_ids

from mathbatch.config import ModelConfig
from mathbatch.errors import ConfigError
from mathbatch.models.thoughts import Thoughts
from mathbatch.records import Sample
from mathbatch.scoring.scorers.math import MathScorer
from mathbatch.scoring.scorers.mathvision import MathVisionScorer

pytestmark = pytest.mark.usefixtures("vllm")

QUESTION = "What is 7 + 8?"
THOUGHT = "7 + 8 = 16? So \\boxed{16}"
HARMONY = ("<|channel|>", "<|message|>", "<|start|>", "<|end|>", "<|return|>", "<|call|>", "<|constrain|>")
ANALYSIS = "<|channel|>analysis<|message|>"
COHERE = ("<|START_THINKING|>", "<|END_THINKING|>", "<|START_RESPONSE|>", "<|END_RESPONSE|>")
KIMI_K3 = ("<|open|>", "<|sep|>", "<|close|>")
INKLING = ("<|content_thinking|>", "<|content_text|>", "<|end_message|>")


class Family(NamedTuple):
    """How the models of one family write: marks around a thought, what stands around the answer, tokens of marks."""

    opening: str
    closing: str
    tokens: tuple[str, ...] = ()
    before: str = ""
    after: str = ""
    parser: str | None = None
    kept: bool = False
    """What stands around the answer is a part of it, as scorers read it."""


THINK = ("<think>", "</think>")
NEXT = "<|end|><|start|>assistant<|channel|>"
BOX = ("<|begin_of_box|>", "<|end_of_box|>")
RESPONSE_K3 = ("<|open|>response<|sep|>", "<|close|>response<|sep|>")
FAMILIES = {
    "qwen3": Family("<think>\n", "\n</think>\n\n", THINK, parser="qwen3"),
    "deepseek_r1": Family("<think>\n", "\n</think>\n\n", THINK, parser="deepseek_r1"),
    "minimax": Family("<think>\n", "\n</think>\n\n", THINK, parser="minimax_m2"),
    "mistral": Family("[THINK]", "[/THINK]", ("[THINK]", "[/THINK]")),
    "kimi_vl": Family("◁think▷", "◁/think▷", ("◁think▷", "◁/think▷")),
    "kimi_k3": Family("<|open|>think<|sep|>", "<|close|>think<|sep|>", KIMI_K3, *RESPONSE_K3, "kimi_k3"),
    "gemma4": Family("<|channel>thought\n", "<channel|>", ("<|channel>", "<channel|>"), parser="gemma4"),
    "gpt_oss": Family(ANALYSIS, f"{NEXT}final<|message|>", HARMONY, parser="openai_gptoss"),
    "glm4v": Family(*THINK, (*THINK, *BOX), f"<answer>{BOX[0]}", f"{BOX[1]}</answer>", "glm45", kept=True),
    "granite": Family("Here is my thought process:\n", "\nHere is my response:\n", parser="granite"),
    "granite_tags": Family(*THINK, THINK, "<response>", "</response>", "granite_thinking_parser", kept=True),
    "hunyuan": Family("<think>\n", "\n</think>\n", (), "<answer>\n", "\n</answer>", "hunyuan_a13b", kept=True),
    "ernie": Family("<think>\n", "\n</think>\n\n", THINK, "<response>\n", "\n</response>\n", "ernie45", kept=True),
    "seed": Family("<seed:think>", "</seed:think>", ("<seed:think>", "</seed:think>"), parser="seed_oss"),
    "cohere": Family("<|START_THINKING|>", "<|END_THINKING|>", COHERE, "<|START_RESPONSE|>", "<|END_RESPONSE|>"),
    "inkling": Family("<|content_thinking|>", INKLING[2], INKLING, *INKLING[1:], "inkling"),
}
# Their marks are no usual ones, so nothing but their parser knows them.
PARSER_NEEDED = {"kimi_k3", "inkling"}
KINDS = ("special tokens", "tokens", "text")
TABLE = [
    pytest.param(family, kind, named, id=f"{name}, {kind}, {'parser' if named else 'usual marks'}")
    for (name, family), kind, named in itertools.product(FAMILIES.items(), KINDS, (False, True))
    if (family.parser if named else name not in PARSER_NEEDED)
    # Parsers look for the tokens in the vocabulary, where their marks are tokens.
    and (kind != "text" or not named or not family.tokens)
    and (family.tokens or kind == "text")
]


def model(reasoning: object = None) -> ModelConfig:
    return ModelConfig(name="model", path="model", reasoning=reasoning)


@functools.lru_cache(1)
def tokenizer_and_thoughts(family: Family, kind: str, reasoning: object) -> tuple[Any, Thoughts]:
    tokens = family.tokens if kind != "text" else ()
    tokenizer = byte_tokenizer(special=tokens) if kind == "special tokens" else byte_tokenizer(plain=tokens)
    return tokenizer, Thoughts(model([*reasoning] if isinstance(reasoning, tuple) else reasoning), tokenizer)


def splits(
    family: Family, kind: str, named: object, output: str, opened: bool = False, **values: object
) -> tuple[str | None, str]:
    """Return thought and answer of an output, as the engine tells them."""
    tokenizer, thoughts = tokenizer_and_thoughts(family, kind, family.parser if named is True else named or None)
    prompt = token_ids(tokenizer, QUESTION + (family.opening if opened else ""))
    ids, values = token_ids(tokenizer, output), {"max_tokens": 99, **values}
    return thoughts.split(detokenized(tokenizer, prompt, ids, thoughts.sampling(values)), ids, prompt, values)


def openings(family: Family) -> list[tuple[bool, str]]:
    """Return whether the prompt opens the thought, and what the output has of the mark then. No prompt has words."""
    return [(False, family.opening), *([(True, "")] if not family.opening.startswith("Here") else [])]


def verdict(gold: str, response: str) -> str:
    return MathScorer().score(Sample("1", 1, {}, "", gold=gold), response).verdict


@pytest.mark.parametrize(("family", "kind", "named"), TABLE)
def test_a_closed_thought_is_told_from_the_answer(family: Family, kind: str, named: bool) -> None:
    answer = f"{family.before}15{family.after}"
    for opened, opening in openings(family):
        for end in ("", "<|im_end|>", "<|im_end|>\n<eos>"):
            thought, text = splits(family, kind, named, f"{opening}{THOUGHT}{family.closing}{answer}{end}", opened)
            assert thought == THOUGHT if kind == "special tokens" else THOUGHT in (thought or "")
            if kind == "special tokens" or not family.before:
                assert text == (answer.strip() if family.kept else "15")
            assert (verdict("15", text), verdict("16", text)) == ("correct", "wrong")


@pytest.mark.parametrize(("family", "kind", "named"), TABLE)
def test_a_thought_without_an_end_gives_no_answer(family: Family, kind: str, named: bool) -> None:
    for opened, opening in openings(family):
        for end in ("", "<|im_end|>"):
            thought, text = splits(family, kind, named, f"{opening}{THOUGHT} Wait{end}", opened)
            assert (thought or "").startswith(THOUGHT)
            assert (text, verdict("16", text)) == ("", "no_answer")


@pytest.mark.parametrize(("family", "kind", "named"), TABLE)
def test_an_answer_that_was_not_begun_is_empty(family: Family, kind: str, named: bool) -> None:
    for opened, opening in openings(family):
        assert splits(family, kind, named, f"{opening}{THOUGHT}{family.closing}", opened)[1] == ""


@pytest.mark.parametrize(("family", "kind", "named"), TABLE)
def test_without_a_thought_all_is_answer(family: Family, kind: str, named: bool) -> None:
    assert splits(family, kind, named, " 7 + 8 <s>is</s> 15.\n<|im_end|>") == (None, " 7 + 8 <s>is</s> 15.\n")


@pytest.mark.parametrize(("family", "kind", "named"), TABLE)
def test_special_tokens_stay_where_all_are_asked_for(family: Family, kind: str, named: bool) -> None:
    output = f"{family.opening}{THOUGHT}{family.closing}15<|im_end|>"
    assert "15<|im_end|>" in splits(family, kind, named, output, skip_special_tokens=False)[1]


def test_special_tokens_do_not_leak_into_the_answer() -> None:
    gpt = FAMILIES["gpt_oss"]
    thoughts = "<|channel|>analysis<|message|>one<|end|><|start|>assistant<|channel|>analysis<|message|>two"
    final = "<|end|><|start|>assistant<|channel|>final<|message|>"
    assert splits(gpt, "special tokens", None, f"{thoughts}{final}15<|return|>") == ("one\ntwo", "15")
    assert splits(gpt, "special tokens", None, f"{thoughts}<|end|><|start|>assistant") == ("one\ntwo", "")
    call = f"{NEXT}commentary to=f <|constrain|>json<|message|>{{}}<|call|>{NEXT[7:]}final<|message|>"
    assert splits(gpt, "special tokens", None, f"{ANALYSIS}one{call}15") == ("one\n{}", "15")
    mistral = FAMILIES["mistral"]
    assert splits(mistral, "special tokens", None, "[THINK]a[/THINK]b[THINK]c[/THINK]15") == ("a\nb\nc", "15")


def test_a_model_without_such_tokens_is_asked_as_ever() -> None:
    values = {"max_tokens": 9, "skip_special_tokens": True}
    thoughts = Thoughts(model(), byte_tokenizer(special=["<s>"], plain=["<think>", "</think>"]))
    assert thoughts.sampling(values) is values
    thoughts = Thoughts(model(), byte_tokenizer(special=["[THINK]"]))
    assert thoughts.sampling(values) == {**values, "skip_special_tokens": False, "spaces_between_special_tokens": False}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("opening", "closing"), [("<|inner_prefix|>", "<|inner_suffix|>"), ("⟪", "⟫"), ("<|think|>", "<|content|>")]
)
def test_a_pair_of_marks_may_be_given(opening: str, closing: str, kind: str) -> None:
    pair = opening, closing
    family = Family(*pair, tokens=pair)
    assert splits(family, kind, pair, f"{opening}{THOUGHT}{closing}15<|im_end|>") == (THOUGHT, "15")
    assert splits(family, kind, pair, f"{THOUGHT}{closing}15", opened=True) == (THOUGHT, "15")
    assert splits(family, kind, pair, f"{opening}{THOUGHT}") == (THOUGHT, "")
    assert splits(family, kind, pair, THOUGHT, opened=True) == (THOUGHT, "")
    assert splits(family, kind, pair, "15") == (None, "15")
    assert splits(family, kind, pair, f"<think>{THOUGHT}</think>15") == (THOUGHT, "15")


def test_the_box_of_glm_is_read_by_every_protocol() -> None:
    glm = FAMILIES["glm4v"]
    text = splits(glm, "special tokens", None, "<think>a</think>It is<|begin_of_box|>15<|end_of_box|>")[1]
    assert text == "It is<|begin_of_box|>15<|end_of_box|>"
    for scorer in (MathScorer(), MathVisionScorer()):
        assert scorer.score(Sample("1", 1, {}, "", gold="15"), text).verdict == "correct"


@pytest.mark.parametrize("name", ["deepseek_r1", "mistral", "hf"])
def test_a_parser_for_another_model_is_refused_with_its_key(name: str) -> None:
    with pytest.raises(ConfigError, match=f"^model.reasoning: vLLM's parser '{name}' does not fit"):
        Thoughts(model(name), byte_tokenizer())
