"""Each numeric gold answer of the benchmarks, written in ways that are right and in ways that are wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from support.paths import REAL_DATA

from mathbatch.base import BaseScorer
from mathbatch.records import Sample
from mathbatch.scoring.scorers.dynamath import DynaMathScorer
from mathbatch.scoring.scorers.gsm8k import Gsm8kScorer
from mathbatch.scoring.scorers.mathvista import MathVistaScorer
from mathbatch.scoring.scorers.number import NumberScorer

SCORERS: list[tuple[BaseScorer, str, dict[str, Any]]] = [
    (MathVistaScorer(), "mathvista", {}),
    (NumberScorer(), "mathvista", {}),
    (DynaMathScorer(), "mathvista", {"answer_type": "float"}),
    (Gsm8kScorer(), "gsm8k", {}),
    (NumberScorer(), "gsm8k", {}),
    (DynaMathScorer(), "gsm8k", {"answer_type": "float"}),
]


def rows(benchmark: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if benchmark == "gsm8k":
        for line in (REAL_DATA / "gsm8k" / "test.jsonl").read_text(encoding="utf-8").splitlines():
            yield json.loads(line)["answer"].rpartition("####")[2].strip().replace(",", ""), {}
        return
    for row in json.loads((REAL_DATA / "mathvista" / "testmini.json").read_text(encoding="utf-8")).values():
        if row["answer_type"] in ("integer", "float") and row["question_type"] == "free_form":
            yield row["answer"], row


def split(gold: str) -> tuple[str, int, str]:
    """Sign, whole part, and decimals with their point."""
    whole, point, decimals = gold.lstrip("-").partition(".")
    return "-" * gold.startswith("-"), int(whole), point + decimals


def right(gold: str) -> list[str]:
    sign, whole, decimals = split(gold)
    grouped = f"{sign}{whole:,}{decimals}"
    found = [gold, f"The answer is {gold}.", f"\\boxed{{{gold}}}", f"\\boxed{{{gold}\\text{{ cm}}}}", grouped]
    found += [f"\\boxed{{{grouped}}}", f"The answer is **{gold}** cm.", f"So the speed is {grouped} km/h."]
    return found


def wrong(gold: str) -> list[str]:
    sign, whole, decimals = split(gold)
    more, negative = f"{sign}{whole + 1}{decimals}", f"{'' if sign else '-'}{whole}{decimals}"
    found = [f"\\boxed{{{more}}}", f"{gold} x", f"\\boxed{{{gold}x}}", f"\\boxed{{x^{{{gold}}}}}", f"not {gold}"]
    found += [f"The answer is not {gold}.", f"\\boxed{{{gold}, {more}}}", f"\\boxed{{{gold} \\text{{ or }} {more}}}"]
    found += [f"The answer is between {gold} and {more}."]
    if float(gold):
        found += [f"\\boxed{{{negative}}}", f"\\boxed{{{gold}\\sqrt{{2}}}}", f"The answer is ${gold}\\sqrt{{2}}$."]
    return found


@pytest.mark.skipif(not REAL_DATA.is_dir(), reason="the benchmarks' own files are not here")
@pytest.mark.parametrize(("scorer", "benchmark", "fields"), SCORERS)
def test_gold_answers_are_known_and_their_like_refused(
    scorer: BaseScorer, benchmark: str, fields: dict[str, Any]
) -> None:
    misjudged = [
        (gold, response)
        for gold, row in set_of(benchmark)
        for responses, expected in ((right(gold), True), (wrong(gold), False))
        for response in responses
        if scorer.score(Sample("1", 1, {}, "", gold=gold, fields=row | fields), response).is_correct != expected
    ]
    assert not misjudged


def set_of(benchmark: str) -> list[tuple[str, dict[str, Any]]]:
    """Each gold answer once for each kind of row."""
    return list(
        {(gold, row.get("answer_type"), row.get("precision")): (gold, row) for gold, row in rows(benchmark)}.values()
    )
