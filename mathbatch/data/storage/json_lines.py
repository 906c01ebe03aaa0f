"""Read and write JSON Lines with the library `jsonlines` and msgspec as its codec.

Scores, audits and flips go through here. Input rows, results and the segment store call msgspec themselves: there may
be millions of them, and `jsonlines` would double the time that each takes.
"""

from __future__ import annotations

from collections.abc import Iterable
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
