"""Two scored runs side by side: what the table, the flips and the intervals say of them."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest

from mathbatch.scoring.comparison import Comparison, compare, show_comparison

VERDICTS = {"+": "correct", "-": "wrong", "x": "failed"}


class Row(NamedTuple):
    """The rollouts of one row, a sign for each; and what its lines say of its group."""

    signs: str
    group: dict[str, str]


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """No text of a table is broken into lines."""
    monkeypatch.setenv("COLUMNS", "200")


def folder_of(folder: Path, rows: dict[str, Row], golds: str = "4") -> Path:
    """A scored run; `golds` is what every sample has."""
    folder.mkdir(parents=True)
    lines = [
        {"id": id, "rollout": at, "verdict": VERDICTS[sign], "answer": sign, "gold": golds} | row.group
        for id, row in rows.items()
        for at, sign in enumerate(row.signs)
    ]
    (folder / "scores.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    of_all = f"{golds}-{len(rows)}"
    (folder / "metrics.json").write_text(json.dumps({"scorer": {"identity": "a", "golds": of_all}}))
    return folder


def compared(tmp_path: Path, ours: dict[str, Row], theirs: dict[str, Row], golds: str = "4") -> tuple[Comparison, str]:
    first, second = folder_of(tmp_path / "first", ours), folder_of(tmp_path / "second", theirs, golds)
    found, out = compare(first, second), io.StringIO()
    with redirect_stdout(out):
        show_comparison(Path("first"), Path("second"), found, Path("flips.jsonl"))
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
    found, shown = compared(tmp_path, rows_of("+", "-", "+"), rows_of("+", "+"))
    assert found.other_golds == 0
    assert "gold answers" not in shown


def test_other_golds_of_the_same_samples_are_told(tmp_path: Path) -> None:
    assert "different gold answers for 2 samples" in compared(tmp_path, rows_of("+", "-"), rows_of("+", "+"), "7")[1]


@pytest.mark.parametrize(
    ("ours", "theirs", "groups"),
    [
        (("+", "-", "+"), ("+", "-", "+"), ""),
        (("++-", "+--", "++-"), ("+--", "---", "+--"), ""),
        (("+", "-", "+", "-"), ("-", "+", "-", "+"), "aabb"),
        (("+", "-"), ("-", "-"), "aa"),
    ],
    ids=["the same", "a third more each", "each group the same", "one group"],
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
