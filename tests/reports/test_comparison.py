"""Two scored runs side by side: what the table, the flips and the intervals say of them."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mathbatch.errors import ConfigError
from mathbatch.reports.comparison import show_comparison
from mathbatch.scoring.metrics.comparison import Comparison, compare

VERDICTS = {"+": "correct", "-": "wrong", "x": "failed"}


class Row(NamedTuple):
    """Rollouts of one row, a sign for each; and what its lines say of its group."""

    signs: str
    group: dict[str, str]


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """No text of a table is broken into lines."""
    monkeypatch.setenv("COLUMNS", "200")


def folder_of(folder: Path, rows: dict[str, Row], golds: str = "4", corrected: int = 0, scorer: Any = None) -> Path:
    """Write a scored run; `golds` is what every sample has, but the first few, which are `corrected`."""
    folder.mkdir(parents=True)
    gold_of = {id: "corrected" if at < corrected else golds for at, id in enumerate(rows)}
    lines = [
        {"id": id, "rollout": at, "verdict": VERDICTS[sign], "answer": sign, "gold": gold_of[id]} | row.group
        for id, row in rows.items()
        for at, sign in enumerate(row.signs)
    ]
    (folder / "scores.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    of_all = {"identity": "a", "golds": f"{golds}-{len(rows)}"} | (scorer or {})
    (folder / "metrics.json").write_text(json.dumps({"scorer": of_all}))
    return folder


def compared(tmp_path: Path, ours: dict[str, Row], theirs: dict[str, Row], **second_has: Any) -> tuple[Comparison, str]:
    first, second = folder_of(tmp_path / "first", ours), folder_of(tmp_path / "second", theirs, **second_has)
    found, out = compare(first, second), io.StringIO()
    with redirect_stdout(out):
        show_comparison(Path("first"), Path("second"), found, "flips.jsonl")
    return found, out.getvalue()


def rows_of(*signs: str, groups: str = "") -> dict[str, Row]:
    return {str(at): Row(one, {"group": groups[at]} if groups else {}) for at, one in enumerate(signs)}


def test_with_rollouts_accuracy_and_difference_agree_and_flips_say_how_many_are_right(tmp_path: Path) -> None:
    found, shown = compared(tmp_path, rows_of("++-+", "--+-", "++++"), rows_of("+---", "----", "++xx"))
    assert (found.first, found.second) == (pytest.approx(2 / 3), pytest.approx((1 / 4 + 0 + 1) / 3))
    assert found.difference == pytest.approx(found.first - found.second)
    assert "66.7% against 41.7%" in shown
    assert "+25.0 points" in shown
    assert "counts samples by the majority of their rollouts" in shown
    sides = {"first": "3 of 4 right", "second": "1 of 4 right", "first_answer": None, "second_answer": None}
    assert found.flips == [{"id": "0", "gold": "4"} | sides]
    assert "3 of 4 right" in shown


def test_the_only_judged_rollout_tells_its_verdict_and_answer(tmp_path: Path) -> None:
    found, shown = compared(tmp_path, rows_of("x+", "+"), rows_of("-x", "+"))
    sides = {"first": "correct", "second": "wrong", "first_answer": "+", "second_answer": "-"}
    assert found.flips == [{"id": "0", "gold": "4"} | sides]
    assert "majority" not in shown


def test_golds_are_compared_over_the_samples_of_both(tmp_path: Path) -> None:
    found, _ = compared(tmp_path, rows_of("+", "-", "+"), rows_of("+", "+"))
    assert found.notes == []


def test_two_datasets_with_the_same_ids_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"2 of 2 samples have another gold answer there: 0 \(4, 7\), 1 \(4, 7\)"):
        compared(tmp_path, rows_of("+", "-"), rows_of("+", "+"), golds="7")


def test_a_few_corrected_golds_and_another_scorer_are_both_told(tmp_path: Path) -> None:
    ours, theirs = rows_of(*"++++-----+"), rows_of(*"++++------")
    _, shown = compared(tmp_path, ours, theirs, corrected=2, scorer={"identity": "b", "scorers": ["math"]})
    assert "CAUTION: the two have different gold answers for 2 of 10 samples: 0 (4, corrected), 1 (4" in shown
    assert "scored by different scorers, unknown and math: score again" in shown


@pytest.mark.parametrize(
    ("scorer", "says"),
    [
        ({"judge": "qwen-1"}, "the two had different judges"),
        ({"versions": {"code": "x"}}, "different versions of the scorers: score both again"),
        ({"settings": {"math": {"places": 2}}}, "the scorers of the two had different settings"),
        ({}, "their golds or choices come from different fields: see dataset.answer_field, choices_field and columns"),
    ],
)
def test_what_differs_between_the_scorers_is_named(tmp_path: Path, scorer: dict[str, Any], says: str) -> None:
    _, shown = compared(tmp_path, rows_of("+", "-"), rows_of("+", "-"), scorer={"identity": "b"} | scorer)
    assert says in shown


@pytest.mark.parametrize("groups", ["", "aabbcd"])
def test_no_interval_says_that_more_than_all_samples_differ(tmp_path: Path, groups: str) -> None:
    found, shown = compared(tmp_path, rows_of(*"++++++", groups=groups), rows_of(*"-----+", groups=groups))
    assert found.difference == pytest.approx(5 / 6)
    assert found.interval is not None
    assert -1 <= found.interval.low < 5 / 6 < found.interval.high <= 1
    assert groups or "+83.3 points (95 %: +27.7 to +97.0, paired)" in shown


def test_a_long_path_is_whole_in_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    found, out = compared(tmp_path, rows_of("+", "-"), rows_of("+", "-"))[0], io.StringIO()
    with redirect_stdout(out):
        show_comparison(Path("first"), Path("second"), found, "folder/" * 20)
    assert "folder/" * 19 in out.getvalue()


@pytest.mark.parametrize(
    ("ours", "theirs", "groups"),
    [
        (("++-", "+--", "++-"), ("+--", "---", "+--"), ""),
        (("+", "-", "+", "-"), ("-", "+", "-", "+"), "aabb"),
        (("+", "-"), ("-", "-"), "aa"),
    ],
    ids=["a third more each", "each group the same", "one group"],
)
def test_differences_that_are_all_alike_have_no_interval(
    tmp_path: Path, ours: tuple[str, ...], theirs: tuple[str, ...], groups: str
) -> None:
    found, shown = compared(tmp_path, rows_of(*ours, groups=groups), rows_of(*theirs, groups=groups))
    assert found.interval is None
    assert f"95 %: –, the same difference for every {'group' if groups else 'sample'}" in shown


def test_the_difference_is_clustered_by_group_and_mcnemar_by_sample(tmp_path: Path) -> None:
    ours, theirs = ("+", "+", "+", "-", "+", "+", "-", "-"), ("-", "-", "-", "-", "+", "+", "-", "-")
    alone, shown_alone = compared(tmp_path, rows_of(*ours), rows_of(*theirs))
    groups = "aaaabbcc"
    grouped, shown = compared(tmp_path / "grouped", rows_of(*ours, groups=groups), rows_of(*theirs))
    assert grouped.difference == alone.difference == 3 / 8
    assert grouped.p == alone.p
    assert alone.interval is not None
    assert grouped.interval is not None
    # The residuals of the groups are 3 - 4 * 3/8, and twice 0 - 2 * 3/8.
    reach = 1.959964 * (3 / 2 * (1.5**2 + 2 * 0.75**2)) ** 0.5 / 8
    assert grouped.interval == pytest.approx((3 / 8 - reach, 3 / 8 + reach), rel=1e-6)
    assert "clustered by group" in shown
    assert "clustered" not in shown_alone
