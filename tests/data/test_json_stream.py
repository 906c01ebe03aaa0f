"""The streaming JSON reader reads what `json.load` reads, wherever a chunk ends, and never holds a whole file."""

from __future__ import annotations

import io
import json
import random
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from mathbatch.data.rows.json_stream import CHUNK, read_rows
from mathbatch.records import RawRow

SEEDS = range(12)
CHUNKS = [1, 2, 3, 7, 64, 1000, CHUNK]
LETTERS = 'ab \\"/{}[],:\n\t\0\x7f\u00e9\u05d0\u4e2d\u2028\ufeff\ufffd\U0001f600\U0010ffff0123-.eE+'
NUMBERS = [0, -0.0, 1, -1, 1.5, -2.25e-300, 1e308, 5e-324, 2**53 + 1, -(2**64), 10**40, 0.1, 1e22, 1e-7]


@pytest.fixture(params=SEEDS, ids="seed {}".format)
def dice(request: pytest.FixtureRequest) -> random.Random:
    print(f"seed {request.param}")
    return random.Random(request.param)


def text(dice: random.Random) -> str:
    return "".join(dice.choices(LETTERS, k=dice.choice((0, 1, 3, 40))))


def value(dice: random.Random, depth: int = 4) -> Any:
    kind = dice.randrange(8 if depth else 6)
    if kind < 2:
        return text(dice)
    if kind < 4:
        return dice.choice(NUMBERS)
    if kind < 6:
        return dice.choice((True, False, None))
    items = [value(dice, depth - 1) for _ in range(dice.randrange(5))]
    return items if kind == 6 else {text(dice): item for item in items}


def row(dice: random.Random) -> dict[str, Any]:
    return {text(dice): value(dice) for _ in range(dice.randrange(6))}


def written(dice: random.Random, content: Any) -> bytes:
    """By `json.dump`, with separators, white space and escapes of all kinds."""
    comma, colon = (dice.choice(("", " ", "\n ", "\r\n\t")) for _ in range(2))
    stream = io.StringIO()
    json.dump(
        content,
        stream,
        ensure_ascii=dice.random() < 0.5,
        indent=dice.choice((None, 0, 3, "\t")),
        separators=(f"{comma},{comma}", f"{colon}:{colon}"),
    )
    blanks = dice.choice(("", " \r\n\t"))
    bom = dice.choice(("", "\ufeff"))
    return f"{bom}{blanks}{stream.getvalue()}{blanks}".encode()


def read(data: bytes, chunk: int, json_lines: bool = False) -> list[RawRow]:
    return list(read_rows(io.BytesIO(data), json_lines, chunk))


@pytest.mark.parametrize("chunk", CHUNKS)
def test_an_array_is_read_as_json_load_reads_it(dice: random.Random, chunk: int) -> None:
    data = written(dice, [row(dice) for _ in range(dice.randrange(1, 12))])
    expected = json.loads(data.decode("utf-8-sig"))
    assert read(data, chunk) == [RawRow(at, None, item) for at, item in enumerate(expected, 1)]


@pytest.mark.parametrize("chunk", CHUNKS)
def test_an_object_is_read_as_json_load_reads_it(dice: random.Random, chunk: int) -> None:
    data = written(dice, {f"{at}{text(dice)}": row(dice) for at in range(dice.randrange(1, 12))})
    expected = json.loads(data.decode("utf-8-sig"))
    assert read(data, chunk) == [RawRow(at, key, item) for at, (key, item) in enumerate(expected.items(), 1)]


def test_lines_are_read_as_json_loads_reads_them(dice: random.Random) -> None:
    lines = [json.dumps(row(dice), ensure_ascii=dice.random() < 0.5) for _ in range(20)]
    blanks = [dice.choice(("", "", "\n", " \r\n")) for _ in lines]
    ends = [dice.choice(("\n", "\r\n")) for _ in lines]
    data = "".join(blank + line + end for blank, line, end in zip(blanks, lines, ends, strict=True))
    expected = [(at, json.loads(line)) for at, line in enumerate(data.split("\n"), 1) if line.strip()]
    assert read(data.encode(), CHUNK, json_lines=True) == [RawRow(at, None, item) for at, item in expected]


@pytest.mark.parametrize("number", ["0", "-1", "12345678901234567890", "1.5", "1e5", "1.25E+17", "-0.5e-3", "Infinity"])
@pytest.mark.parametrize("chunk", range(1, 25))
def test_a_number_at_the_edge_of_the_buffer_is_not_cut(number: str, chunk: int) -> None:
    """A bare number is no row, but it must not spoil the next one, nor be two."""
    data = b'[{"a": %b}, %b ,%b,{"b": 1}]' % ((number.encode(),) * 3)
    rows = read(data, chunk)
    assert [found.row for found in rows] == [{"a": json.loads(number)}, None, None, {"b": 1}]
    kind = type(json.loads(number)).__name__
    assert {found.problem for found in rows[1:3]} == {f"a row must be a JSON object, this is a {kind}"}


@pytest.mark.parametrize("chunk", CHUNKS)
@pytest.mark.parametrize("cut", range(1, 61))
def test_a_file_cut_anywhere_gives_its_whole_rows_and_one_bad_one(chunk: int, cut: int) -> None:
    whole = b'[{"a": "x\\u00e9\xc3\xa9"}, {"b": [1.5, null]} ,\n{"c": {"d": true}}]'
    rows = read(whole[:cut], chunk)
    assert [found.row for found in rows[:-1]] == json.loads(whole)[: len(rows) - 1]
    assert rows[-1].row is None
    assert "nothing after it can be read" in (rows[-1].problem or "")
    assert len(rows) == 1 + sum(cut >= end for end in (19, 39, 60))


@pytest.mark.parametrize("chunk", CHUNKS)
def test_a_fault_is_named_by_row_and_line_of_the_file(chunk: int) -> None:
    data = b'[\n{"a": "x\\ny"},\n\n{"b": 1},\n{"c": oops},\n' + b" " * 3000 + b'{"d": 1}]'
    *good, bad = read(data, chunk)
    assert [found.row for found in good] == [{"a": "x\ny"}, {"b": 1}]
    assert bad.number == 3
    assert bad.problem == "not JSON, and nothing after it can be read: line 5: Expecting value"


def test_a_fault_near_the_start_is_found_without_reading_the_whole_file() -> None:
    stream = io.BytesIO(b'[{"a" 1},' + b'{"b": 1},' * 100_000)
    (bad,) = read_rows(stream, json_lines=False, chunk=1000)
    assert bad.problem is not None
    assert stream.tell() < 10_000


def test_an_integer_without_end_is_refused_without_reading_the_whole_file() -> None:
    stream = io.BytesIO(b'[{"a": ' + b"7" * 10_000 + b"}," + b'{"b": 1},' * 100_000)
    (bad,) = read_rows(stream, json_lines=False, chunk=1000)
    assert "digits" in (bad.problem or "")
    assert stream.tell() < 40_000


class Endless(io.RawIOBase):
    """The bytes of an iterator, made as they are read."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts, self._left = parts, b""
        self.total = 0

    def read(self, size: int = -1) -> bytes:
        while len(self._left) < size and (part := next(self._parts, b"")):
            self._left += part
        taken, self._left = self._left[:size], self._left[size:]
        self.total += len(taken)
        return taken


def test_an_array_of_50_mb_is_read_in_the_memory_of_a_few_rows() -> None:
    rows = 500
    item = json.dumps({"note": "x" * 100_000}).encode()
    parts = iter([b"[" + item, *[b"," + item] * (rows - 1), b"]"])
    stream = Endless(parts)
    tracemalloc.start()
    try:
        found = sum(read_row.row is not None for read_row in read_rows(stream, json_lines=False))  # type: ignore[arg-type]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == rows
    assert stream.total > 50_000_000
    assert peak < 8 * CHUNK
