"""Check that a file becomes a dataset config that `check` accepts, with the right fields and the reasons beside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import pytest
import yaml
from support import benchmark_shapes
from support.configs import composed
from support.images import encoded
from support.inspections import inspected
from support.processes import run
from support.rows import questions, write_rows

from mathbatch.commands.new_dataset import draft
from mathbatch.data.loaders import FileDataLoader
from mathbatch.records import Sample


def drafted(folder: Path, *arguments: str) -> dict[str, Any]:
    done = run(folder, *arguments, module="new_dataset")
    assert done.returncode == 0, done.stderr
    (path,) = (folder / "my_conf" / "dataset").glob("*.yaml")
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def accepted(folder: Path, name: str) -> str:
    done = run(folder, "--config-dir", "my_conf", f"dataset={name}", "model.max_images=8", module="check", vllm=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.usefixtures("vllm")
def test_a_file_with_the_original_field_names(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", [{**row, "answer": "4"} for row in questions(9)])
    found = drafted(tmp_path, "rows.jsonl")
    assert (found["index_field"], found["image_field"], found["answer_field"]) == ("sample_index", None, "answer")
    assert "What is 0 + 0?" in accepted(tmp_path, "rows")


@pytest.mark.usefixtures("vllm")
def test_pictures_choices_in_a_text_and_breakdowns(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded())
    rows = [
        {"uid": f"q{at}", "Question": f"Which of these many shapes is number {at}?", "img": "a.png", "options": "['x', 'y']",
         "answer": "A", "meta": {"task": ("count", "shape")[at % 2]}}
        for at in range(12)
    ]  # fmt: skip
    write_rows(tmp_path / "shapes v2.jsonl", rows)
    found = drafted(tmp_path, "shapes v2.jsonl", "name=shapes")
    assert found["columns"] == {"choices": "options | as_list"}
    assert (found["index_field"], found["image_field"], found["choices_field"]) == ("uid", "img", "choices")
    assert found["metadata"] == ["meta.task"]
    assert "(A) x\n(B) y" in accepted(tmp_path, "shapes")


@pytest.mark.parametrize("name", sorted(set(benchmark_shapes.BENCHMARKS) - {"mathverse"}))
@pytest.mark.usefixtures("vllm")
def test_the_shape_of_every_benchmark_gets_a_draft_that_check_accepts(tmp_path: Path, name: str) -> None:
    rows = next(iter(benchmark_shapes.BENCHMARKS[name]().values()))
    benchmark_shapes._typed(datasets.Dataset.from_list(rows)).to_parquet(tmp_path / "rows.parquet")
    drafted(tmp_path, "rows.parquet")
    found = inspected("dataset=rows", f"hydra.searchpath=[file://{tmp_path}/my_conf]", "model.max_images=8")
    assert found.rows == len(rows)
    assert not found.fails, found.findings


@pytest.mark.usefixtures("vllm")
def test_rows_that_lack_a_field_and_golds_with_commas_are_read_as_they_are(tmp_path: Path) -> None:
    golds = ["(3, 4)", "1,2,3", "$[1,2)$", "1,003", "x=1, x=2", "7", "8", "9", "10"]
    rows: list[dict[str, Any]] = [
        {"id": at, "question": f"How many are {at}?", "solution": f"so\n#### {gold}"} for at, gold in enumerate(golds)
    ]
    for row in rows[:4]:
        row["options"] = "['x', 'y']"
    rows[8].pop("solution")
    write_rows(tmp_path / "rows.jsonl", rows)
    drafted(tmp_path, "rows.jsonl")
    found = inspected("dataset=rows", f"hydra.searchpath=[file://{tmp_path}/my_conf]")
    assert not found.fails, found.findings
    config = composed("dataset=rows", f"hydra.searchpath=[file://{tmp_path}/my_conf]")
    samples = [sample for sample in FileDataLoader(config.dataset) if isinstance(sample, Sample)]
    assert [sample.gold for sample in samples] == [*golds[:8], None]
    assert ["(A) x" in sample.query for sample in samples] == [True] * 4 + [False] * 5


@pytest.mark.usefixtures("vllm")
def test_names_that_yaml_or_jinja_would_take_for_something_else(tmp_path: Path) -> None:
    rows = [{"Unnamed: 0": f"r{at}", "0": at, "Student's": "x" * at, "yes": "no", "${oc.env:HOME}": "a", "no #1": "b\nc: d",
             "data": {"question": f"How many are {at}?"}} for at in range(9)]  # fmt: skip
    write_rows(tmp_path / "d #1.jsonl", rows)
    found = drafted(tmp_path, "d #1.jsonl", "name=odd")
    assert found["index_field"] == "Unnamed: 0"
    assert "How many are 0?" in accepted(tmp_path, "odd")


@pytest.mark.usefixtures("vllm")
def test_a_repeated_id_is_kept_and_named_and_an_empty_gold_is_asked(tmp_path: Path) -> None:
    rows = [{"id": at, "question": f"How many, number {at}?", "answer": f"so\n#### 1,00{at}"} for at in range(8)]
    rows[5]["id"], rows[3]["answer"] = 4, ""
    text = draft("rows", str(write_rows(tmp_path / "rows.jsonl", rows)))
    assert 'index_field: id  # its name; TO CORRECT in the file: "4" is in rows 5 and 6' in text
    (tmp_path / "my_conf" / "dataset").mkdir(parents=True)
    (tmp_path / "my_conf" / "dataset" / "rows.yaml").write_text(text)
    found = inspected("dataset=rows", f"hydra.searchpath=[file://{tmp_path}/my_conf]")
    assert [(name, finding.count) for name, finding in found.findings.items() if finding.amiss] == [("duplicate_id", 1)]


@pytest.mark.parametrize(
    ("rows", "index", "why"),
    [
        ([{"question": f"Q {at}?", "answer": str(at)} for at in range(9)], "null", "the row number"),
        ([{"id": at or None, "question": "How many?"} for at in range(9)], "id", "row 1 has none"),
        ([{"id": at // 2, "name": f"r{at}", "question": "How many?"} for at in range(9)], "name", "different in every"),
    ],
)
def test_questions_and_answers_are_no_ids(tmp_path: Path, rows: list[dict[str, Any]], index: str, why: str) -> None:
    text = draft("rows", str(write_rows(tmp_path / "rows.jsonl", rows)))
    (line,) = (line for line in text.splitlines() if line.startswith(f"index_field: {index}  #"))
    assert why in line


@pytest.mark.process
def test_a_draft_is_never_written_over(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", questions(3))
    drafted(tmp_path, "rows.jsonl")
    done = run(tmp_path, "rows.jsonl", module="new_dataset")
    assert done.returncode == 2
    assert "is there already" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [(), ("a.jsonl", "b.jsonl"), ("nowhere.jsonl",), ("rows.jsonl", "nme=x"), ("rows.jsonl", "output=/proc/nowhere")],
)
@pytest.mark.process
def test_wrong_arguments_are_a_sentence(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run(tmp_path, *arguments, module="new_dataset")
    assert done.returncode == 2
    assert "fix:" in done.stderr
    assert "Traceback" not in done.stderr
