"""Test what a draft makes of the names of fields, and where it finds its file."""

from __future__ import annotations

import os
import shutil
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.configs import composed
from support.images import encoded
from support.inspections import inspected
from support.rows import write_rows

from mathbatch.commands.guess_fields import RowSample, guess_images
from mathbatch.commands.new_dataset import draft
from mathbatch.commands.yaml_text import quoted
from mathbatch.config import DatasetConfig
from mathbatch.config.dataset_file import refuse_all_but_data
from mathbatch.data.loaders import FileDataLoader
from mathbatch.records import Sample

PICTURE = {"bytes": b"\x89PNG", "path": "1.png"}


@pytest.mark.parametrize(
    ("names", "guess"),
    [
        (["image_1", "image_10", "image_2"], ["image_1", "image_2", "image_10"]),
        (["image2", "image1"], ["image1", "image2"]),
        (["img-2", "img-11", "img-1"], ["img-1", "img-2", "img-11"]),
        (["图10", "图2", "图1"], ["图1", "图2", "图10"]),
        (["page_02", "page_01"], ["page_01", "page_02"]),
        (["image_2_url", "image_10_url", "image_1_url"], ["image_1_url", "image_2_url", "image_10_url"]),
        (["image_3", "image", "image_2"], ["image", "image_2", "image_3"]),
        (["image", "image_2", "image_1"], ["image_1", "image_2"]),
        (["image_1", "image_0", "image"], ["image_0", "image_1"]),
        (["figure", "photo"], "figure"),
    ],
)
def test_numbered_pictures_stand_in_the_order_of_their_numbers(names: list[str], guess: list[str] | str) -> None:
    assert guess_images(RowSample([{"question": "Which?", **dict.fromkeys(names, "a.png")}])).value == guess


def test_the_pictures_themselves_win_over_their_paths_and_empty_fields_of_the_series_are_kept() -> None:
    paths = {f"image_{at}": f"images/{at}.png" for at in (1, 10, 2)}
    pictures = {f"decoded_image_{at}": PICTURE for at in (10, 2, 1)}
    found = guess_images(RowSample([{**paths, **pictures, "decoded_image_11": None}])).value
    assert found == [f"decoded_image_{at}" for at in (1, 2, 10, 11)]


def drafted(folder: Path, rows: list[dict[str, Any]], name: str = "rows.jsonl") -> dict[str, Any]:
    """Write the rows and the draft of their dataset, and return what is in it."""
    path = write_rows(folder / name, rows)
    text = draft("rows", str(path), folder / "my_conf")
    (folder / "my_conf" / "dataset").mkdir(parents=True)
    (folder / "my_conf" / "dataset" / "rows.yaml").write_text(text)
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def samples(folder: Path, *arguments: str) -> list[Sample]:
    config = composed("dataset=rows", f"hydra.searchpath=[file://{folder}/my_conf]", *arguments)
    return [sample for sample in FileDataLoader(config.dataset) if isinstance(sample, Sample)]


def test_names_with_dots_and_names_that_are_words_of_jinja_are_read(tmp_path: Path) -> None:
    rows = [{"id": at, "q.text": f"How many are {at} and one?", "meta": {"in": str(at % 2)}} for at in range(6)]
    assert 'row["q.text"]' in drafted(tmp_path, rows)["prompt"]
    assert samples(tmp_path)[4].query.startswith("How many are 4 and one?")
    assert [RowSample([row]).variable(name) for row, name in (({"if": 1}, "if"), ({"a": {"b": 1}}, "a.b"))] == [
        'row["if"]',
        'row["a"]["b"]',
    ]


@pytest.mark.usefixtures("vllm")
def test_names_in_chinese_are_known(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(encoded())
    rows = [
        {"题号": at, "题目": f"求{at}的值", "图片": "1.png", "选项": "A、1；B、2", "答案": "AB"[at % 2]}
        for at in range(6)
    ]
    found = drafted(tmp_path, rows, "数学 题.jsonl")
    assert [found[key] for key in ("index_field", "image_field", "answer_field")] == ["题号", "图片", "答案"]
    checked = inspected("dataset=rows", f"hydra.searchpath=[file://{tmp_path}/my_conf]")
    assert (checked.rows, checked.findings) == (6, {})
    assert samples(tmp_path)[3].query.startswith("求3的值\n(A) 1\n(B) 2")


def test_the_last_step_of_a_chinese_solution_is_the_gold_where_there_is_no_answer(tmp_path: Path) -> None:
    rows = [{"问题": f"求{at}的值", "解答": f"{'因为' * 60}\\boxed{{{at}}}"} for at in range(6)]
    drafted(tmp_path, rows)
    assert [sample.gold for sample in samples(tmp_path)] == list("012345")


@pytest.mark.parametrize("text", ["yes", "null", "on", "1e5", "a b", "题目", "${x}", "n", "a.b", "~", "no #1"])
def test_a_name_in_a_draft_is_a_text_to_yaml(text: str) -> None:
    assert str(yaml.safe_load(f"[{quoted(text)}]")[0]).replace("\\", "") == text


@pytest.mark.parametrize(
    "end", ["\n", "\r", "\x85", "\u2028", "\u2029", "${oc.env:HOME}", "\\${oc.env:HOME}", "' }} {{ 1", " %} {% x"]
)
def test_no_field_name_adds_a_line_to_a_draft_or_reads_the_environment(tmp_path: Path, end: str) -> None:
    name = f"question{end}defaults: [evil]{end}"
    rows = [
        {"id": at, name: f"How many are {at}, and why are they not fewer?", f"level{end}": "ab"[at % 2]}
        for at in range(9)
    ]
    found = drafted(tmp_path, rows)
    assert found.keys() <= {own.name for own in fields(DatasetConfig)}
    refuse_all_but_data(found, None, tmp_path)
    first = samples(tmp_path)[0]
    assert first.query.startswith("How many are 0, and why")
    assert first.metadata == {f"level{end}": "a"}


def test_a_draft_finds_its_file_from_other_folders_and_after_both_have_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here" / "data").mkdir(parents=True)
    (tmp_path / "there").mkdir()
    rows = [{"id": at, "question": f"How many are {at}?"} for at in range(3)]
    assert drafted(tmp_path / "here", rows, "data/rows.jsonl")["input"] == "data/rows.jsonl"
    shutil.move(tmp_path / "here", tmp_path / "moved")
    monkeypatch.chdir(tmp_path / "there")
    assert len(samples(tmp_path / "moved")) == 3
    # A path of the command line starts from the current folder, as ever.
    write_rows(tmp_path / "there" / "rows.jsonl", rows[:1])
    assert len(samples(tmp_path / "moved", "dataset.input=rows.jsonl")) == 1


def test_a_file_beside_the_configuration_wins_over_one_of_that_name_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    drafted(tmp_path / "here", [{"id": at, "question": f"How many are {at}?"} for at in range(3)])
    write_rows(tmp_path / "there" / "rows.jsonl", [{"id": 9, "question": "Which?"}])
    monkeypatch.chdir(tmp_path / "there")
    assert [sample.id for sample in samples(tmp_path / "here")] == ["0", "1", "2"]
    (tmp_path / "here" / "rows.jsonl").unlink()
    assert [sample.id for sample in samples(tmp_path / "here")] == ["9"]


def test_a_file_elsewhere_and_one_of_a_package_keep_their_full_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "work").mkdir()
    write_rows(tmp_path / "data" / "rows.jsonl", [{"id": 1, "question": "How many?"}])
    monkeypatch.chdir(tmp_path / "work")
    found = [yaml.safe_load(draft("rows", input))["input"] for input in ("../data/rows.jsonl", "../data/*.jsonl")]
    assert found == [os.fspath(tmp_path / "data" / "rows.jsonl"), os.fspath(tmp_path / "data" / "*.jsonl")]
    demo = "pkg://mathbatch/demo/data/samples.jsonl"
    assert yaml.safe_load(draft("demo", demo))["input"] == demo
