"""JSON read as a stream: JSON Lines, or the elements of one big array or object, a row at a time.

Yields `RawRow(number, key, row, problem)`. `number` is the line of a JSON Lines file and the position in an array or
object, from 1; `key` is set for an object's members. A row that can't be read has `problem` set instead of `row`. NaN
and Infinity, which Python writes though JSON forbids them, are read.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from mathbatch.records import Row

CHUNK = 1 << 20
_WHITESPACE = " \t\n\r"


class RawRow(msgspec.Struct, frozen=True):
    number: int
    key: str | None
    row: Row | None
    problem: str | None = None


def read_rows(stream: BinaryIO, json_lines: bool) -> Iterator[RawRow]:
    """All rows of a file. `json_lines` says how to take a file that starts with a brace."""
    if json_lines:
        return _lines(stream)
    text = _Text(stream)
    first = text.peek()
    if first == "[":
        return _elements(text)
    if first == "{":
        return _members(text)
    return iter([RawRow(1, None, None, f"the file starts with {first!r}: neither a JSON array nor an object")])


def _lines(stream: BinaryIO) -> Iterator[RawRow]:
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    for number, line in enumerate(stream, 1):
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        try:
            row = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            if not line.strip():
                continue
            yield _second_try(number, line)
            continue
        yield RawRow(number, None, row)


def _second_try(number: int, line: bytes) -> RawRow:
    """Python's own parser: it accepts NaN, and says where the line is broken."""
    try:
        return _checked(number, None, json.loads(line.decode()))
    except UnicodeDecodeError as error:
        return RawRow(number, None, None, f"not UTF-8: byte {line[error.start]:#x} at column {error.start + 1}")
    except (ValueError, RecursionError) as error:
        return RawRow(number, None, None, f"not JSON: {error}")


def _checked(number: int, key: str | None, row: Any) -> RawRow:
    if isinstance(row, dict):
        return RawRow(number, key, row)
    return RawRow(number, key, None, f"a row must be a JSON object, this is a {type(row).__name__}")


def _elements(text: _Text) -> Iterator[RawRow]:
    text.take("[")
    number = 0
    while text.peek() != "]":
        number += 1
        try:
            if number > 1:
                text.take(",")
            value = text.value()
        except ValueError as error:
            yield RawRow(number, None, None, f"not JSON, and nothing after it can be read: {error}")
            return
        yield _utf8(number, None, value)


def _members(text: _Text) -> Iterator[RawRow]:
    text.take("{")
    number = 0
    while text.peek() != "}":
        number += 1
        try:
            if number > 1:
                text.take(",")
            key = text.value()
            text.take(":")
            value = text.value()
        except ValueError as error:
            yield RawRow(number, None, None, f"not JSON, and nothing after it can be read: {error}")
            return
        yield _utf8(number, str(key), value)


def _utf8(number: int, key: str | None, value: Any) -> RawRow:
    """Bytes that are not UTF-8 came through as lone surrogates: they spoil this row only."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return RawRow(number, key, None, "not UTF-8")
    return _checked(number, key, value)


class _Text:
    """The decoded text of a stream, of which only the part not parsed yet is held."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="surrogateescape")
        self._scan = json.JSONDecoder().raw_decode
        self._buffer = ""
        self._at = 0
        self._ended = False

    def _more(self, size: int = CHUNK) -> bool:
        if self._ended:
            return False
        data = self._stream.read(size)
        self._ended = not data
        self._buffer = self._buffer[self._at :] + self._decoder.decode(data, final=self._ended)
        self._at = 0
        return True

    def peek(self) -> str:
        """The next character that is not white space; "" at the end."""
        while True:
            while self._at < len(self._buffer):
                if (character := self._buffer[self._at]) not in _WHITESPACE:
                    return character
                self._at += 1
            if not self._more():
                return ""

    def take(self, expected: str) -> None:
        if (found := self.peek()) != expected:
            raise ValueError(f"expected {expected!r}, found {found!r}" if found else "the file ends in the middle")
        self._at += 1

    def value(self) -> Any:
        """The next JSON value. Reads on, twice as much each time, until the value is complete."""
        size = CHUNK
        self.peek()
        while True:
            try:
                value, end = self._scan(self._buffer, self._at)
                # A number at the edge of the buffer may go on in the next chunk.
                if end < len(self._buffer) or self._ended:
                    self._at = end
                    return value
            except (ValueError, RecursionError) as error:
                if self._ended or isinstance(error, RecursionError) or self._hopeless(error):
                    raise ValueError(str(error)) from None
            if not self._more(size):
                raise ValueError("the file ends in the middle of a value")
            size *= 2

    def _hopeless(self, error: ValueError) -> bool:
        """Whether the error lies so far from the edge of the buffer that reading on can't mend it."""
        unterminated = "Unterminated string" in str(error)
        return not unterminated and isinstance(error, json.JSONDecodeError) and error.pos < len(self._buffer) - 64
