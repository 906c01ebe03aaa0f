"""Values that Parquet and loaders of one's own may hold, and JSON may not, are text or cost one row."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pandas
import pyarrow
import pytest
from pyarrow import parquet
from support.configs import composed
from support.processes import run
from support.rows import overrides, write_rows
from support.run_folders import results, run_dir

from mathbatch.config import DatasetConfig
from mathbatch.data.loaders import FileDataLoader, MappedDataLoader
from mathbatch.data.storage.json_lines import writer
from mathbatch.errors import ConfigError
from mathbatch.records import BadRow, RawRow, Sample

DAY_NS = 86_400 * 10**9


def written(folder: Path, column: pyarrow.Array) -> Path:
    """Write a file of rows that ask something and have this column."""
    ids = pyarrow.array([f"r{at}" for at in range(len(column))])
    names = ["sample_index", "query_cot", "extra"]
    parquet.write_table(
        pyarrow.table([ids, pyarrow.array(["How many?"] * len(column)), column], names), folder / "r.parquet"
    )
    return folder / "r.parquet"


def loaded(path: Path) -> list[Sample | BadRow]:
    return list(FileDataLoader(DatasetConfig(name="odd", input=str(path), image_field=None)))


def extras(rows: list[Sample | BadRow]) -> list[Any]:
    """Return the values of the column, and check that they can be written."""
    found = [row.row["extra"] for row in rows if isinstance(row, Sample)]
    for value in found:
        writer(io.BytesIO()).write(value)
    return found


COLUMNS = {
    "nanoseconds": (pyarrow.array([DAY_NS + 7], pyarrow.timestamp("ns")), "1970-01-02T00:00:00.000000007"),
    "a time zone": (pyarrow.array([0], pyarrow.timestamp("us", "UTC")), "1970-01-01T00:00:00Z"),
    "a date": (pyarrow.array([366], pyarrow.date32()), "1971-01-02"),
    "a time of day": (pyarrow.array([61_000_000], pyarrow.time64("us")), "00:01:01"),
    "a duration": (pyarrow.array([90], pyarrow.duration("s")), "PT90S"),
    "a duration of nanoseconds": (pyarrow.array([90], pyarrow.duration("ns")), "P0DT0H0M0.00000009S"),
    "a decimal": (pyarrow.array(["2.50"]).cast(pyarrow.decimal128(9, 2)), "2.50"),
    "a half float": (pyarrow.array([numpy.float16(0.5)], pyarrow.float16()), 0.5),
    "times in structs in a list": (
        pyarrow.array([[{"at": 1}]], pyarrow.list_(pyarrow.struct([("at", pyarrow.timestamp("ns"))]))),
        [{"at": "1970-01-01T00:00:00.000000001"}],
    ),
    "a map of times": (
        pyarrow.array([[("k", 1)]], pyarrow.map_(pyarrow.string(), pyarrow.timestamp("ns"))),
        [("k", "1970-01-01T00:00:00.000000001")],
    ),
    "repeated times": (
        pyarrow.array([3], pyarrow.timestamp("ns")).dictionary_encode(),
        "1970-01-01T00:00:00.000000003",
    ),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_value_that_json_has_no_type_for_is_text(name: str, tmp_path: Path) -> None:
    column, text = COLUMNS[name]
    (value,) = extras(loaded(written(tmp_path, column)))
    assert value == text


def bad_text(*texts: bytes) -> pyarrow.Array:
    """Return a column of text whose bytes nobody has checked."""
    ends = numpy.cumsum([0, *map(len, texts)], dtype=numpy.int32)
    return pyarrow.StringArray.from_buffers(len(texts), pyarrow.py_buffer(ends), pyarrow.py_buffer(b"".join(texts)))


UNREADABLE = {
    "text that is not UTF-8": bad_text(b"fine", b"\xe9t\xe9", b"too"),
    "a date far away": pyarrow.array([0, 2**61, 1], pyarrow.timestamp("us")),
    "a far date in a list": pyarrow.array([[0], [5, 2**61], []], pyarrow.list_(pyarrow.timestamp("us"))),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_value_that_can_not_be_read_costs_its_row_alone(name: str, tmp_path: Path) -> None:
    first, bad, last = loaded(written(tmp_path, UNREADABLE[name]))
    assert isinstance(bad, BadRow)
    assert bad.kind == "unreadable_row"
    assert "row 2: the value in 'extra' can't be read" in bad.message
    assert [first.id, last.id] == ["r0", "r2"]
    assert len(extras([first, last])) == 2


@pytest.mark.process
def test_what_was_answered_is_written_beside_the_row_that_could_not_be_read(tmp_path: Path) -> None:
    path = written(tmp_path, pyarrow.array([DAY_NS, None, 2**62], pyarrow.timestamp("ns")))
    done = run(tmp_path, *overrides(path))
    assert done.returncode == 0, done.stderr
    assert [row["extra"] for row in results(run_dir(tmp_path))] == [
        "1970-01-02T00:00:00",
        None,
        "2116-02-20T23:53:38.427387904",
    ]


def test_two_columns_of_one_name_are_refused_nested_ones_too(tmp_path: Path) -> None:
    one, two = pyarrow.array(["1"]), pyarrow.array(["2"])
    parquet.write_table(
        pyarrow.table([one, two, two], ["sample_index", "query_cot", "query_cot"]), tmp_path / "a.parquet"
    )
    with pytest.raises(ConfigError, match="has the column 'query_cot' twice"):
        loaded(tmp_path / "a.parquet")
    with pytest.raises(ConfigError, match=r"has the column 'extra\.task' twice"):
        loaded(written(tmp_path, pyarrow.StructArray.from_arrays([one, two], ["task", "task"])))


class OwnDataLoader(MappedDataLoader):
    """Yields values as pandas and NumPy make them."""

    values: tuple[Any, ...] = (
        *(pandas.Timestamp(5), pandas.Timedelta(1), numpy.float32(1.5), numpy.arange(2), 10**40),
        *(object(), "\ud800", {None: 1}),
    )

    def rows(self) -> Iterator[RawRow]:
        for at, value in enumerate(self.values, 1):
            yield RawRow(at, None, {"sample_index": f"r{at}", "query_cot": "How many?", "extra": value})


def test_rows_of_a_loader_of_ones_own_can_be_written_or_fail_by_name() -> None:
    rows = list(OwnDataLoader(composed("dataset=generic", "dataset.input=null", "dataset.image_field=null").dataset))
    assert extras(rows) == ["1970-01-01T00:00:00.000000005", "P0DT0H0M0.000000001S", 1.5, [0, 1], 10**40]
    bad = [row for row in rows if isinstance(row, BadRow)]
    assert [row.kind for row in bad] == ["unreadable_row"] * 3
    assert "a object can't be written as JSON" in bad[0].message


@pytest.mark.parametrize(
    ("value", "gold"),
    [
        (["70"], "70"),
        ([70], "70"),
        ('["70"]', "70"),
        ("['x + 1']", "x + 1"),
        ("[5]", "[5]"),
        (["a", "ü"], '["a", "ü"]'),
        ("['a', 'b']", "['a', 'b']"),
        (["it's", 'a "b"'], '["it\'s", "a \\"b\\""]'),
        ("['a'] or ['b']", "['a'] or ['b']"),
        (0, "0"),
        ([], "[]"),
        (None, None),
    ],
)
def test_a_gold_in_a_list_of_one_is_that_gold_and_a_longer_list_is_json(
    value: Any, gold: str | None, tmp_path: Path
) -> None:
    write_rows(tmp_path / "rows.jsonl", [{"sample_index": "1", "query_cot": "?", "answer": value}])
    config = DatasetConfig(name="odd", input=f"{tmp_path}/rows.jsonl", image_field=None, answer_field="answer")
    (sample,) = FileDataLoader(config)
    assert isinstance(sample, Sample)
    assert sample.gold == gold
