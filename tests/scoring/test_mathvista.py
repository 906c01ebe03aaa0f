"""MathVista's protocol as a table, and against the benchmark's own outputs of two models where those are here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from support.cases import from_file
from support.growth import LINEAR, growth
from support.paths import REAL_DATA

from mathbatch.records import Sample
from mathbatch.scoring.scorers.mathvista import MathVistaScorer

REAL = REAL_DATA / "mathvista"
ABCD = ("40°", "60°", "50°", "20°")
YES = ("Yes", "No")
INT, ONE, TWO, LIST = ("integer", None), ("float", 1), ("float", 2), ("list", None)
Kind = tuple[str, ...] | tuple[str, int | None]


def sample(kind: Kind, gold: str | None) -> Sample:
    free = kind in (INT, ONE, TWO, LIST)
    answer_type, precision = kind if free else ("text", None)
    row = {"question_type": "free_form" if free else "multi_choice", "answer_type": answer_type, "precision": precision}
    return Sample("1", 1, {}, "", fields=row, gold=gold, choices=None if free else tuple(str(one) for one in kind))


@from_file("scoring/cases/mathvista_extractions.jsonl", "kind", "gold", "text", "verdict", "answer", "source")
def test_an_extraction(kind: Kind, gold: str, text: str, verdict: str, answer: str | None, source: str) -> None:
    score = MathVistaScorer(extracted=True).score(sample(tuple(kind), gold), text)
    assert (score.verdict, score.answer) == (verdict, answer), source


@from_file("scoring/cases/mathvista.jsonl", "kind", "gold", "text", "verdict", "answer", "source")
def test_a_response(kind: Kind, gold: str, text: str, verdict: str, answer: str | None, source: str) -> None:
    score = MathVistaScorer().score(sample(tuple(kind), gold), text)
    assert (score.verdict, score.answer) == (verdict, answer), f"{source}: {score.reason}"


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        (ABCD, "The answer is (B).", "choice (B), 'B', stated as the answer; equal"),
        (ABCD, "\\boxed{A}", "choice (A), 'A', boxed; different"),
        (ABCD, "So it is 59.", "most similar choice (C), stated in a conclusion; different"),
        (YES, "It is not red.", "choice (B), denied in the first sentence; different"),
        (INT, "It is 12.", "integer, in the last sentence; different"),
        (INT, "Sorry.", "no answer was found in the response"),
    ],
)
def test_the_reason_names_answer_and_rule(kind: Kind, text: str, reason: str) -> None:
    assert MathVistaScorer().score(sample(kind, "60°"), text).reason == reason


def test_a_row_without_a_gold_answer_is_unscored_but_its_answer_is_found() -> None:
    score = MathVistaScorer().score(sample(INT, None), "The answer is 3.")
    assert (score.verdict, score.answer, score.gold) == ("unscored", "3", None)
    assert MathVistaScorer().score(sample(INT, None), "").verdict == "unscored"


@pytest.mark.parametrize("kind", [ABCD, YES, INT, LIST])
@pytest.mark.parametrize(
    "piece", ["a. ", "1.", "**1** ", "1/", "\\frac{1}", "twenty-", "[1, ", "there are ", "no ", "The answer is (Z). "]
)
def test_a_hostile_response_costs_no_more_than_its_length(kind: Kind, piece: str) -> None:
    scorer, row = MathVistaScorer(), sample(kind, "1")
    # Below what is cut off from a long response, around it, and above it.
    for size in (500, 2_500, 12_500):
        assert growth(lambda size: scorer.score(row, (piece * size)[:size]), size) < LINEAR, size


def outputs(model: str) -> Iterator[tuple[Sample, dict[str, Any]]]:
    rows = json.loads((REAL / "testmini.json").read_text(encoding="utf-8"))
    for pid, output in json.loads((REAL / "outputs" / f"{model}.json").read_text(encoding="utf-8")).items():
        row = rows[pid]
        choices = tuple(row["choices"]) if row["choices"] else None
        yield Sample(pid, int(pid), {}, "", fields=row, gold=row["answer"], choices=choices), output


@pytest.mark.skipif(not REAL.is_dir(), reason="the benchmark's own outputs are not here")
@pytest.mark.parametrize(
    ("field", "bar", "model"),
    [
        ("extraction", 0.995, "output_bard"),
        ("extraction", 0.995, "output_llava_llama_2_13b"),
        ("response", 0.97, "output_bard"),
        ("response", 0.95, "output_llava_llama_2_13b"),
    ],
)
def test_verdicts_agree_with_the_official_ones(field: str, bar: float, model: str) -> None:
    scorer = MathVistaScorer(extracted=field == "extraction")
    total = agreed = 0
    for row, output in outputs(model):
        score = scorer.score(row, output[field])
        total += 1
        agreed += (same := (score.verdict == "correct") == output["true_false"])
        if not same:
            print(row.id, row.choices, "gold", row.gold, "| official", output["extraction"], "| ours", score)
    print(f"{model}, {field}: {agreed} of {total} agree")
    assert agreed / total >= bar
