"""The shipped dataset configs against the benchmarks' own files, where those lie in `../shared/data`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.configs import composed
from support.paths import REAL_DATA
from support.processes import run

from mathbatch.data.loaders import FileDataLoader
from mathbatch.data.processors import ChatDataProcessor
from mathbatch.records import BadRow, Sample

needs_rows = pytest.mark.skipif(not REAL_DATA.is_dir(), reason="the benchmarks' own files are not here")


def samples(dataset: str, file: str, *more: str) -> list[Sample | BadRow]:
    config = composed(f"dataset={dataset}", f"dataset.input={REAL_DATA / file}", *more)
    return list(FileDataLoader(config.dataset))


@needs_rows
def test_the_mathvista_prompts_are_those_of_the_benchmarks_query_file() -> None:
    queries = json.loads((REAL_DATA / "mathvista" / "query.json").read_text(encoding="utf-8"))
    rows = samples("mathvista", "mathvista/testmini.json", "dataset.image_field=null")
    assert len(rows) == 1000
    for row in rows:
        assert isinstance(row, Sample)
        assert row.query == queries[row.id]


@needs_rows
def test_each_mathvision_testmini_row_has_its_picture_and_its_choices() -> None:
    rows = samples("mathvision", "mathvision/testmini.jsonl")
    assert len(rows) == 304
    for row in rows:
        assert isinstance(row, Sample)
        assert len(row.images) == 1
        assert all(
            f"{letter}. {option}" in row.query for letter, option in zip("ABCDE", row.row["options"], strict=False)
        )
        parts = ChatDataProcessor().process(row).messages[0]["content"]
        assert sum(part["type"] == "image" for part in parts) == 1
        assert "<image" not in "".join(part.get("text", "") for part in parts)


@needs_rows
def test_each_gsm8k_row_is_a_prompt_named_by_its_row_number() -> None:
    rows = samples("gsm8k", "gsm8k/test.jsonl")
    assert [row.id for row in rows] == [str(number) for number in range(1, 1320)]
    assert all(isinstance(row, Sample) and row.row["question"] in row.query for row in rows)


@pytest.mark.process
def test_a_missing_benchmark_file_is_answered_with_where_to_get_it(tmp_path: Path) -> None:
    done = run(tmp_path, "dataset=mathvista")
    assert done.returncode == 2
    assert "lupantech/MathVista" in done.stderr
