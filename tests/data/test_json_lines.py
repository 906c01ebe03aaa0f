"""JSON Lines are read and written whatever their lines hold; messages are those that Python's own parser would give."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import jsonlines
import pytest

from mathbatch.data.rows.json_stream import RawRow, read_rows
from mathbatch.data.rows.sources import JsonSource
from mathbatch.data.storage.json_lines import reader, writer
from mathbatch.errors import ConfigError

BOM = b"\xef\xbb\xbf"


def read(data: bytes) -> list[RawRow]:
    return list(read_rows(io.BytesIO(data), json_lines=True))


def test_what_is_written_is_compact_utf_8_with_an_end_to_each_line() -> None:
    stream = io.BytesIO()
    writer(stream).write_all([{"id": "7", "text": "π \n"}, {"id": 1.0, "answer": None}])
    assert stream.getvalue() == '{"id":"7","text":"π \\n"}\n{"id":1.0,"answer":null}\n'.encode()


def test_reading_goes_on_after_a_broken_line() -> None:
    lines = reader([b'{"a": 1}\n', b"oops\n", b'{"a": 2}'], dict[str, Any])
    assert lines.read() == {"a": 1}
    with pytest.raises(jsonlines.InvalidLineError, match="line 2"):
        lines.read()
    assert lines.read() == {"a": 2}
    with pytest.raises(EOFError):
        lines.read()


@pytest.mark.parametrize("cut", [30, 2_000, -9, -1])
def test_a_gz_file_cut_off_is_damaged_and_not_at_its_end(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "rows.jsonl.gz"
    rows = "".join(json.dumps({"id": at, "question": f"{at * 7919 % 10007}"}) + "\n" for at in range(2_000))
    path.write_bytes(gzip.compress(rows.encode())[:cut])
    with pytest.raises(ConfigError, match="is damaged"):
        list(JsonSource(path).rows())


def test_a_byte_order_mark_is_skipped_at_the_start_of_a_file_only() -> None:
    first, second = read(BOM + b'{"a": 1}\n' + BOM + b'{"a": 2}\n')
    assert first == RawRow(1, None, {"a": 1})
    assert second.problem == "not JSON: Unexpected UTF-8 BOM (decode using utf-8-sig) at column 1"


@pytest.mark.parametrize("data", [b'\x1e{"a": 1}\n', BOM + b'\x1e{"a": 1}\n', BOM + b'{"a": 1} oops\n'])
def test_a_record_separator_or_a_mark_with_more_behind_it_does_not_hide_a_fault(data: bytes) -> None:
    (row,) = read(data)
    assert row.row is None
    assert (row.problem or "").startswith("not JSON: ")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"a":  \n', "not JSON: Expecting value at column 1"),
        (b'{"a": "x\r\n', "not JSON: Invalid control character at at column 9"),
        (b'\xc2\xa0{"a": "\xff"}\n', "not UTF-8: byte 0xff at column 10"),
        (b"null\n", "a row must be a JSON object, this is a NoneType"),
        (b"[1]\n", "a row must be a JSON object, this is a list"),
    ],
)
def test_messages_count_the_columns_of_the_whole_line(line: bytes, problem: str) -> None:
    blank, row = b" \x0b\n", b'{"b": NaN}\n'
    bad, good = read(blank + line + blank + row)
    assert (bad.number, bad.problem) == (2, problem)
    assert (good.number, str(good.row)) == (4, "{'b': nan}")
