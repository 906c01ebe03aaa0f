"""Read and write JSON Lines with the library `jsonlines` and msgspec as its codec.

Files that people meet go through here: input rows, results, scores, audits and flips. The segment store writes its
lines itself, since each of them carries a checksum.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import jsonlines
import msgspec

_encode = msgspec.json.Encoder().encode


def writer(stream: BinaryIO) -> jsonlines.Writer:
    """Return a writer of one JSON value a line, without spaces between tokens. Closing it leaves `stream` open."""
    return jsonlines.Writer(stream, dumps=_encode)


def reader(lines: Iterable[bytes], type: Any) -> jsonlines.Reader:
    """Return a reader whose `read` gives the value of the next line as `type`, any type that msgspec decodes.

    `read` raises EOFError at the end, and InvalidLineError for a line that is not UTF-8, not JSON, null or not of that
    type; the error of the codec is its cause. After an InvalidLineError the next `read` goes on with the next line.
    """
    return jsonlines.Reader(lines, loads=msgspec.json.Decoder(type).decode)


class CurrentLine:
    """Lines of a stream, with the bytes of the last one that was taken.

    InvalidLineError holds a line without the white space at its end, which changes the columns in messages. And
    `jsonlines` reports the end of a file by EOFError, as gzip does a file that is cut off: `is_at_end` tells which.
    """

    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream
        self.line = b""
        self.is_at_end = False

    def __iter__(self) -> Iterator[bytes]:
        for line in self._stream:
            self.line = line
            yield line
        self.is_at_end = True
