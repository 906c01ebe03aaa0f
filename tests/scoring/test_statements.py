"""Check what a response states as its answer: the strongest candidate, and the rule that found it."""

from __future__ import annotations

import pytest
from support.cases import from_file
from support.growth import LINEAR, growth

from mathbatch.scoring.answers.sentences import is_statement, sentences
from mathbatch.scoring.answers.stated import MAX_ANSWER, Rule
from mathbatch.scoring.answers.statements import statements
from mathbatch.scoring.answers.tags import final_part

HOPE = " I hope this helps! Let me know if you have any other questions."
ANSWER, ENDS, BOXED, HASH = "stated as the answer", "stated in a conclusion", "boxed", "after ####"
BOLD, LAST = "in bold", "in the last sentence"


@from_file("scoring/cases/statements.jsonl", "response", "text", "rule", "source")
def test_the_strongest_statement(response: str, text: str, rule: str, source: str) -> None:
    assert statements(response)[0] == (text, rule), source


@pytest.mark.parametrize(
    "response",
    [
        "",
        " \n ",
        "...",
        "Sorry, I can't help with images of people yet.",  # MathVista 88, bard
        "I can't process this file.",  # MathVista 997, bard
        "<think>The answer is 3",
        "What do you mean?",
        f"The answer is {'9' * (MAX_ANSWER + 1)}",
    ],
)
def test_refusals_questions_cut_thinking_and_what_is_too_long_state_nothing(response: str) -> None:
    assert statements(response) == ()


def test_a_box_that_is_too_long_is_an_answer_all_the_same() -> None:
    assert [one.rule for one in statements(f"\\boxed{{{'x' * (2 * MAX_ANSWER)}}}")] == [Rule.BOXED]


def test_weaker_candidates_follow_the_stronger() -> None:
    said = statements("The sum is 5.\nSo the answer is **5**." + HOPE)
    assert [one.rule for one in said] == [ANSWER, ENDS, BOLD, LAST, "in the first sentence"]


def test_the_answer_stands_at_either_end_of_a_very_long_response() -> None:
    for response in ("The answer is B. " + "word " * 30_000, "word " * 30_000 + "\nThe answer is B."):
        assert statements(response)[0] == ("B.", ANSWER)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("1. One\n2. Two", ["1. One", "2. Two"]),
        ("It is 3.5 cm. Yes", ["It is 3.5 cm.", "Yes"]),
        ("一。二！", ["一。", "二！"]),
        ("```\nx = 3\n```", ["x = 3"]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [*sentences(text)] == expected


def test_what_follows_the_last_thought_is_the_answer() -> None:
    assert final_part("<think>a</think>b</think>c") == "c"
    assert final_part("no thought") == "no thought"
    assert not is_statement("Is it 3?")


HOSTILE = [
    "answer ", "answer is ", "the answer is : ", "{", "\\boxed{", "\\boxed{}", "a. ", "1.", "\n", " ", "****", "**\n", "**1** ",
    "#### ", "#", "so ", ", so ", "option ", "选", "答案", "故选", "(A) ", "?", "is ", "Answer: that the option ", "x ", "<think>",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_response_costs_no_more_than_its_length(piece: str) -> None:
    # Below what is cut off from a long response, around it, and above it.
    for size in (500, 2_500, 12_500):
        assert growth(lambda size: statements((piece * size)[:size]), size) < LINEAR, size
