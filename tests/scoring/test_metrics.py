"""Check what many verdicts come to: counts, intervals, worst cases, tables and pictures."""

from __future__ import annotations

import json
import re
import tracemalloc
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mathbatch.config import DatasetConfig
from mathbatch.data.counts import Counts
from mathbatch.records import Record, Sample, Score
from mathbatch.reports.scores import accuracy_text, facts_of
from mathbatch.reports.summary import show_summary
from mathbatch.scoring.evaluate import evaluate
from mathbatch.scoring.metrics import plots
from mathbatch.scoring.metrics.metrics import MAX_LABELS, NONE, OTHERS, Metrics
from mathbatch.scoring.panel import panel_of

VERDICTS = {"+": "correct", "-": "wrong", "0": "no_answer", "?": "unscored", "x": "failed"}


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """No text of a table is broken into lines."""
    monkeypatch.setenv("COLUMNS", "200")


def scores(signs: str) -> list[Score]:
    return [Score(VERDICTS[sign], "4" if sign == "+" else "5", "4", "") for sign in signs]


@dataclass
class Row:
    """Rollouts of one row, a sign for each."""

    signs: str
    group: str | None = None
    metadata: Any = None
    cut: bool = False


def metrics_of(*rows: Row, fields: tuple[str, ...] = ()) -> dict[str, Any]:
    metrics = Metrics(fields)
    for at, row in enumerate(rows):
        sample = Sample(str(at), at + 1, {}, "", metadata=row.metadata or {}, group=row.group)
        metrics.add(sample, scores(row.signs), [row.cut] * len(row.signs))
    return metrics.facts() | {"unscored": {}, "suspects": 0}


def told(metrics: dict[str, Any], name: str, limit: str = "") -> str:
    return dict(facts_of(metrics, limit))[name]


# Worst case


@pytest.mark.parametrize(
    ("variants", "right", "groups", "incomplete", "why"),
    [
        (["+", "+"], 1, 1, 0, "all right"),
        (["+", "-"], 0, 1, 0, "one wrong"),
        (["+", "0"], 0, 1, 0, "one without an answer"),
        (["+", "x"], 0, 0, 1, "one failed: nobody knows"),
        (["+", "?"], 0, 0, 1, "one unscored: nobody knows"),
        (["-", "x"], 0, 1, 0, "wrong already, whatever the failed one would be"),
        (["x", "?"], 0, 0, 1, "no verdict at all"),
        (["++", "+x"], 0, 0, 1, "one rollout failed"),
        (["++", "+-"], 0, 1, 0, "one rollout wrong"),
    ],
)
def test_a_group_is_all_right_only_if_every_score_is_judged_and_right(
    variants: list[str], right: int, groups: int, incomplete: int, why: str
) -> None:
    metrics = metrics_of(*(Row(signs, "g") for signs in variants))
    worst = metrics["worst_case"]
    assert (worst["groups"], worst["incomplete"]) == (groups, incomplete), why
    assert worst["accuracy"] == (right / groups if groups else None), why
    assert ("1 left out" in told(metrics, "worst case")) is (incomplete == 1)


def test_groups_left_out_do_not_change_the_worst_case_of_the_others() -> None:
    known = [Row("+", "a"), Row("+", "b"), Row("+", "a"), Row("-", "b")]
    worst = metrics_of(*known, Row("+", "c"), Row("x", "c"))["worst_case"]
    assert worst == metrics_of(*known)["worst_case"] | {"incomplete": 1}
    assert worst["accuracy"] == 0.5


# Clusters


def test_labels_cluster_by_the_groups_that_they_have() -> None:
    rows = [Row("+" if at % 3 else "-", f"g{at % 4}", {"kind": "even" if at % 2 == 0 else "odd"}) for at in range(24)]
    metrics = metrics_of(*rows, fields=("kind",))
    for kind, cell in metrics["breakdown"]["kind"].items():
        own = metrics_of(*(row for row in rows if row.metadata["kind"] == kind))
        assert {name: own[name] for name in cell} == cell
        assert own["interval_is"] == "95 %, Wilson, clustered"


def test_metrics_of_many_groups_fit_into_memory() -> None:
    """Use a hundredth of what must fit into 150 MB: a million rows of two a group, under four fields."""
    known, metrics = scores("+-"), Metrics(["a", "b", "c", "d"])
    samples = (
        Sample("", at, {}, "", metadata=dict.fromkeys("abcd", at % 7), group=f"problem {at // 2}")
        for at in range(10_000)
    )
    tracemalloc.start()
    for at, sample in enumerate(samples):
        metrics.add(sample, known[at % 2 :][:1], [False])
    metrics.facts()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000 * 150


# pass@k and maj@k


def test_k_are_powers_of_two_and_the_most_rollouts_each_with_its_number_of_samples() -> None:
    metrics = metrics_of(Row("+-+-+-"), Row("++x---"), Row("+xx--x"), Row("-xxxxx"), Row("xxxxxx"))
    for name in ("pass_at_k", "majority_at_k"):
        assert {k: entry["samples"] for k, entry in metrics[name].items()} == {"1": 4, "2": 3, "4": 2, "6": 1}
    assert metrics["pass_at_k"]["1"]["value"] == pytest.approx((3 / 6 + 2 / 5 + 1 / 3 + 0) / 4)
    shown = told(metrics, "pass@k")
    assert re.findall(r"(\d): [\d.]+% \(of (\d) samples\)", shown) == [("1", "4"), ("2", "3"), ("4", "2"), ("6", "1")]


def test_unequal_rollouts_are_told_with_what_each_figure_is_over() -> None:
    metrics = metrics_of(Row("++-"), Row("-"), Row("x"))
    assert metrics["accuracy"] == 2 / 4
    assert metrics["pass_at_k"]["1"]["value"] == pytest.approx((2 / 3 + 0) / 2)
    assert told(metrics, "rollouts") == "1 to 3 judged: accuracy is over responses, pass@k over samples"
    assert "judged_rollouts" not in metrics_of(Row("+-"), Row("++"))


def test_the_number_of_samples_is_told_only_where_some_are_left_out() -> None:
    assert "samples" not in told(metrics_of(Row("+-"), Row("++")), "pass@k")


def test_single_rollouts_have_no_pass_at_k() -> None:
    assert "pass_at_k" not in metrics_of(Row("+"), Row("-"))


# Labels


def test_a_row_with_several_late_labels_counts_once_among_the_others() -> None:
    early = [Row("+", None, {"tags": f"t{at}"}) for at in range(MAX_LABELS)]
    late = Row("-", None, {"tags": ["t0", "u1", "u2", "u3"]})
    cells = metrics_of(*early, late, fields=("tags",))["breakdown"]["tags"]
    assert len(cells) == MAX_LABELS + 1
    assert cells[OTHERS]["judged"] == 1
    assert cells["t0"]["judged"] == 2


@pytest.mark.parametrize("value", [None, "", [], [None], ["", None]], ids=str)
def test_what_is_no_label_is_told_as_none(value: object) -> None:
    assert list(metrics_of(Row("+", None, {"tags": value}), fields=("tags",))["breakdown"]["tags"]) == [NONE]


def test_a_null_beside_a_label_is_no_label_named_so() -> None:
    cells = metrics_of(Row("+", None, {"tags": ["a", None]}), fields=("tags",))["breakdown"]["tags"]
    assert set(cells) == {"a", NONE}


# Tables


def test_accuracy_reads_as_its_docstring_says() -> None:
    metrics = {"accuracy": 77 / 92, "interval": [0.749, 0.898], "judged": 92}
    assert f"`{accuracy_text(metrics)}`." in (accuracy_text.__doc__ or "")


@pytest.mark.parametrize("is_scored", [True, False])
def test_a_run_says_once_how_many_were_truncated(is_scored: bool, capsys: pytest.CaptureFixture[str]) -> None:
    metrics = metrics_of(Row("0", cut=True), Row("-", cut=True), Row("+"))
    config = SimpleNamespace(
        model=SimpleNamespace(name="m", prices={}),
        dataset=SimpleNamespace(name="d"),
        sampling=SimpleNamespace(max_tokens=64),
    )
    counts = Counts(total=3)
    counts.truncated = 2
    job: Any = SimpleNamespace(
        config=config,
        counts=counts,
        held=None,
        metrics=metrics if is_scored else None,
        is_complete=True,
        left_over=0,
        taken=SimpleNamespace(records=0),
        ending=[],
        commands=[],
        is_partial=False,
        is_answered=True,
        seconds=1.0,
        components=SimpleNamespace(run_dir=Path("folder")),
    )
    show_summary(job)
    (row,) = (line for line in capsys.readouterr().out.splitlines() if "truncated" in line)
    assert "2 at sampling.max_tokens=64" in row
    assert ("1 of them without an answer" in row) is is_scored


# Pictures


def test_pictures_of_earlier_scores_go_where_nothing_is_judged(tmp_path: Path) -> None:
    plots.draw_breakdown(metrics_of(Row("+")), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(plots.PLOTS)
    plots.draw_breakdown(metrics_of(Row("?")), tmp_path)
    assert not list(tmp_path.iterdir())


def test_characters_that_the_font_lacks_raise_no_warning(tmp_path: Path) -> None:
    plots.draw_breakdown(metrics_of(Row("+", None, {"类": "几何"}), fields=("类",)), tmp_path)  # warnings are errors


def test_of_many_fields_the_first_are_drawn(tmp_path: Path) -> None:
    fields = tuple(f"field-{at}" for at in range(plots.SHOWN_FIELDS + 3))
    plots.draw_breakdown(metrics_of(Row("+", None, dict.fromkeys(fields, "x")), fields=fields), tmp_path)
    drawn = re.findall(r"<!-- (field-\d+) -->", (tmp_path / "accuracy.svg").read_text(encoding="utf-8"))
    assert drawn == list(fields[: plots.SHOWN_FIELDS])


# Scores


@pytest.mark.process
def test_lines_of_scores_name_the_group_of_samples_that_have_one(tmp_path: Path) -> None:
    rows = [
        (Sample(id, 1, {}, "", gold="4", group=group), [Record(id, "", text="4")])
        for id, group in (("a", "g"), ("b", None))
    ]
    evaluate(rows, panel_of("exact", {}), DatasetConfig(name="rows"), tmp_path)
    grouped, alone = map(json.loads, (tmp_path / "scores.jsonl").read_text().splitlines())
    assert grouped["group"] == "g"
    assert "group" not in alone


@pytest.mark.parametrize(("values", "lines"), [(("0", "0.5"), 1), (("short", "long"), 0)])
def test_only_numbers_of_a_sweep_are_joined_by_a_line(tmp_path: Path, values: tuple[str, ...], lines: int) -> None:
    plots.draw_sweep("key", [plots.Point(value, "", 0.5, (0.4, 0.6)) for value in values], tmp_path)
    drawn = (tmp_path / "accuracy.svg").read_text()
    assert drawn.count("stroke-width: 1.2; stroke-linecap: square") == lines
