r"""Check what each scorer says of a response: one table a scorer, one case a line.

A verdict is what a careful human grader would give, or the benchmark's own protocol where the scorer follows one.
Source of a case: "official" and the rule of the benchmark's scripts that it shows; "kinder", where those fail on how a
right answer is written; "Math-Verify #47" and "README", the issues and the manual of huggingface/Math-Verify;
"MATH-500 gold", "MathVerse gold", "AIME", a gold answer as it stands there; "made up", all else.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from support.cases import from_file
from support.growth import LINEAR, growth
from support.paths import REAL_DATA

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score
from mathbatch.scoring.panel import Panel, Voter
from mathbatch.scoring.scorers.auto import AutoScorer
from mathbatch.scoring.scorers.choice import ChoiceScorer
from mathbatch.scoring.scorers.dynamath import DynaMathScorer
from mathbatch.scoring.scorers.exact import ExactScorer
from mathbatch.scoring.scorers.gsm8k import Gsm8kScorer
from mathbatch.scoring.scorers.math import MathScorer
from mathbatch.scoring.scorers.mathverse import MathVerseScorer
from mathbatch.scoring.scorers.number import NumberScorer
from mathbatch.scoring.scorers.wemath import WeMathScorer

TEXT_ONLY = REAL_DATA / "mathverse" / "testmini_text_only.json"

RIGHT, WRONG, NONE, UNSCORED = "correct", "wrong", "no_answer", "unscored"


def judged(scorer: BaseScorer, gold: str, response: str, choices: Sequence[str] = (), **fields: Any) -> str:
    query = str(fields.get("question", ""))
    return scorer.score(
        Sample("1", 1, fields, query, gold=gold, choices=tuple(choices) or None, fields=fields), response
    ).verdict


@from_file("scoring/cases/math.jsonl", "parameters", "gold", "response", "verdict", parameters={})
def test_math(parameters: dict[str, Any], gold: str, response: str, verdict: str) -> None:
    assert judged(MathScorer(**parameters), gold, response) == verdict


@from_file("scoring/cases/choice.jsonl", "choices", "gold", "response", "verdict", choices=[])
def test_choice(choices: Sequence[str], gold: str, response: str, verdict: str) -> None:
    assert judged(ChoiceScorer(), gold, response, choices) == verdict


@from_file(
    "scoring/cases/number.jsonl", "parameters", "fields", "gold", "response", "verdict", parameters={}, fields={}
)
def test_number(parameters: dict[str, Any], fields: dict[str, Any], gold: str, response: str, verdict: str) -> None:
    assert judged(NumberScorer(**parameters), gold, response, **fields) == verdict


@from_file("scoring/cases/exact.jsonl", "parameters", "gold", "response", "verdict", parameters={})
def test_exact(parameters: dict[str, Any], gold: str, response: str, verdict: str) -> None:
    assert judged(ExactScorer(**parameters), gold, response) == verdict


@from_file("scoring/cases/auto.jsonl", "choices", "gold", "response", "verdict", choices=[])
def test_auto(choices: Sequence[str], gold: str, response: str, verdict: str) -> None:
    assert judged(AutoScorer(), gold, response, choices) == verdict


@from_file("scoring/cases/gsm8k.jsonl", "gold", "response", "verdict")
def test_gsm8k(gold: str, response: str, verdict: str) -> None:
    assert judged(Gsm8kScorer(), gold, response) == verdict


@from_file("scoring/cases/mathverse.jsonl", "kind", "question", "gold", "response", "verdict")
def test_mathverse(kind: str, question: str, gold: str, response: str, verdict: str) -> None:
    assert judged(MathVerseScorer(), gold, response, question_type=kind, question=question) == verdict


@from_file("scoring/cases/wemath.jsonl", "gold", "response", "verdict")
def test_wemath(gold: str, response: str, verdict: str) -> None:
    assert judged(WeMathScorer(), gold, response) == verdict


@from_file("scoring/cases/dynamath.jsonl", "kind", "gold", "response", "verdict")
def test_dynamath(kind: str, gold: str, response: str, verdict: str) -> None:
    assert judged(DynaMathScorer(), gold, response, answer_type=kind) == verdict


def four_ways(problems: dict[str, str]) -> dict[str, Any]:
    """`problems`: ID to the verdicts of its rows, steps first: r, w, n (no answer), f (failed), - (no such row)."""
    verdicts = {"r": RIGHT, "w": WRONG, "n": NONE, "f": "failed", "u": UNSCORED}
    summary = WeMathScorer().summary()
    assert summary is not None
    for name, rows in problems.items():
        keys = [*(f"{len(rows) - 1}steps_{step}" for step in range(1, len(rows))), f"{len(rows) - 1}steps_multi"]
        for key, row in zip(keys, rows, strict=True):
            if row != "-":
                fields = {"ID": name, "key": key}
                summary.add(Sample(name + key, 1, fields, "", fields=fields), [Score(verdicts[row], None, None, "")])
    return summary.facts()


def test_the_four_ways_as_worked_by_hand() -> None:
    """Complete mastery rrr; generalization rrw; knowledge rww, www; memorization rwr, wwr, and rrwr of three steps."""
    facts = four_ways({"1": "rrr", "2": "rrw", "3": "rww", "4": "www", "5": "rwr", "6": "wwr", "7": "rrwr"})[
        "four_ways"
    ]
    strict = {"problems": 7, "CM": 1, "IG": 1, "IK": 2, "RM": 3, "score": 1.5 / 7, "rote_memorization_rate": 3 / 4}
    loose = {"problems": 7, "CM": 3, "IG": 1, "IK": 2, "RM": 1, "score": 3.5 / 7, "rote_memorization_rate": 1 / 4}
    assert facts == {"strict": strict, "loose": loose}


def test_no_answer_is_wrong_in_the_four_ways() -> None:
    assert four_ways({"1": "rnr"}) == four_ways({"1": "rwr"})


@pytest.mark.parametrize("rows", ["rr-", "-rr", "rfr", "rrf", "rru", "rr-r"])
def test_a_problem_with_a_missing_row_is_none(rows: str) -> None:
    assert four_ways({"1": rows}) == {}
    assert four_ways({"1": rows, "2": "rrr"}) == four_ways({"2": "rrr"})


def test_nothing_right_has_no_rote_memorization_rate() -> None:
    """Check the case in which the official script divides by zero."""
    facts = four_ways({"1": "www", "2": "rrw"})["four_ways"]["strict"]
    assert facts["rote_memorization_rate"] is None
    assert facts["score"] == 0.25


HOSTILE = [
    "1,",
    "9",
    "\\boxed{",
    "#### ",
    "Answer ",
    '"short answer": ',
    "(A) ",
    "\\frac{1}{2} ",
    "the answer is ",
    " ",
    "\n",
    "$",
    "- ",
    "Choices:\nA:",
    "A. Correct.\n",
    "option A not ",
    "5, when x = 1 ",
    "cannot be ",
]
SCORERS: list[tuple[BaseScorer, str]] = [
    (ChoiceScorer(), "B"),
    (NumberScorer(), "5"),
    (ExactScorer(), "east"),
    (AutoScorer(), "12"),
    (Gsm8kScorer(), "5"),
    (MathScorer(), "12"),
    (WeMathScorer(), "B"),
    (DynaMathScorer(), "5.0"),
    (MathVerseScorer(), "domain: (2,8] and range: [6,8)"),
]


@pytest.mark.parametrize("scorer", SCORERS, ids=lambda pair: type(pair[0]).__name__)
def test_hostile_responses_cost_no_more_than_their_length(scorer: tuple[BaseScorer, str]) -> None:
    sample = Sample("1", 1, {}, "", gold=scorer[1], fields={"answer_type": "float"})
    for piece in HOSTILE:
        # Up to what is read of a long response, and beyond it.
        for size in (1_250, 12_500):
            grown = growth(lambda size, piece=piece: scorer[0].score(sample, (piece * size)[:size]), size)  # type: ignore[misc]
            assert grown < LINEAR, (piece, size)


@pytest.mark.skipif(not TEXT_ONLY.exists(), reason="needs MathVerse's text-only rows")
def test_nearly_all_golds_of_mathverse_are_equal_to_themselves() -> None:
    rows = json.loads(TEXT_ONLY.read_text(encoding="utf-8"))
    panel = Panel([Voter("mathverse", MathVerseScorer())], "mathverse")
    samples = [Sample(row["sample_index"], 1, row, row["question"], gold=row["answer"], fields=row) for row in rows]
    unusable = [sample.gold for sample in samples if panel.gold_problem(sample)]
    assert len(unusable) <= 1, unusable
