"""The JSON files of the old command line go in unchanged and come out with the response field added, in their order."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from support.processes import run
from support.rows import overrides
from support.run_folders import run_dir

pytestmark = pytest.mark.process

ROWS: list[dict[str, Any]] = [
    {"sample_index": "b", "query_cot": "What is 1 + 1?", "meta": {"level": 1.5, "tags": ["x", None]}},
    {"query_cot": "Was ist 2 + 2? ½ ≠ 0", "sample_index": 7, "model_answer": "old"},
    {"sample_index": "a", "query_cot": "And 3?", "empty": {}},
]
KEYED = {f"k{at}": {k: v for k, v in row.items() if k != "sample_index"} for at, row in enumerate(ROWS)}


def answered(tmp_path: Path, data: Path, name: str) -> Any:
    done = run(tmp_path, *overrides(data))
    assert done.returncode == 0, done.stderr
    return json.loads((run_dir(tmp_path) / name).read_text(encoding="utf-8"))


def check(row: dict[str, Any], out: dict[str, Any]) -> None:
    assert out.pop("model_answer").startswith("\\boxed{")
    assert list(out) == [key for key in row if key != "model_answer"]
    assert out == {key: value for key, value in row.items() if key != "model_answer"}


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_comes_out_as_an_array(tmp_path: Path, indent: int | None) -> None:
    data = tmp_path / "rows.json"
    data.write_text(json.dumps(ROWS, indent=indent), encoding="utf-8")
    out = answered(tmp_path, data, "results.json")
    assert len(out) == len(ROWS)
    for row, found in zip(ROWS, out, strict=True):
        check(row, found)


def test_an_object_keyed_by_id_comes_out_as_one_and_its_keys_are_the_ids(tmp_path: Path) -> None:
    data = tmp_path / "rows.json"
    data.write_text(json.dumps(KEYED), encoding="utf-8")
    out = answered(tmp_path, data, "results.json")
    assert list(out) == list(KEYED)
    for key, row in KEYED.items():
        check(row, out[key])


@pytest.mark.parametrize("name", ["rows.jsonl.gz", "rows.json.gz"])
def test_gzip_is_read_as_it_is(tmp_path: Path, name: str) -> None:
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    text = lines if "jsonl" in name else json.dumps(ROWS)
    (tmp_path / name).write_bytes(gzip.compress(text.encode()))
    done = run(tmp_path, *overrides(tmp_path / name))
    assert done.returncode == 0, done.stderr


def test_json_lines_in_a_json_file_are_json_lines(tmp_path: Path) -> None:
    data = tmp_path / "rows.json"
    data.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    assert run(tmp_path, *overrides(data)).returncode == 0
    lines = (run_dir(tmp_path) / "results.jsonl").read_text(encoding="utf-8").splitlines()
    for row, line in zip(ROWS, lines, strict=True):
        check(row, json.loads(line))
