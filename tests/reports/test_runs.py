"""The list of runs: what it says of each, whatever its state, and the forms that it comes in."""

from __future__ import annotations

import csv
import functools
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from support import processes
from support.marks import mark, write_marks
from support.rows import SCRIPTED, questions, write_rows
from support.run_folders import run_dirs, shared_run_dir

from mathbatch.data.storage.lock import FolderLock
from mathbatch.data.storage.sealed import read_sealed
from mathbatch.reports.figures import MANIFEST_KEYS, METRICS_KEYS, leaves

pytestmark = pytest.mark.process

runs = functools.partial(processes.run, module="runs")

COMMAND = (
    *(SCRIPTED, "report=false", "dataset=generic", "dataset.input=rows.jsonl", "dataset.image_field=null"),
    *("dataset.answer_field=gold", "model.engine.say='Answer: 4'"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the runs of a sweep over two datasets and temperatures."""
    folder = tmp_path_factory.mktemp("made")
    write_rows(folder / "rows.jsonl", [row | {"gold": str(4 + at % 2)} for at, row in enumerate(questions(6))])
    done = processes.run(folder, "-m", *COMMAND, "dataset.name=a_b,c", "sampling.temperature=0,0.5", "sampling.seed=1")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """Return such a folder of this test's own."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


def listed(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    done = runs(folder, "format=json", *arguments)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_each_run_has_its_figures_and_what_differs(folder: Path) -> None:
    found = listed(folder)
    assert len(found) == 4
    for one in found:
        metrics = json.loads((folder / one["folder"] / "metrics.json").read_text())
        assert [one["accuracy"], [one["low"], one["high"]]] == [metrics["accuracy"], metrics["interval"]]
        assert (one["model"], one["answered"], one["failed"], one["status"]) == ("demo", 6, 0, "complete")
        assert one["settings"].keys() == {"sampling.temperature"}
        assert one["problems"] == []
    table = runs(folder).stdout
    assert table.startswith("4 runs below outputs")
    assert table.count("temperature=0.5") == 2
    assert table.count("50.0%") == 4
    assert table.count("(18.8 to 81.2)") == 4


def test_runs_are_chosen_by_an_expression_and_sorted_by_a_field(folder: Path) -> None:
    found = listed(folder, "where=dataset == 'c' and accuracy > 0.4 and config.sampling.temperature == 0")
    assert [(one["dataset"], one["settings"]) for one in found] == [("c", {})]
    assert [one["dataset"] for one in listed(folder, "sort=-dataset")] == ["c", "c", "a_b", "a_b"]
    assert "did you mean 'accuracy'?" in runs(folder, "where=acuracy > 0.5").stderr
    assert runs(folder, "sort=size").returncode == runs(folder, "nowhere").returncode == 2


def test_a_table_for_a_paper_has_models_by_datasets(folder: Path) -> None:
    latex = runs(folder, "format=latex", "sort=dataset").stdout
    assert r"model & settings & a\_b & c \\" in latex
    assert r"demo & temperature=0.5 & 50.0 {\scriptsize (18.8--81.2)} & 50.0 {\scriptsize (18.8--81.2)} \\" in latex
    assert latex.count("rule\n") == 3
    markdown = runs(folder, "format=markdown", "sort=dataset").stdout.splitlines()
    assert markdown[:2] == ["| model | settings | a_b | c |", "|---|---|---:|---:|"]
    assert "| demo | temperature=0.0 | 50.0 (18.8–81.2) | 50.0 (18.8–81.2) |" in markdown
    rows = list(csv.DictReader(io.StringIO(runs(folder, "format=csv").stdout)))
    assert {row["sampling.temperature"] for row in rows} == {"0.0", "0.5"}
    assert {float(row["accuracy"]) for row in rows} == {0.5}


def test_runs_that_are_stopped_running_or_damaged_are_listed_with_what_is_wrong(folder: Path) -> None:
    damaged, stopped, running, other = run_dirs(folder)
    (damaged / "config.yaml").write_text("model: [")
    (damaged / "metrics.json").write_text('{"accuracy": 2}')
    (damaged / "manifest.json").write_bytes(
        (damaged / "manifest.json").read_bytes().replace(b'"units": 6', b'"units": 7')
    )
    for one in (stopped, running):
        (one / "manifest.json").unlink()
        (one / "metrics.json").unlink()
    manifest = json.loads((other / "manifest.json").read_text())
    del manifest["crc"]
    (other / "manifest.json").write_text(json.dumps(manifest | {"results_sha256": "0"}))
    lock = FolderLock(running)
    lock.acquire()
    try:
        found = {one["folder"].rpartition("/")[2] + one["dataset"]: one for one in listed(folder)}
        table = runs(folder)
    finally:
        lock.release()
    assert len(found) == 4
    by_folder = {folder / one["folder"]: one for one in found.values()}
    assert by_folder[stopped]["status"] == "stopped"
    assert (by_folder[running]["status"], by_folder[running]["answered"]) == ("running", 6)
    assert "of other results" in by_folder[other]["problems"][0]
    assert by_folder[other]["accuracy"] is None
    problems = " ".join(by_folder[damaged]["problems"])
    assert (by_folder[damaged]["model"], by_folder[damaged]["dataset"]) == ("demo", "a_b")
    assert "config.yaml" in problems
    assert "manifest.json was changed" in problems
    assert table.returncode == 0
    assert "manifest.json was changed" in table.stdout


def test_shards_are_part_of_their_run(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", [row | {"gold": "4"} for row in questions(9)])
    for shard in ("1/3", "2/3"):
        assert processes.run(tmp_path, *COMMAND, f"shard={shard}").returncode == 0
    (one,) = listed(tmp_path)
    saved = sum(path.read_bytes().count(b"\n") for path in shared_run_dir(tmp_path).glob("shards/*/responses/*.jsonl"))
    assert (one["answered"], one["status"]) == (saved, "stopped")
    assert one["problems"] == ["2 shards that are not merged"]


def test_no_other_folder_is_taken_for_a_run(folder: Path) -> None:
    (folder / "conf").mkdir()
    (folder / "conf" / "config.yaml").write_text("defaults: []")
    (folder / "hydra" / ".hydra").mkdir(parents=True)
    (folder / "hydra" / ".hydra" / "config.yaml").write_text("a: 1")
    assert len(listed(folder, ".")) == 4
    assert len(listed(folder, *map(str, run_dirs(folder)[:2]))) == 2
    (folder / "empty").mkdir()
    assert listed(folder, "empty") == []


def test_each_key_of_metrics_and_manifest_is_documented_and_no_other_is(tmp_path: Path) -> None:
    rows = [row | {"gold": str(4 + at % 2), "task": "t", "problem": at // 2} for at, row in enumerate(questions(6))]
    rows[0]["gold"] = None
    write_rows(tmp_path / "rows.jsonl", rows)
    more = ("dataset.metadata=[task]", "dataset.group_field=problem", "sampling.n=2", "sampling.temperature=1")
    processes.run(tmp_path, *COMMAND, *more, "dataset.scoring=mathvista", "model.prices.input=1")
    (run,) = run_dirs(tmp_path)
    marks = write_marks(tmp_path / "marks.json", run, mark(run, "1", "correct"))
    assert processes.run(tmp_path, f"run_dir={run}", f"marks={marks}", module="score").returncode in (0, 1)
    for name, known, seldom in (
        ("metrics.json", METRICS_KEYS, ("judged_rollouts", "truncated.*", "four_ways.*.*", *OUTSIDE)),
        ("manifest.json", MANIFEST_KEYS, ("cached_tokens", "reasoning_tokens", "finished", "this_run.engines")),
    ):
        found = set(leaves(read_sealed(run / name, dict[str, Any]).values, known)) | {"crc"}
        assert found <= known.keys()
        assert known.keys() - found <= set(seldom)


# Written only where answers from elsewhere are scored.
OUTSIDE = ("answers_without_row", "ids_with_several_answers")
