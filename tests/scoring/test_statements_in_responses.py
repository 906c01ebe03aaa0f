r"""Check what counts as the answer of a response that says more than its answer: remarks, tags, counts, prepositions.

All rows are written for this test; a verdict is what a careful human grader would give.
"""

from __future__ import annotations

import pytest
from support.cases import from_file

from mathbatch.records import Sample
from mathbatch.scoring.answers.statements import statements
from mathbatch.scoring.answers.tags import final_part
from mathbatch.scoring.scorers.choice import ChoiceScorer
from mathbatch.scoring.scorers.math import MathScorer
from mathbatch.scoring.scorers.number import NumberScorer

RIGHT, WRONG, NONE = "correct", "wrong", "no_answer"


@from_file("scoring/cases/statements_by_math.jsonl", "gold", "response", "verdict")
def test_math(gold: str, response: str, verdict: str) -> None:
    assert MathScorer().score(Sample("1", 1, {}, "", gold=gold), response).verdict == verdict


@from_file("scoring/cases/statements_by_number.jsonl", "gold", "response", "verdict")
def test_number(gold: str, response: str, verdict: str) -> None:
    assert NumberScorer().score(Sample("1", 1, {}, "", gold=gold), response).verdict == verdict


@pytest.mark.parametrize(
    "response",
    [
        "<answer>C</answer>",
        "The answer is <|begin_of_box|>C<|end_of_box|>.",
        "Answer: C\n\nThe answer is based on the picture.",
        "The answer is C<|im_end|>",
    ],
)
def test_choice(response: str) -> None:
    assert ChoiceScorer().score(Sample("1", 1, {}, "", gold="C"), response).verdict == RIGHT


def test_tags_and_special_tokens_are_no_part_of_a_statement() -> None:
    assert final_part("<think>a</think><answer>5</answer><|im_end|>").strip() == "5"
    assert statements("It is 4.<answer>5</answer></s>")[0] == ("5", "stated as the answer")
