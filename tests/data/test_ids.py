"""Check that a repeated id is told whatever the order of the ids, and named with the row that had it first."""

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
        ([0, 1.0, 1, 0.0], {3: 2, 4: 1}),
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


def test_whole_numbers_as_floats_are_the_ids_that_they_were(tmp_path: Path) -> None:
    assert [row.id for row in load(tmp_path, [0.0, 1.0, -2.0, 1e6])] == ["0", "1", "-2", "1000000"]


@pytest.mark.parametrize("id", [1.5, float("nan"), float("inf"), 1e300, True])
def test_another_float_is_no_id_and_the_row_number_is_named_as_the_way_out(tmp_path: Path, id: object) -> None:
    (row,) = load(tmp_path, [id])
    assert isinstance(row, BadRow)
    assert "dataset.index_field=null" in row.message


def load_pairs(tmp_path: Path, pairs: list[tuple[str, ...]]) -> list[Sample | BadRow]:
    names = [f"part{at}" for at in range(len(pairs[0]))]
    rows = [dict(zip(names, pair, strict=True)) | {"query_cot": f"{number}?"} for number, pair in enumerate(pairs)]
    path = write_rows(tmp_path / "pairs.jsonl", rows)
    return list(FileDataLoader(DatasetConfig(name="ids", input=str(path), image_field=None, index_field=names)))


@pytest.mark.parametrize(
    "pairs",
    [
        [("a-b", "c"), ("a", "b-c")],
        [("a", "b-c"), ("z", "1"), ("a-b", "c"), ("a", "b")],
        [("x-", "y", "z"), ("x", "-y", "z"), ("x", "y-z", "w"), ("x-y", "z", "w")],
        [("2024-01", "2", "3"), ("2024", "01-2", "3"), ("2024", "01", "2-3")],
    ],
)
def test_parts_that_run_together_are_ids_of_their_own(tmp_path: Path, pairs: list[tuple[str, ...]]) -> None:
    rows = load_pairs(tmp_path, pairs)
    assert all(isinstance(row, Sample) for row in rows)
    assert len({row.id for row in rows}) == len(pairs)
    assert rows[0].id == "-".join(pairs[0])  # as in run folders made before


def test_the_same_parts_are_a_duplicate_of_the_row_that_had_them_first(tmp_path: Path) -> None:
    rows = load_pairs(tmp_path, [("a-b", "c"), ("a", "b-c"), ("a-b", "c"), ("a", "b-c")])
    assert [row.message.rpartition(" of ")[2] for row in rows if isinstance(row, BadRow)] == ["row 1", "row 2"]
