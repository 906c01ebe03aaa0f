"""Check how answers are read, whatever scorer compares them: conclusions, boxes, hedges, letters, retractions.

All rows are written for this test, nearly all of them misread once; whether an answer counts is what a careful human
grader would say.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from support.cases import from_file
from support.growth import LINEAR, growth
from support.paths import REAL_DATA

from mathbatch.base import BaseScorer
from mathbatch.records import Sample
from mathbatch.scoring.answers import cues
from mathbatch.scoring.answers.readable import answer_part, only_gold, readable, without_decorations
from mathbatch.scoring.answers.stated import MAX_ANSWER
from mathbatch.scoring.scorers.auto import AutoScorer
from mathbatch.scoring.scorers.gsm8k import Gsm8kScorer
from mathbatch.scoring.scorers.math import MathScorer
from mathbatch.scoring.scorers.number import NumberScorer

SCORERS: dict[str, BaseScorer] = {
    "auto": AutoScorer(),
    "math": MathScorer(),
    "number": NumberScorer(),
    "gsm8k": Gsm8kScorer(),
}


def verdict(scorer: BaseScorer, gold: str, response: str, choices: Sequence[str] = ()) -> str:
    return scorer.score(Sample("1", 1, {}, "", gold=gold, choices=tuple(choices) or None), response).verdict


@from_file("scoring/cases/reading.jsonl", "scorer", "gold", "choices", "response", "is_correct", choices=[])
def test_an_answer(scorer: str, gold: str, choices: Sequence[str], response: str, is_correct: bool) -> None:
    assert (verdict(SCORERS[scorer], gold, response, choices) == "correct") == is_correct


@pytest.mark.parametrize("scorer", ["math", "number", "auto", "gsm8k"])
def test_a_box_with_more_than_an_answer_holds_is_wrong(scorer: str) -> None:
    """It is what the response states: no earlier sentence counts in its place."""
    response = "The sum is 6. So \\boxed{" + "31" * 700 + "}"
    assert verdict(SCORERS[scorer], "6", response) == "wrong"


def test_a_long_box_with_the_text_of_the_gold_is_correct() -> None:
    gold = "+".join(f"x_{{{place}}}" for place in range(200))
    assert len(gold) > MAX_ANSWER
    assert verdict(MathScorer(), gold, f"So \\boxed{{{gold}}}.") == "correct"


@pytest.mark.parametrize(
    "gold", ["\\frac{1}{10}\\begin{pmatrix}\n4 & 0 & 7 \\\\\n2 & 5 & 1\n\\end{pmatrix}", "P(3 \\mid 2) = 0.4"]
)
def test_signs_between_the_entries_of_a_matrix_are_no_alternatives(gold: str) -> None:
    assert verdict(MathScorer(), gold, f"So \\boxed{{{gold}}}") == "correct"


@pytest.mark.parametrize(
    ("scorer", "gold", "response"),
    [
        ("number", "6.283185307179586", "The answer is 2pi."),
        ("number", "35", "The angle is $35^{\\circ}$."),
        ("number", "0.25", "The answer is .25."),
        ("number", "5/6", "So it is 5/6, or about 0.833."),
        ("math", "5/6", "So it is 5/6, or about 0.833."),
        ("math", "41", "答えは41です。"),
        ("auto", "9", "The sum of 4 and 5 was 9 in 2017."),
    ],
)
def test_a_value_in_its_common_forms(scorer: str, gold: str, response: str) -> None:
    assert verdict(SCORERS[scorer], gold, response) == "correct"


@pytest.mark.parametrize("cue", cues.TABLE, ids=lambda cue: cue.name)
def test_each_cue_finds_its_example(cue: cues.Cue) -> None:
    assert cue.pattern.search(cue.example)


@pytest.mark.parametrize("gold", ["0", "2", "3"])
def test_a_gold_that_is_a_place_among_the_choices_is_unscored(gold: str) -> None:
    """Whether places are counted from 0 or from 1 is not known, and `check` names such golds, too."""
    assert verdict(AutoScorer(), gold, "B", ("x", "y", "z")) == "unscored"


def test_a_gold_that_is_the_text_of_a_choice_is_no_place() -> None:
    assert verdict(AutoScorer(), "2", "The answer is B.", ("1", "2", "3")) == "correct"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("\x08oxed{\x0crac{1}{2}}", r"\boxed{\frac{1}{2}}"),
        ("a\tb\nu = 3", "a\tb\nu = 3"),
        ("Ａ和Ｂ，１２．５", "A和B，12.5"),
        ("x=.5, 12.5, a.5", "x=0.5, 12.5, a.5"),
        ("12 per cent", "12%"),
        (r"\textcolor{red}{\frac{1}{2}}\hspace{2mm}", r"\frac{1}{2}"),
    ],
)
def test_a_text_is_written_in_one_form(text: str, written: str) -> None:
    assert readable(text) == written


@pytest.mark.parametrize("text", [r"\sqrt{7}", r"\ln{7}", r"\overline{7}", r"\Gamma{7}", r"\leq{7}", r"\text{7}"])
def test_mathematics_is_no_decoration(text: str) -> None:
    assert without_decorations(text) == text


def test_a_list_with_one_gold_is_that_gold() -> None:
    assert [only_gold(gold) for gold in ('["70"]', "['x, y']", '["1", "2"]')] == ["70", "x, y", '["1", "2"]']


@pytest.mark.parametrize("piece", ["\\a{", "\\a{b}", "{", "'a' ", "`", "「", "\x08", "1 per cent ", "\\boxed 1 ", "１"])
def test_a_hostile_text_costs_no_more_than_its_length(piece: str) -> None:
    assert growth(lambda size: answer_part((piece * size)[:size]), 4_000) < LINEAR


SOLUTIONS = REAL_DATA / "gsm8k" / "example_model_solutions.jsonl"


@pytest.mark.skipif(not SOLUTIONS.exists(), reason="the benchmark's own solutions are not here")
@pytest.mark.parametrize("model", ["6b_finetuning", "175b_finetuning"])
@pytest.mark.parametrize("scorer", ["math", "number", "gsm8k"])
def test_verdicts_agree_with_the_official_ones_of_gsm8k(scorer: str, model: str) -> None:
    rows = [json.loads(line) for line in SOLUTIONS.read_text(encoding="utf-8").splitlines()]
    disagreements = []
    for row in rows:
        gold = row["ground_truth"].rpartition("A: ")[2]
        found = verdict(SCORERS[scorer], gold, row[model]["solution"])
        if (found == "correct") != row[model]["is_correct"]:
            disagreements.append((gold, found, row[model]["solution"]))
    print(*disagreements, sep="\n")
    assert len(disagreements) <= (0.005 if scorer == "math" else 0) * len(rows)
