"""Thoughts are told from the answer whatever marks a model puts around them, in the engine and in scoring alike."""

from __future__ import annotations

import pytest
from support.growth import LINEAR, growth

from mathbatch.models.reasoning import opens_reasoning, split_reasoning
from mathbatch.records import Sample
from mathbatch.scoring.scorers.math import MathScorer

FINAL = "<|start|>assistant<|channel|>final<|message|>"
MARKS = [
    ("<think>", "</think>"),
    ("<Think>", "</Think>"),
    ("< think >", "< / think >"),
    ('<think duration="3">', "</think>"),
    ("<think><think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<inner_thoughts>", "</inner_thoughts>"),
    ("<reasoning>", "</reasoning>"),
    ("<REASONING>\n", "\n</REASONING>\n"),
    ("<analysis>", "</analysis>"),
    ("[THINK]", "[/THINK]"),
    ("[Reasoning]", "[/Reasoning]"),
    ("[BEGIN OF THOUGHT]", "[END OF THOUGHT]"),
    ("◁think▷", "◁/think▷"),
    ("【thinking】", "【/thinking】"),
    ("<seed:think>", "</seed:think>"),
    ("<|think|>", "<|/think|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<｜begin▁of▁thinking｜>", "<｜end▁of▁thinking｜>"),
    ("<think_start>", "<think_end>"),
    ("<think>", "[/THINK]"),
    ("<|channel|>analysis<|message|>", f"<|end|>{FINAL}"),
    ("<|channel|>analysis<|message|>", f"<|channel|>commentary to=f <|constrain|>json<|message|>{{}}<|call|>{FINAL}"),
    ("<|channel>thought\n", "<channel|>"),
    ("analysis", "assistantfinal"),
    ("<|im_start|>think\n", "<|im_start|>answer\n"),
    ("<scratchpad>", "</scratchpad>"),
    ("<思考>", "</思考>"),
]  # fmt: skip
# Never closed, a heading in brackets is no thought, since nothing tells where it would end.
NOT_HEADINGS = [marks for marks in MARKS if marks[0] != "[Reasoning]"]
THOUGHT = "Let me see, 7 + 8 = 16, so the answer is \\boxed{16}?"


def verdict(gold: str, response: str) -> str:
    return MathScorer().score(Sample("1", 1, {}, "", gold=gold), response).verdict


@pytest.mark.parametrize(("opening", "closing"), MARKS)
def test_what_stands_between_two_marks_is_reasoning(opening: str, closing: str) -> None:
    reasoning, answer = split_reasoning(f"{opening}{THOUGHT}{closing}15")
    assert (answer, reasoning is not None and THOUGHT in reasoning) == ("15", True)
    assert verdict("15", f"{opening}{THOUGHT}{closing}15") == "correct"


@pytest.mark.parametrize(
    ("before", "opening"),
    [
        (before, opening)
        for opening, _ in NOT_HEADINGS
        for before in ("", "\n", "Sure, I will work it out. ")
        # The bare name of a channel is a mark at the start only.
        if opening != "analysis" or not before.strip()
    ],
)
def test_a_thought_that_never_ends_gives_no_answer(before: str, opening: str) -> None:
    assert split_reasoning(f"{before}{opening}{THOUGHT} But")[1] == ""
    assert verdict("16", f"{before}{opening}{THOUGHT} But") == "no_answer"


@pytest.mark.parametrize(("opening", "closing"), MARKS)
def test_a_prompt_may_open_the_thought(opening: str, closing: str) -> None:
    assert split_reasoning(f"{THOUGHT}{closing}15")[1] == "15"
    assert split_reasoning(THOUGHT, opened_by_prompt=True) == (THOUGHT, "")
    if opening not in ("analysis", "[Reasoning]"):
        assert opens_reasoning(f"assistant\n{opening}\n")
    assert not opens_reasoning(f"assistant\n{opening}{closing}\n")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        # A further closing mark ends a thought if an answer follows it, and means nothing behind the answer.
        ("<think>a</think>\\boxed{15}</think>", "\\boxed{15}"),
        ("<think>a</think>\n<answer>15</answer></think>", "<answer>15</answer>"),
        ("<think>a</think>\\boxed{15}</think>\n\nThank you.", "\\boxed{15}\nThank you."),
        ("<think>a</think> \\boxed{16}? No. </think> The answer is 15.", "The answer is 15."),
        ("<think>a</think>b</think>c", "c"),
        ("a</think>b</think>c", "c"),
        # A thought within a thought has a closing mark of its own.
        ("<think>a <think>b</think> \\boxed{16}</think>15", "15"),
        ("<think>a <think>b</think> \\boxed{15}</think>", "\\boxed{15}"),
        # In backticks a mark is only spoken about.
        ("<think>I end with `</think>`. \\boxed{16}</think>15", "15"),
        ("<think>a</think>15, without `<think>`", "15, without `<think>`"),
        # What is boxed counts if a thought after it is cut.
        ("\\boxed{15}\n<think>Is it \\boxed{16}?", "\\boxed{15}"),
        ("It goes into \\boxed{}. <think>Is it \\boxed{16}?", ""),
        # Thoughts may come one after another, and after the answer.
        ("<think>a</think>16?<think>b</think>15", "15"),
        ("<think>a</think>15<think>b</think>", "15"),
        ("15 <think>b</think>", "15"),
        # An answer in tags ends a thought that nothing else ends; a word about the tags doesn't.
        ("<think>7 + 8 = 15 <answer>15</answer>", "<answer>15</answer>"),
        ("<think>7 + 8 = 15\n<answer>15", "<answer>15"),
        ("<think>Is it <answer>16</answer>? No, wait", ""),
        ("<think>It goes into <answer> tags. So 16", ""),
        ("<|begin_of_thought|>a <solution>15</solution>", "<solution>15</solution>"),
        ("<Thought>: a\n<Answer>: C", "<Answer>: C"),
        ("Here is my thought process:\na\nHere is my response:\n15", "15"),
        ("Here is my thought process:\nIs it 16?", ""),
        ("analysiswe get 16. Check", ""),
        ("analysis我们有 16", ""),
        ("<think></think>", ""),
        ("<think>a</think>", ""),
    ],
)  # fmt: skip
def test_the_answer_is_what_stands_outside_of_thoughts(text: str, answer: str) -> None:
    assert split_reasoning(text)[1] == answer


@pytest.mark.parametrize(
    "text",
    [
        "no thought at all",
        "I think [so], for x<3 and y>[4]",
        "[Analysis]\n7 + 8 = 15\n[Answer] 15",
        "The analysis assistant says 15",
        "analysis of the angles gives 15",
        "<b>15</b>",
        "<|im_start|>assistant\n15",
        "Here is my response:\n15",
    ],
)
def test_a_text_without_marks_stays_as_it_is(text: str) -> None:
    assert split_reasoning(text) == (None, text)


@pytest.mark.parametrize(
    "response", ["\\beginboxed{15}", "\\begin{boxed}15\\end{boxed}", "<CONCLUSION>15</CONCLUSION>"]
)
def test_answers_in_tags_and_boxes_of_a_models_own_are_read(response: str) -> None:
    assert verdict("15", f"7 + 8 is 10 + 5. {response}") == "correct"


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "< ",
        "<|think",
        "<think>",
        "</think>",
        "[begin_",
        "<a_a_",
        "<think>\n<answer>",
        "<|channel|>a",
        "<think a='",
    ],
)
def test_a_hostile_text_costs_no_more_than_its_length(piece: str) -> None:
    assert growth(lambda size: split_reasoning((piece * size)[:size]), 20_000) < LINEAR
