"""Find the lines of a file that hold some bytes, without decoding the others.

Nothing is locked and nothing written, so it may be a file of an archive, or one to which a run is writing now.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mathbatch.data.storage.regular import open_regular, read_error

# Bytes that are searched at a time. A block goes on to the end of its last line, however long that is.
BLOCK = 1 << 22


class FoundLine(NamedTuple):
    """Line of a file: its number from 1, its offset in bytes, and its bytes up to the newline and with it."""

    number: int
    offset: int
    line: bytes


def lines_with(path: Path, needle: bytes) -> Iterator[FoundLine]:
    """Yield the lines that hold these bytes, in order. Raises StoreError if the file can't be read."""
    try:
        with open_regular(path) as stream:
            before = offset = 0
            while block := stream.read(BLOCK):
                block += stream.readline()
                after = 0
                while (at := block.find(needle, after)) >= 0:
                    start = block.rfind(b"\n", 0, at) + 1
                    end = block.find(b"\n", at) + 1 or len(block)
                    before += block.count(b"\n", after, start)
                    yield FoundLine(before + 1, offset + start, block[start:end])
                    before += 1
                    after = end
                before += block.count(b"\n", after)
                offset += len(block)
    except OSError as error:
        raise read_error(path, error) from error


def count_lines(path: Path, needle: bytes) -> tuple[int, int]:
    """Return how many lines a file has, and how often the bytes stand in them. Raises StoreError as `lines_with`."""
    try:
        with open_regular(path) as stream:
            lines = found = 0
            while block := stream.read(BLOCK):
                block += stream.readline()
                lines += block.count(b"\n")
                found += block.count(needle)
    except OSError as error:
        raise read_error(path, error) from error
    return lines, found
