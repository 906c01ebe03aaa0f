"""JSON read as a stream: JSON Lines, or the elements of one big array or object, a row at a time.

Yields `RawRow(number, key, row, problem)`. `number` is the line of a JSON Lines file and the position in an array or
object, from 1; `key` is set for an object's members. A row that can't be read has `problem` set instead of `row`. NaN
and Infinity, which Python writes though JSON forbids them, are read.
"""

from __future__ import annotations

import codecs
import itertools
import json
from collections.abc import Iterator
from typing import Any, BinaryIO, NoReturn

import jsonlines
import msgspec

from mathbatch.data.storage.json_lines import CurrentLine, reader
from mathbatch.records import Row

CHUNK = 1 << 20
"""Bytes read at a time."""
MAX_DEPTH = 200
"""Brackets within brackets in a row. Python's own limit depends on who calls, and a row must always be read alike."""
_TOO_DEEP = f"brackets are nested deeper than {MAX_DEPTH}"
_WHITESPACE = " \t\n\r"
# `jsonlines` skips a byte order mark or a record separator at the start of every line. Here a line with one is broken,
# but for the mark at the start of the file. These are the first bytes of the two in UTF-8.
_SKIPPED_FIRST = b"\xef\x1e"
_encode = msgspec.json.Encoder().encode


class RawRow(msgspec.Struct, frozen=True):
    """`place` says where it is, where `row <number>` would not; `columns` are fields that its source adds."""

    number: int
    key: str | None
    row: Row | None
    problem: str | None = None
    place: str | None = None
    columns: Row | None = None

    @property
    def label(self) -> str:
        return self.place or f"row {self.number}"


def read_rows(stream: BinaryIO, json_lines: bool, chunk: int = CHUNK) -> Iterator[RawRow]:
    """All rows of a file. `json_lines` says how to take a file that starts with a brace."""
    if json_lines:
        return _lines(stream)
    text = _Text(stream, chunk)
    first = text.peek()
    if first in ("[", "{"):
        return _items(text, "]" if first == "[" else "}")
    if not first:
        return iter(())
    return iter([RawRow(1, None, None, f"the file starts with {first!r}: neither a JSON array nor an object")])


def _lines(stream: BinaryIO) -> Iterator[RawRow]:
    lines = CurrentLine(stream)
    read = reader(lines, dict[str, Any]).read
    for number in itertools.count(1):
        try:
            row = read()
        except EOFError:
            if not lines.is_at_end:
                raise
            return
        except (jsonlines.InvalidLineError, RecursionError):
            line = lines.line.removeprefix(codecs.BOM_UTF8) if number == 1 else lines.line
            if line.strip():
                yield _second_try(number, line)
            continue
        if lines.line[0] in _SKIPPED_FIRST and not (number == 1 and lines.line.startswith(codecs.BOM_UTF8)):
            yield _second_try(number, lines.line)
        else:
            yield _checked(number, None, row, lines.line)


def _second_try(number: int, line: bytes) -> RawRow:
    """Python's own parser: it accepts NaN, and says where the line is broken."""
    try:
        return _encodable(number, None, json.loads(line.decode()))
    except UnicodeDecodeError as error:
        return RawRow(number, None, None, f"not UTF-8: byte {line[error.start]:#x} at column {error.start + 1}")
    except json.JSONDecodeError as error:
        return RawRow(number, None, None, f"not JSON: {error.msg} at column {error.colno}")
    except RecursionError:
        return RawRow(number, None, None, _TOO_DEEP)
    except ValueError as error:
        return RawRow(number, None, None, f"not JSON that can be read: {error}")


def _checked(number: int, key: str | None, row: Any, encoded: bytes) -> RawRow:
    if not isinstance(row, dict):
        return RawRow(number, key, None, f"a row must be a JSON object, this is a {type(row).__name__}")
    if len(encoded) > 2 * MAX_DEPTH and encoded.count(b"[") + encoded.count(b"{") > MAX_DEPTH and _too_deep(row):
        return RawRow(number, key, None, _TOO_DEEP)
    return RawRow(number, key, row)


def _too_deep(row: Row) -> bool:
    level: list[Any] = [row]
    for _ in range(MAX_DEPTH):
        inner = (node.values() if isinstance(node, dict) else node for node in level if isinstance(node, dict | list))
        level = [child for children in inner for child in children]
    return any(isinstance(node, dict | list) for node in level)


def _items(text: _Text, closing: str) -> Iterator[RawRow]:
    """The rows between two brackets. Where the file can't be parsed any further, that is one bad row, the last."""
    number = 1
    text.take(text.peek())
    try:
        while text.peek() != closing:
            if number > 1:
                text.take(",")
            key = text.key() if closing == "}" else None
            yield _encodable(number, key, text.value())
            number += 1
        text.take(closing)
        text.take("")
    except ValueError as error:
        yield RawRow(number, None, None, f"not JSON, and nothing after it can be read: {error}")


def _encodable(number: int, key: str | None, value: Any) -> RawRow:
    """Half a surrogate pair, which is also what a byte that is not UTF-8 comes through as, spoils this row only."""
    try:
        encoded = _encode((key, value))
    except UnicodeEncodeError:
        readable = None if key is None else key.encode(errors="replace").decode()
        return RawRow(number, readable, None, "not UTF-8, or half a surrogate pair")
    except RecursionError:
        return RawRow(number, key, None, _TOO_DEEP)
    return _checked(number, key, value, encoded)


class _Text:
    """The decoded text of a stream, of which only the part not parsed yet is held."""

    def __init__(self, stream: BinaryIO, chunk: int) -> None:
        self._stream = stream
        self._chunk = chunk
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="surrogateescape")
        self._scan = json.JSONDecoder().raw_decode
        self._buffer = ""
        self._at = 0
        self._lines_before = 0
        self._ended = False

    def _more(self, size: int) -> bool:
        if self._ended:
            return False
        data = self._stream.read(size)
        self._ended = not data
        self._lines_before += self._buffer.count("\n", 0, self._at)
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
            if not self._more(self._chunk):
                return ""

    def take(self, expected: str) -> None:
        """Go past this character; "" is the end."""
        if (found := self.peek()) != expected:
            self._refuse(f"expected {expected or 'the end'}, found {found or 'the end'}", self._at)
        self._at += len(expected)

    def key(self) -> str:
        """The name of an object's member, and the colon after it."""
        key = self.value()
        if not isinstance(key, str):
            self._refuse(f"the name of a member must be a string, this is {key!r:.60}", self._at)
        self.take(":")
        return str(key)

    def value(self) -> Any:
        """The next JSON value. Reads on, twice as much each time, until the value is complete."""
        size = self._chunk
        self.peek()
        while True:
            try:
                value, end = self._scan(self._buffer, self._at)
                # A number at the edge of the buffer may go on in the next chunk: `1e+` is read as 1.
                if end < len(self._buffer) - 2 or self._ended:
                    self._at = end
                    return value
            except json.JSONDecodeError as error:
                if self._ended or self._hopeless(error):
                    self._refuse(error.msg, error.pos)
            except RecursionError:
                self._refuse(_TOO_DEEP, self._at)
            except ValueError as error:  # a number of more digits than Python reads
                self._refuse(str(error), self._at)
            self._more(size)
            size *= 2

    def _refuse(self, problem: str, at: int) -> NoReturn:
        line = self._lines_before + self._buffer.count("\n", 0, at) + 1
        raise ValueError(f"line {line}: {problem}")

    def _hopeless(self, error: json.JSONDecodeError) -> bool:
        """Whether the error lies so far from the edge of the buffer that reading on can't mend it."""
        return "Unterminated string" not in error.msg and error.pos < len(self._buffer) - 64
