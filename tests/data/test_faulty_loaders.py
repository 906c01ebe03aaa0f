"""Rows of a user's own loader are checked where they come in, and a bad one costs that row where that can be."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.configs import composed
from support.faulty_parts import FaultyLoader
from support.rows import questions, write_rows

from mathbatch.data.samples import samples_of
from mathbatch.parts.faults import PartError
from mathbatch.records import BadRow, Sample


def loader(folder: Path, of: str) -> FaultyLoader:
    data = write_rows(folder / "rows.jsonl", questions(1))
    return FaultyLoader(composed("dataset=generic", f"dataset.input={data}", "dataset.image_field=null").dataset, of)


@pytest.mark.parametrize(
    ("of", "words"),
    [
        ("dicts", "yielded a dict, not a Sample or BadRow, as row 1"),
        ("none", "yielded None, not a Sample or BadRow, as row 1"),
        ("numbers for ids", "yielded a Sample whose id is 1, not str, as row 1"),
        ("half a pair in an id", "yielded an id with half a surrogate pair"),
        ("lists of images", "yielded a Sample whose images is a list, not tuple[ImageRef, ...], as row 1"),
        ("bad rows without a message", "yielded a BadRow whose message is None, not str"),
        ("an error", "raised ValueError: row 3 is odd, at row 3"),
        ("an exit", "raised SystemExit: 0, at row 3"),
    ],
)
def test_what_is_no_row_is_refused_with_its_place(tmp_path: Path, of: str, words: str) -> None:
    with pytest.raises(PartError) as refused:
        list(samples_of(loader(tmp_path, of)))
    assert f"support.faulty_parts.FaultyLoader.__iter__ {words}" in str(refused.value)
    assert "faulty_parts.py, line " in str(refused.value)


def test_an_id_that_comes_twice_costs_the_second_row(tmp_path: Path) -> None:
    first, *others = samples_of(loader(tmp_path, "the same id"))
    assert isinstance(first, Sample)
    assert [(row.id, row.kind) for row in others if isinstance(row, BadRow)] == [
        (f"<row {at}>", "duplicate_id") for at in range(2, 6)
    ]


def test_a_row_that_results_cannot_hold_costs_that_row(tmp_path: Path) -> None:
    found = list(samples_of(loader(tmp_path, "an object in a row")))
    assert [row.kind for row in found if isinstance(row, BadRow)] == ["unwritable_row"]
    assert found[2].row is None
