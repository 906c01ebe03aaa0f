"""The report of a run holds its rows, prompts, answers and verdicts as they are, and nothing of an earlier one."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support import processes
from support.marks import mark, write_marks
from support.reports import facts_in, index_in, questions_in, report_in, rows_in, texts_of
from support.rows import overrides, questions, write_rows
from support.run_folders import run_dir, run_dirs

from mathbatch.commands.report import main
from mathbatch.errors import ConfigError
from mathbatch.reports.html.build import build_run
from mathbatch.reports.html.report import write_report
from mathbatch.reports.html.source import source_in
from mathbatch.runner.snapshot import FOLDER_FILE

pytestmark = pytest.mark.process

run = functools.partial(processes.run, warm=True)

BEFORE = Path(__file__).parents[1] / "runner" / "made_before"

SCORED = ("dataset.answer_field=gold", "dataset.metadata=[topic]", r"model.engine.say='We get \(x\) = \boxed{4}.'")


def rows(count: int) -> list[dict[str, Any]]:
    return [
        row | {"gold": str(4 + at % 2), "topic": ["sums", "more"][at % 2]} for at, row in enumerate(questions(count))
    ]


COMMAND = overrides(Path("rows.jsonl"), *SCORED, "system_prompt=Think.", "model.engine.fail_on=FAIL")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a finished run over rows of all kinds, to be copied."""
    folder = tmp_path_factory.mktemp("made")
    broken = [{"sample_index": "0", "query_cot": "the same id", "gold": "4", "topic": "sums"}, {"sample_index": "bad"}]
    asked = "FAIL </script><img src=x>\u2028"
    hostile = {"sample_index": "</script>", "query_cot": asked, "gold": "4", "topic": ["sums", "x"]}
    write_rows(folder / "rows.jsonl", [*rows(8), *broken, hostile])
    done = run(folder, *COMMAND)
    assert done.returncode == 1, done.stderr
    assert str((run_dir(folder) / "report.html").relative_to(folder)) in done.stdout
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """Return a copy of that folder."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a finished sweep of two runs with three rollouts each."""
    folder = tmp_path_factory.mktemp("swept")
    write_rows(folder / "rows.jsonl", rows(6))
    says = r"model.engine.say='\boxed{4}','\boxed{5}'"
    command = overrides(Path("rows.jsonl"), *SCORED[:2], "sampling.n=3", "sampling.temperature=1", says)
    done = run(folder, "-m", *command)
    assert done.returncode == 0, done.stderr
    (page,) = folder.glob("outputs/sweeps/*/report.html")
    assert str(page.relative_to(folder)) in done.stdout
    return folder


def test_each_row_has_its_prompt_its_answer_and_the_verdict_of_its_scores(made: Path) -> None:
    page = run_dir(made)
    scores = [json.loads(line) for line in (page / "scores.jsonl").read_text().splitlines()]
    found = rows_in(page)
    assert [row["id"] for row in found] == [line["id"] for line in scores]
    assert [row["rollouts"][0]["verdict"] for row in found] == [line["verdict"] for line in scores]
    first = found[0]
    assert first["messages"] == [
        {"role": "system", "parts": [{"text": "Think."}]},
        {"role": "user", "parts": [{"text": "What is 0 + 0?"}]},
    ]
    (answer,) = first["rollouts"]
    start, end = answer["span"]
    assert answer["text"][start:end] == answer["answer"] == "4"
    assert answer["reason"] == scores[0]["reason"]
    assert first["metadata"] == {"topic": "sums"}


def test_rows_that_could_not_be_asked_or_failed_are_in_it_with_the_reason(made: Path) -> None:
    by_id = {row["id"]: row for row in rows_in(run_dir(made))}
    assert "is also that of row 1" in by_id["<row 9>"]["problem"]
    assert "query_cot" in by_id["bad"]["problem"]
    assert by_id["bad"]["rollouts"][0]["verdict"] == "failed"
    assert by_id["</script>"]["rollouts"][0]["failure"] == {"kind": "scripted", "message": "the script says so"}
    assert facts_in(run_dir(made))["failures"] == {"scripted": 1, "duplicate_id": 1, "missing_prompt": 1}


def test_the_index_has_a_column_for_what_rows_are_filtered_by(made: Path) -> None:
    index = index_in(run_dir(made))
    assert index["verdicts"] == [*"cwcwcwcw", "f", "f", "f"]
    assert texts_of(index["rule"]) == ["boxed"] * 8 + [None] * 3
    assert texts_of(index["failure"])[8:] == ["duplicate_id", "missing_prompt", "scripted"]
    assert texts_of(index["metadata"]["topic"]) == ["sums", "more"] * 4 + ["(none)", "(none)", ["sums", "x"]]
    assert questions_in(run_dir(made))[0] == "What is 0 + 0?"
    assert len(questions_in(run_dir(made))) == len(index["id"])
    assert index["tokens"] == [8] * 8 + [0] * 3


def test_the_facts_are_those_of_metrics_and_manifest(made: Path) -> None:
    page = run_dir(made)
    facts, metrics = facts_in(page), json.loads((page / "metrics.json").read_text())
    assert facts["metrics"]["accuracy"] == metrics["accuracy"]
    assert [facts["metrics"]["low"], facts["metrics"]["high"]] == metrics["interval"]
    assert facts["metrics"]["verdicts"] == metrics["verdicts"]
    assert {share["name"] for share in facts["metrics"]["breakdown"]["topic"]} == metrics["breakdown"]["topic"].keys()
    assert facts["figures"]["answered"] == 8
    assert facts["status"] == "complete"
    assert sum(sum(counts) for counts in facts["lengths"]["counts"].values()) == 8
    assert ["system_prompt", "Think."] in facts["settings"]
    assert facts["command"].startswith("python -m mathbatch.run model._target_=")


def test_page_and_folder_are_all_that_is_needed(made: Path) -> None:
    page = run_dir(made)
    assert {path.name for path in (page / "report").iterdir()} <= {"app", "data", "pictures"}
    assert not re.search(r"https?:", (page / "report.html").read_text())
    assert not list(page.rglob("report/**/*.draft"))


def test_a_run_that_finds_everything_done_leaves_it_as_it_is(folder: Path) -> None:
    data = run_dir(folder) / "report" / "data" / facts_in(run_dir(folder))["base"]
    before = {path: path.stat().st_mtime_ns for path in data.iterdir()}
    write_report([run_dir(folder)])
    assert run(folder, *COMMAND, "retry_failures=false").returncode == 1
    assert {path: path.stat().st_mtime_ns for path in data.iterdir()} == before


def test_other_scores_make_it_anew_and_the_earlier_data_go(folder: Path) -> None:
    page = run_dir(folder)
    before = facts_in(page)["base"]
    assert run(folder, f"run_dir={page}", "dataset.scoring=exact", module="score").returncode == 1
    assert facts_in(page)["base"] != before
    assert not (page / "report" / "data" / before).exists()
    assert facts_in(page)["metrics"]["scorers"] == ["exact"]
    assert len(rows_in(page)) == 11


def test_report_false_leaves_it_out_and_one_that_can_not_be_written_costs_the_run_nothing(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", rows(2))
    command = overrides(Path("rows.jsonl"))
    done = run(tmp_path, *command, "report=false")
    assert done.returncode == 0, done.stderr
    assert not (run_dir(tmp_path) / "report.html").exists()
    assert "report.html" not in done.stdout
    (run_dir(tmp_path) / "report").write_text("in the way")
    done = run(tmp_path, *command)
    assert done.returncode == 0, done.stderr
    assert "not written: can't write" in done.stdout
    assert "Traceback" not in done.stderr


def test_ctrl_c_while_it_is_made_costs_only_the_page(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", rows(2))
    stopping = "processor._target_=support.stopped_report.StoppingProcessor"
    done = run(tmp_path, *COMMAND, stopping)
    assert done.returncode == 130, done.stderr
    assert "50.0%" in done.stdout
    assert (run_dir(tmp_path) / "metrics.json").exists()
    assert not (run_dir(tmp_path) / "report.html").exists()


def test_of_a_stopped_run_it_shows_what_there_is(folder: Path) -> None:
    page = run_dir(folder)
    for name in ("manifest.json", "metrics.json", "scores.jsonl"):
        (page / name).unlink()
    segment = next((page / "responses").glob("*.jsonl"))
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:5]) + b'{"id": "torn')
    write_report([page])
    facts = facts_in(page)
    assert (facts["status"], facts["metrics"], facts["included"], facts["rows"]) == ("stopped", None, 5, 11)
    assert facts["selection"] == "5 of 11 rows have been answered so far, or have failed"
    assert facts["figures"]["units"] == 11


def test_scores_from_before_the_last_answers_are_not_taken_for_theirs(folder: Path) -> None:
    page = run_dir(folder)
    (page / "manifest.json").unlink()
    segment = next((page / "responses").glob("*.jsonl"))
    os.utime(segment, ns=(0, (page / "metrics.json").stat().st_mtime_ns + 1))
    write_report([page])
    assert facts_in(page)["metrics"] is None
    assert set(index_in(page)["verdicts"]) == {"p", "f"}


def test_without_the_dataset_it_shows_the_numbers_and_says_why_there_are_no_rows(folder: Path) -> None:
    page = run_dir(folder)
    whole = rows_in(page)
    (folder / "rows.jsonl").rename(folder / "elsewhere.jsonl")
    shutil.rmtree(page / "report")
    write_report([page])
    assert "rows.jsonl" in facts_in(page)["problem"]
    assert facts_in(page)["metrics"]["judged"] == 8
    assert rows_in(page) == []
    (folder / "elsewhere.jsonl").rename(folder / "rows.jsonl")
    write_report([page])
    assert rows_in(page) == whole


def test_damaged_answers_are_told(folder: Path) -> None:
    page = run_dir(folder)
    segment = next((page / "responses").glob("*.jsonl"))
    segment.write_bytes(segment.read_bytes().replace(b"We get", b"We got", 1))
    shutil.rmtree(page / "report")
    write_report([page])
    assert "the record is damaged" in facts_in(page)["problem"]
    assert str(folder) not in facts_in(page)["problem"]


def test_of_changed_scores_nothing_is_shown(folder: Path) -> None:
    page = run_dir(folder)
    (page / "scores.jsonl").write_text((page / "scores.jsonl").read_text().replace('"wrong"', '"correct"'))
    shutil.rmtree(page / "report")
    write_report([page])
    assert facts_in(page)["metrics"] is None
    assert set(index_in(page)["verdicts"]) == {"p", "f"}


def test_of_very_many_rows_it_has_what_one_looks_for_and_a_sample_of_the_rest(made: Path, tmp_path: Path) -> None:
    page = run_dir(made)
    facts = build_run(source_in(page), tmp_path, most=9)
    ids = [row["id"] for row in rows_in(tmp_path, msgspec.to_builtins(facts))]
    assert {"1", "3", "5", "7", "<row 9>", "bad", "</script>"} < set(ids)
    assert len(ids) < 11
    assert facts.selection == (
        f"{len(ids)} of 11 rows are shown: all rows that are wrong, failed, cut or in the audit list, "
        "and 50 % of those that are correct, chosen by their ids"
    )
    assert facts.rows == 11
    assert facts.lengths is not None
    assert sum(map(sum, facts.lengths.counts.values())) == 8
    again = build_run(source_in(page), tmp_path, most=9)
    assert [row["id"] for row in rows_in(tmp_path, msgspec.to_builtins(again))] == ids


def test_where_that_is_too_much_every_kind_has_a_sample(made: Path, tmp_path: Path) -> None:
    facts = build_run(source_in(run_dir(made)), tmp_path, most=4)
    assert facts.included < 7
    assert facts.selection is not None
    assert "a sample of each kind" in facts.selection


def test_a_run_of_an_earlier_version_has_a_page(tmp_path: Path) -> None:
    shutil.copytree(BEFORE, tmp_path, dirs_exist_ok=True)
    page = tmp_path / "outputs" / "demo" / "rows" / "greedy-b65b3e79"
    (tmp_path / "greedy-b65b3e79").rename(page.parent.mkdir(parents=True) or page)
    write_report([page])
    assert facts_in(page)["problem"] is None
    assert len(rows_in(page)) == 3
    assert set("".join(index_in(page)["verdicts"])) <= set("cwn")


def test_rollouts_of_a_sample_stand_together(swept: Path) -> None:
    page = run_dirs(swept)[0]
    assert {"".join(sorted(set(verdicts))) for verdicts in index_in(page)["verdicts"]} == {"c", "w"}
    assert [len(row["rollouts"]) for row in rows_in(page)] == [3] * 6
    assert [share["name"] for share in facts_in(page)["metrics"]["pass_at"]] == ["1", "2", "3"]


def test_a_sweep_has_a_page_over_all_its_runs_and_each_of_these_its_own(swept: Path) -> None:
    (path,) = swept.glob("outputs/sweeps/*/report.html")
    page = path.parent
    report = report_in(page)
    assert report["sweep"]["keys"] == ["model.engine.say"]
    assert [job["values"] for job in report["sweep"]["jobs"]] == [
        {"model.engine.say": rf"\boxed{{{at}}}"} for at in "45"
    ]
    assert [job["run"] for job in report["sweep"]["jobs"]] == [facts["key"] for facts in report["runs"]]
    by_name = {facts["name"]: facts for facts in report["runs"]}
    for own in run_dirs(swept):
        assert rows_in(own) == rows_in(page, by_name[own.name])
    (pair,) = report["pairs"]
    assert (pair["pairs"], pair["only_first"], pair["only_second"], pair["p"]) == (6, 3, 3, 1.0)


def test_several_runs_stand_side_by_side(swept: Path, tmp_path: Path) -> None:
    first, second = run_dirs(swept)
    page = write_report([first, second], tmp_path / "both").parent
    report = report_in(page)
    assert [facts["folder"] for facts in report["runs"]] == [os.path.relpath(one, page) for one in (first, second)]
    assert all(len(rows_in(page, facts)) == 6 for facts in report["runs"])
    assert [(pair["first"], pair["second"]) for pair in report["pairs"]] == [(first.name, second.name)]
    write_report([second], tmp_path / "both")
    assert facts_in(page)["name"] == second.name
    assert {path.name for path in (page / "report" / "data").iterdir()} == {"report.js", facts_in(page)["base"]}


def test_what_is_said_of_two_runs_does_not_tell_where_they_lie(swept: Path, tmp_path: Path) -> None:
    first, second = (tmp_path / one.name for one in run_dirs(swept))
    for one in run_dirs(swept):
        shutil.copytree(one, tmp_path / one.name)
    marks = write_marks(tmp_path / "marks.json", first, mark(first, "0", "wrong"))
    assert run(tmp_path, f"run_dir={first}", f"marks={marks}", module="score").returncode == 0
    write_report([first, second], tmp_path / "both")
    (pair,) = report_in(tmp_path / "both")["pairs"]
    assert f"{first.name} has 1 marks of a person" in "".join(pair["notes"])
    assert str(tmp_path) not in json.dumps(pair)


def test_two_folders_of_one_name_have_two_keys(swept: Path, tmp_path: Path) -> None:
    first = run_dirs(swept)[0]
    shutil.copytree(first, tmp_path / first.name)
    write_report([first, tmp_path / first.name], tmp_path / "both")
    assert [facts["key"] for facts in report_in(tmp_path / "both")["runs"]] == [first.name, f"{first.name}-2"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["run_dir=."], "is no run folder"),
        ([], "run_dir: has no value"),
        (["run_dir=a", "run_dir=b", "output=b"], "is the folder of a run"),
        (["run_dir=a", "output=c"], "is the folder of a run"),
        (["run_dir=a", "outputs=b"], "outputs: no such key"),
    ],
)
def test_what_can_not_be_shown_is_refused(
    arguments: list[str], problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c" / ".hydra" / "20261129T151930").mkdir(parents=True)
    (tmp_path / "c" / ".hydra" / "20261129T151930" / FOLDER_FILE).touch()
    monkeypatch.setattr(sys, "argv", ["report", *arguments])
    with pytest.raises(ConfigError, match=problem):
        main()
