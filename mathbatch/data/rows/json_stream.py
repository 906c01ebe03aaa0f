"""Read JSON row by row: JSON Lines, or the elements of one big array or object.

Only the row at hand and one chunk of the file are in memory. A row that can't be read comes as a `RawRow` whose `row`
is None and whose `problem` says why. NaN and Infinity are read: JSON forbids them, but Python writes them.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any, BinaryIO, NoReturn

import msgspec

from mathbatch.records import RawRow, Row

# Bytes of an array or object that are read at a time.
CHUNK = 1 << 20
# Deepest nesting of brackets in a row. Python's own limit depends on the depth of the calls, so that one row could be
# read in one command and refused in another.
MAX_DEPTH = 200
_TOO_DEEP = f"brackets are nested deeper than {MAX_DEPTH}"
_WHITESPACE = " \t\n\r"
# A syntax error so few characters before the end of the buffer may vanish once more of the file is read.
_EDGE = 64
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class RowsWithin(ValueError):
    """Rows that are a list within the document, under the member with the name `key`."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the rows are in a list under '{key}'")
        self.key = key


def read_rows(stream: BinaryIO, json_lines: bool, chunk: int = CHUNK) -> Iterator[RawRow]:
    """Yield all rows of a file, numbered from 1 by their line in JSON Lines and by their position otherwise.

    `json_lines` tells that the file is JSON Lines. Otherwise it is an array of rows, or an object whose member names
    become the keys of the rows. `chunk` is the number of bytes to read at a time.

    Raise RowsWithin if the object has a member that is a list of rows, and no more rows of its own before it.
    """
    if json_lines:
        return _read_lines(stream)
    text = _JsonText(stream, chunk)
    first = text.peek()
    if first in ("[", "{"):
        return _read_elements(text, "]" if first == "[" else "}")
    if not first:
        return iter(())
    return iter([_unreadable(1, f"the file starts with {first!r}: neither a JSON array nor an object")])


def _read_lines(stream: BinaryIO) -> Iterator[RawRow]:
    for number, line in enumerate(stream, 1):
        try:
            row = _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if text.strip():
                yield _read_again(number, text)
            continue
        if len(line) > 2 * MAX_DEPTH:
            yield _checked(number, None, row, line)
        else:  # too short to be nested too deep, as most lines are
            yield RawRow(number, None, row)


def _read_again(number: int, line: bytes) -> RawRow:
    """Read a line that msgspec refuses with Python's parser, which accepts NaN and names the column of an error."""
    try:
        return _encodable(number, None, json.loads(line.decode()))
    except UnicodeDecodeError as error:
        return _unreadable(number, f"not UTF-8: byte {line[error.start]:#x} at column {error.start + 1}")
    except json.JSONDecodeError as error:
        return _unreadable(number, f"not JSON: {error.msg} at column {error.colno}")
    except RecursionError:
        return _unreadable(number, _TOO_DEEP)
    except ValueError as error:
        return _unreadable(number, f"not JSON that can be read: {error}")


def _unreadable(number: int, problem: str, key: str | None = None) -> RawRow:
    return RawRow(number, key, None, problem)


def _checked(number: int, key: str | None, row: Any, encoded: bytes) -> RawRow:
    """Return the row if it is an object that isn't nested too deep. `encoded` is its JSON, to count brackets in."""
    if not isinstance(row, dict):
        return _unreadable(number, f"a row must be a JSON object, this is a {type(row).__name__}", key)
    if len(encoded) > 2 * MAX_DEPTH and encoded.count(b"[") + encoded.count(b"{") > MAX_DEPTH and _too_deep(row):
        return _unreadable(number, _TOO_DEEP, key)
    return RawRow(number, key, row)


def _too_deep(row: Row) -> bool:
    level: list[Any] = [row]
    for _ in range(MAX_DEPTH):
        inner = (node.values() if isinstance(node, dict) else node for node in level if isinstance(node, dict | list))
        level = [child for children in inner for child in children]
    return any(isinstance(node, dict | list) for node in level)


def _read_elements(text: _JsonText, closing: str) -> Iterator[RawRow]:
    """Yield the rows up to the closing bracket. A syntax error ends the file with one unreadable row."""
    number, rows = 1, 0
    text.take(text.peek())
    try:
        while text.peek() != closing:
            if number > 1:
                text.take(",")
            key = text.member_name() if closing == "}" else None
            raw = _encodable(number, key, value := text.value())
            if key is not None and _is_list_of_rows(value) and len(value) >= rows:
                raise RowsWithin(key)
            rows += raw.row is not None
            yield raw
            number += 1
        text.take(closing)
        text.take("")
    except RowsWithin:
        raise
    except ValueError as error:
        yield _unreadable(number, f"not JSON, and nothing after it can be read: {error}")


def _is_list_of_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _encodable(number: int, key: str | None, value: Any) -> RawRow:
    """Return the row if it can be written as UTF-8. Bytes that are not UTF-8 have been read as half surrogate pairs."""
    try:
        encoded = _encode((key, value))
    except UnicodeEncodeError:
        readable = None if key is None else key.encode(errors="replace").decode()
        return _unreadable(number, "not UTF-8, or half a surrogate pair", readable)
    except RecursionError:
        return _unreadable(number, _TOO_DEEP, key)
    return _checked(number, key, value, encoded)


class _JsonText:
    """Decoded text of a stream, of which only the part that isn't parsed yet is in memory.

    Its methods raise ValueError with the line of the file where the text can't be parsed.
    """

    def __init__(self, stream: BinaryIO, chunk: int) -> None:
        self._stream = stream
        self._chunk = chunk
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="surrogateescape")
        self._scan = json.JSONDecoder().raw_decode
        self._buffer = ""
        self._position = 0
        self._lines_before_buffer = 0
        self._ended = False

    def _read_more(self, size: int) -> bool:
        if self._ended:
            return False
        data = self._stream.read(size)
        self._ended = not data
        self._lines_before_buffer += self._buffer.count("\n", 0, self._position)
        self._buffer = self._buffer[self._position :] + self._decoder.decode(data, final=self._ended)
        self._position = 0
        return True

    def peek(self) -> str:
        """Return the next character that is not white space, or an empty string at the end of the file."""
        while True:
            while self._position < len(self._buffer):
                if (character := self._buffer[self._position]) not in _WHITESPACE:
                    return character
                self._position += 1
            if not self._read_more(self._chunk):
                return ""

    def take(self, expected: str) -> None:
        """Move past the character `expected`; an empty string stands for the end of the file."""
        if (found := self.peek()) != expected:
            self._refuse(f"expected {expected or 'the end'}, found {found or 'the end'}", self._position)
        self._position += len(expected)

    def member_name(self) -> str:
        """Return the name of the next member of an object, and move past the colon after it."""
        name = self.value()
        if not isinstance(name, str):
            self._refuse(f"the name of a member must be a string, this is {name!r:.60}", self._position)
        self.take(":")
        return str(name)

    def value(self) -> Any:
        """Return the next JSON value. Until it is complete, read on, twice as much each time."""
        size = self._chunk
        self.peek()
        while True:
            try:
                value, end = self._scan(self._buffer, self._position)
                # A number at the edge of the buffer may go on in the next chunk: `1e+` is read as 1.
                if end < len(self._buffer) - 2 or self._ended:
                    self._position = end
                    return value
            except json.JSONDecodeError as error:
                if self._ended or self._is_final(error):
                    self._refuse(error.msg, error.pos)
            except RecursionError:
                self._refuse(_TOO_DEEP, self._position)
            except ValueError as error:  # a number of more digits than Python reads
                self._refuse(str(error), self._position)
            self._read_more(size)
            size *= 2

    def _refuse(self, problem: str, position: int) -> NoReturn:
        line = self._lines_before_buffer + self._buffer.count("\n", 0, position) + 1
        raise ValueError(f"line {line}: {problem}")

    def _is_final(self, error: json.JSONDecodeError) -> bool:
        """Tell whether an error lies so far from the edge of the buffer that reading on can't mend it."""
        return "Unterminated string" not in error.msg and error.pos < len(self._buffer) - _EDGE
