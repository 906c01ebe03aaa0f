"""What a person says of single verdicts: beside the scores, never silently, and only on the answer that was judged."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.adding_model import ADDING
from support.marks import mark, write_marks
from support.processes import run
from support.rows import write_rows
from support.run_folders import run_dir

from mathbatch.errors import ConfigError
from mathbatch.scoring.marks import read_marks

pytestmark = pytest.mark.process

ROWS = [{"sample_index": str(at), "q": f"What is {at} + {at}?", "gold": str(2 * at)} for at in range(8)]
RUN = (
    *(ADDING, "dataset=generic", "dataset.input=rows.jsonl", "dataset.answer_field=gold", "dataset.image_field=null"),
    "dataset.query_field=q",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    write_rows(folder / "rows.jsonl", ROWS)
    done = run(folder, *RUN)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    """Return a project with a scored run, in which 0 and 4 are wrong."""
    return shutil.copytree(made, tmp_path / "project")


def lines(folder: Path) -> dict[str, dict[str, Any]]:
    found = map(json.loads, (folder / "scores.jsonl").read_text().splitlines())
    return {f"{line['id']}#{line['rollout']}": line for line in found}


def metrics(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "metrics.json").read_text())
    return found


def score(project: Path, *marks: dict[str, Any], code: int = 0, **more: Any) -> str:
    """Score the only run again with these marks; return what was printed."""
    folder = run_dir(project)
    write_marks(project / "marks.json", folder, *marks, **more)
    done = run(project, f"run_dir={folder}", "marks=marks.json", module="score")
    assert done.returncode == code, done.stderr
    return " ".join((done.stdout + done.stderr).split())


def test_marks_stand_beside_the_verdicts_and_accuracy_is_told_without_and_with_them(project: Path) -> None:
    folder = run_dir(project)
    before = metrics(folder)
    told = score(project, mark(folder, "0", "correct"), mark(folder, "4", "unscored", fault="gold"))
    assert "75.0% (40.9 to 92.9) of 8 judged" in told
    assert "with marks │ 100.0% (64.6 to 100.0) of 7 judged" in told.replace("│ │", "│")
    assert "2 of marks.json: 1 extraction, 1 gold; 2 change a verdict" in told
    line = lines(folder)["0#0"]
    assert (line["verdict"], line["mark"]["verdict"], line["mark"]["fault"]) == ("wrong", "correct", "extraction")
    assert "mark" not in lines(folder)["1#0"]
    after = metrics(folder)
    same = ("accuracy", "interval", "correct", "judged", "verdicts", "scorer", "suspects")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    marks = after["marks"]
    assert (marks["count"], marks["changed"], marks["faults"]) == (2, 2, {"extraction": 1, "gold": 1})
    assert (marks["correct"], marks["judged"], marks["verdicts"]) == (7, 7, {"correct": 7, "unscored": 1})
    assert run(project, f"run_dir={folder}", module="verify").returncode == 0


@pytest.mark.parametrize(
    ("changes", "document", "says"),
    [
        ({}, {"run": "demo/generic/greedy-00000000"}, "marks of the run demo/generic/greedy-00000000, and"),
        ({"seal": "00000000"}, {}, "made on other answers than those that are there: 0"),
        ({"id": "99"}, {}, "marks what isn't in this run: 99"),
    ],
)
def test_marks_that_do_not_fit_are_refused_by_name_and_the_scores_stay(
    project: Path, changes: dict[str, Any], document: dict[str, Any], says: str
) -> None:
    folder = run_dir(project)
    before = (folder / "scores.jsonl").read_bytes(), (folder / "metrics.json").read_bytes()
    marks = mark(folder, "4", "correct"), mark(folder, "0", "correct") | changes
    told = score(project, *marks, code=2, **document)
    assert says in told
    assert "fix: " in told
    assert ((folder / "scores.jsonl").read_bytes(), (folder / "metrics.json").read_bytes()) == before


@pytest.mark.parametrize(
    ("changes", "document", "says"),
    [
        ({"verdict": "right"}, {}, "marks.json: marks[1].verdict: Invalid enum value 'right'"),
        ({"fault": "model"}, {}, "marks.json: marks[1].fault: Invalid enum value 'model'"),
        ({"seal": "1234"}, {}, "marks[1].seal"),
        ({"id": 7}, {}, "marks[1].id: Expected `str`, got `int`"),
        ({"id": "4"}, {}, "marks[0] and marks[1] are both on 4"),
        ({}, {"mathbatch_marks": 2}, "marks of version 2"),
    ],
)
def test_a_bad_value_in_marks_is_told_with_its_place(
    made: Path, tmp_path: Path, changes: dict[str, Any], document: dict[str, Any], says: str
) -> None:
    folder = run_dir(made)
    marks = mark(folder, "4", "correct"), mark(folder, "0", "correct") | changes
    path = write_marks(tmp_path / "marks.json", folder, *marks, **document)
    with pytest.raises(ConfigError, match=re.escape(says)):
        read_marks(path, json.loads((folder / "manifest.json").read_text())["run"], folder)


def test_what_is_no_file_of_marks_is_refused_with_its_line(project: Path) -> None:
    (project / "marks.json").write_text('{\n"mathbatch_marks": 1,\n"run": }')
    done = run(project, f"run_dir={run_dir(project)}", "marks=marks.json", module="score")
    assert (done.returncode, "marks.json, line 3: it is no JSON" in done.stderr) == (2, True), done.stderr
    done = run(project, f"run_dir={run_dir(project)}", "marks=none.json", module="score")
    assert "none.json: No such file" in done.stderr
    done = run(project, "marks=marks.json", "dataset=generic", module="score")
    assert "marks: they are of a run" in done.stderr


def test_scoring_again_without_marks_goes_back_to_none_says_so_and_keeps_them(project: Path) -> None:
    folder = run_dir(project)
    score(project, mark(folder, "0", "correct"))
    marked = (folder / "scores.jsonl").read_bytes()
    done = run(project, f"run_dir={folder}", module="score")
    assert "the scores are without the 1 marks of marks.json again" in done.stderr
    assert "marks" not in metrics(folder)
    (kept,) = folder.glob("scores/*-marked-*")
    assert (kept / "scores.jsonl").read_bytes() == marked
    assert metrics(kept)["marks"]["count"] == 1
    assert run(project, f"run_dir={folder}", module="verify").returncode == 0


def test_a_run_that_goes_on_keeps_the_marks(project: Path) -> None:
    folder = run_dir(project)
    score(project, mark(folder, "0", "correct"))
    write_rows(project / "rows.jsonl", [*ROWS, {"sample_index": "8", "q": "What is 8 + 8?", "gold": "16"}])
    for _ in range(2):  # the second time nothing is left to do
        done = run(project, *RUN)
        assert "1 of marks.json: 1 extraction" in done.stdout
        assert (metrics(folder)["marks"]["correct"], metrics(folder)["correct"]) == (7, 6)
        assert lines(folder)["0#0"]["mark"]["verdict"] == "correct"
    (folder / "metrics.json").unlink()  # as after a kill between the two files
    run(project, *RUN)
    assert metrics(folder)["marks"]["count"] == 1


def test_a_mark_counts_no_more_once_there_is_another_answer_and_that_is_told(project: Path) -> None:
    folder = run_dir(project)
    score(project, mark(folder, "0", "correct"), mark(folder, "4", "correct"))
    write_rows(project / "rows.jsonl", [{**ROWS[0], "q": "What is 0 + 0? Think carefully."}, *ROWS[1:]])
    done = run(project, *RUN)
    assert "1 are of other answers than those that are there, and don't count" in " ".join(done.stdout.split())
    assert "mark" not in lines(folder)["0#0"]
    assert metrics(folder)["marks"]["count"] == 1


def test_marks_of_scores_that_were_changed_are_lost_which_is_told(project: Path) -> None:
    folder = run_dir(project)
    score(project, mark(folder, "0", "correct"))
    text = (folder / "scores.jsonl").read_text()
    (folder / "scores.jsonl").write_text(text.replace('"verdict":"correct","fault"', '"verdict":"wrong","fault"'))
    done = run(project, *RUN)
    assert done.returncode == 0
    assert "the marks over the scores" in done.stderr + done.stdout
    assert "marks" not in metrics(folder)


def test_marks_of_one_rollout_and_scores_in_another_folder(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", ROWS)
    run(tmp_path, *RUN, "sampling.n=2", "sampling.temperature=1")
    folder = run_dir(tmp_path)
    before = (folder / "metrics.json").read_bytes()
    write_marks(tmp_path / "marks.json", folder, mark(folder, "4", "correct", rollout=1))
    done = run(tmp_path, f"run_dir={folder}", "marks=marks.json", "output=elsewhere", module="score")
    assert done.returncode == 0, done.stderr
    found = lines(tmp_path / "elsewhere")
    assert [id for id, line in found.items() if "mark" in line] == ["4#1"]
    assert metrics(tmp_path / "elsewhere")["marks"]["verdicts"] == {"correct": 13, "wrong": 3}
    assert (folder / "metrics.json").read_bytes() == before


def test_a_comparison_leaves_marks_out_says_so_and_counts_them_where_it_is_asked_to(project: Path) -> None:
    folder = run_dir(project)
    shutil.copytree(folder, project / "other")
    score(project, mark(folder, "0", "correct"), mark(folder, "4", "correct"))
    done = run(project, f"run_dir={folder}", "other=other", module="compare")
    assert "75.0% against 75.0%" in done.stdout
    assert "has 2 marks of a person (marks.json); they don't count here: marks=true counts them" in done.stdout
    done = run(project, f"run_dir={folder}", "other=other", "marks=true", "explain=true", module="compare")
    assert "100.0% against 75.0%" in done.stdout
    assert "only 2 samples have flipped" in done.stdout


def test_a_file_of_marks_may_have_any_name(tmp_path: Path) -> None:
    path = tmp_path / "marks-\udcff.json"
    path.write_text('{"mathbatch_marks": 1, "run": "a", "marks": []}')
    assert read_marks(path, "a", tmp_path).file.encode() == b"marks-?.json"
