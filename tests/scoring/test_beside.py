"""Test that `auto` stands beside a benchmark's protocol, and is shown where the two differ by over a point."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mathbatch.config import DatasetConfig
from mathbatch.records import Record, Sample
from mathbatch.reports.scores import facts_of
from mathbatch.scoring.evaluate import evaluate
from mathbatch.scoring.panel import panel_of

pytestmark = pytest.mark.process

CHOICES = ("60", "80", "105", "120")
# The protocol of MATH-V takes a choice's text only where nothing else stands beside it.
READ_BY_BOTH, READ_BY_AUTO, WRONG = (
    "The answer is \\boxed{C}.",
    "The answer is (C) 105 degrees.",
    "\\boxed{A}",
)


def scored(scoring: Any, responses: list[str], folder: Path) -> dict[str, Any]:
    fields = {"question_type": "multi_choice", "answer_type": "text"}
    rows = [
        (Sample(str(at), at, {}, "", gold="C", choices=CHOICES, fields=fields), [Record(str(at), "", text=text)])
        for at, text in enumerate(responses, 1)
    ]
    return evaluate(iter(rows), panel_of(scoring, {}), DatasetConfig(name="rows"), folder)


def test_both_accuracies_are_shown_where_they_differ(tmp_path: Path) -> None:
    metrics = scored("mathvision", [READ_BY_BOTH, READ_BY_AUTO, READ_BY_AUTO, WRONG], tmp_path)
    assert (metrics["correct"], metrics["judged"]) == (1, 4)
    assert (metrics["auto"]["correct"], metrics["auto"]["judged"]) == (3, 4)
    shown = dict(facts_of(metrics))
    assert shown["accuracy"].startswith("25.0%")
    assert shown["by auto"].startswith("75.0%")
    assert "mathvision keeps the limits" in shown["by auto"]


def test_what_stands_beside_decides_nothing(tmp_path: Path) -> None:
    metrics = scored("mathvision", [READ_BY_AUTO], tmp_path)
    assert metrics["scorer"]["scorers"] == ["mathvision"]
    assert metrics["votes"] == {"mathvision": 1}
    lines = (tmp_path / "scores.jsonl").read_text(encoding="utf-8")
    assert '"verdict":"wrong"' in lines.replace(" ", "")
    assert "votes" not in lines


def test_equal_accuracies_are_shown_once(tmp_path: Path) -> None:
    metrics = scored("mathvision", [READ_BY_BOTH, WRONG], tmp_path)
    assert metrics["auto"]["accuracy"] == metrics["accuracy"] == 0.5
    assert "by auto" not in dict(facts_of(metrics))


@pytest.mark.parametrize("scoring", ["auto", "choice", ["mathvision", "auto"], ["mathvision", "exact"], "dynamath"])
def test_only_protocols_for_free_responses_have_auto_beside_them(scoring: Any, tmp_path: Path) -> None:
    assert not panel_of(scoring, {}).has_beside
