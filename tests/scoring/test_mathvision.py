r"""Check the MATH-V protocol: a table of cases, and the official outputs where those lie in `../shared/data`.

Source of a case: "official" and the rule of evaluation/evaluate.py or utils.py (mathllm/MATH-V) that it shows, whose
verdict it is; "row" and the id of a row; "kinder", where the official scripts say wrong because of how it is written;
"made up", all else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from support.cases import from_file
from support.paths import REAL_DATA

from mathbatch.records import Sample, Score
from mathbatch.scoring.scorers.mathvision import MathVisionScorer

OUTPUTS = sorted((REAL_DATA / "mathvision" / "outputs").glob("*.jsonl"))

FREE: tuple[str, ...] = ()
ABCDE = ("A", "B", "C", "D", "E")
HALVES = (r"$\frac{1}{2}$", r"$\frac{1}{3}$", r"$\frac{2}{3}$", "4", "other answer")
DAYS = ("Monday", "Wednesday", "Thursday", "Saturday", "Sunday")


def scored(gold: str | None, choices: tuple[str, ...] | None, response: str) -> Score:
    return MathVisionScorer().score(Sample("1", 1, {}, "", gold=gold, choices=choices), response)


@from_file("scoring/cases/mathvision.jsonl", "gold", "choices", "response", "verdict", "source", choices=[])
def test_the_protocol(gold: str, choices: list[str], response: str, verdict: str, source: str) -> None:
    score = scored(gold, tuple(choices), response)
    assert score.verdict == verdict, source
    assert score.gold == gold
    assert (score.answer is None) == (verdict == "no_answer")


@pytest.mark.parametrize("gold", [None, "", " "])
def test_a_row_without_gold_is_unscored(gold: str | None) -> None:
    assert scored(gold, None, r"\boxed{6}") == Score(
        "unscored", "6", None, "the row has no gold answer", gold_at_fault=True
    )


@pytest.mark.parametrize(
    ("gold", "choices", "response", "reason"),
    [
        ("C", ABCDE, "C", "equal as text"),
        ("A", HALVES, "0.5", "the choice's text equal as numbers to 2 decimals"),
        ("D", DAYS, "Saturday", "the choice's text equal as text"),
        ("(3,-4)", FREE, "(3.0,-4)", "equal as tuples"),
        ("60", None, "61", "differs"),
        ("60", FREE, "", "the answer is empty"),
    ],
)
def test_the_reason_says_how(gold: str, choices: tuple[str, ...] | None, response: str, reason: str) -> None:
    assert scored(gold, choices, response).reason == reason


@pytest.mark.parametrize("path", OUTPUTS, ids=lambda path: path.stem)
def test_verdicts_agree_with_the_official_ones(path: Any) -> None:
    questions = {row["id"]: row for row in rows(path.parent.parent / "test.jsonl")}
    total = 0
    disagreements = []
    for row in rows(path):
        question = questions[row["id"]]
        score = scored(question["answer"], tuple(question["options"]), row["response"])
        total += 1
        if (score.verdict == "correct") != row["correct"]:
            disagreements.append((row["id"], row["model_answer"], row["correct"], score, question["options"]))
    print(*disagreements, sep="\n")
    assert len(disagreements) <= total * 0.005


def rows(path: Any) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)
