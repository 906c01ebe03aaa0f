"""A repeated id is told whatever the order of the ids, and named with the row that had it first."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from support.rows import write_rows

from mathbatch.config import DatasetConfig
from mathbatch.data.loaders import FileDataLoader
from mathbatch.records import BadRow, Sample


def load(tmp_path: Path, ids: list[object]) -> list[Sample | BadRow]:
    path = write_rows(tmp_path / "rows.jsonl", [{"sample_index": id, "query_cot": "?"} for id in ids])
    return list(FileDataLoader(DatasetConfig(name="ids", input=str(path), image_field=None)))


@pytest.mark.parametrize(
    ("ids", "repeated"),
    [
        ([1, 2, 9, 10, 11], {}),
        (["a1", "a2", "a2", "a3"], {3: 2}),
        ([8, 9, 10, 9, 10, 11], {4: 2, 5: 3}),
        (["b", "a", "b", "a", "c"], {3: 1, 4: 2}),
        ([3, None, 4, 3], {4: 1}),
        ([5, 1, "1", 5.5, 2], {3: 2}),
    ],
)
def test_a_repeated_id_names_the_row_that_had_it_first(
    tmp_path: Path, ids: list[object], repeated: dict[int, int]
) -> None:
    found = {r.row_number: r.message for r in load(tmp_path, ids) if isinstance(r, BadRow) and r.kind == "duplicate_id"}
    assert found.keys() == repeated.keys()
    assert all(message.endswith(f"row {repeated[number]}") for number, message in found.items())


def test_shuffled_ids_without_a_repeat_are_all_taken(tmp_path: Path) -> None:
    ids: list[object] = [*random.Random(0).sample(range(1000), 1000)]
    assert [row.id for row in load(tmp_path, ids)] == [str(id) for id in ids]
