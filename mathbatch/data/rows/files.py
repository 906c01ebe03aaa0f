"""Open input files, unpacked if they are packed, and refuse in a sentence what is no text in UTF-8."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from mathbatch.data.storage.regular import BUFFER
from mathbatch.errors import ConfigError

PACKED_SUFFIXES = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
# With the first byte of the structure that follows, since a column of a table may be named PAR1.
PARQUET_START = b"PAR1\x15"
# Names lie: `.jsonl` may be packed. So files are known by their first bytes.
PACKED_STARTS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
UNPACK = "unpack it, or pack the one file as .gz"
AS_PARQUET = "write it as Parquet: datasets.Dataset.from_file(path).to_parquet('rows.parquet')"
# Other files, by their first bytes: what they are, and what to do.
REFUSED_STARTS = {
    b"PK\3\4": ("is a ZIP archive, as spreadsheets are too", UNPACK),
    b"PK\5\6": ("is an empty ZIP archive", "get the file again"),
    b"\x28\xb5\x2f\xfd": ("is packed with zstd", UNPACK),
    b"\x04\x22\x4d\x18": ("is packed with lz4", UNPACK),
    b"7z\xbc\xaf\x27\x1c": ("is a 7-Zip archive", UNPACK),
    b"Rar!": ("is a RAR archive", UNPACK),
    b"ARROW1": ("is an Arrow file", "write it as Parquet: pandas.read_feather(path).to_parquet('rows.parquet')"),
    b"\xff\xff\xff\xff": ("is a stream of Arrow, as in the cache of `datasets`", AS_PARQUET),
    PARQUET_START: ("is a packed Parquet file", "unpack it: Parquet is packed within"),
    b"\x89HDF": ("is an HDF5 file", "write its rows as JSON Lines or Parquet"),
    b"SQLite format 3": ("is an SQLite database", "write its rows as JSON Lines or Parquet"),
    b"\xd0\xcf\x11\xe0": ("is an old spreadsheet or document", "save it as CSV"),
    b"version https://git-lfs": ("is a pointer of Git LFS, not the file itself", "get the file: git lfs pull"),
}
# Place of the name `ustar` in an archive of tar.
TAR_MARK = slice(257, 262)
HEAD = 512


def unpacked_name(path: Path) -> str:
    """Return the name of a file without the suffix that says how it is packed."""
    return path.stem if path.suffix.lower() in PACKED_SUFFIXES else path.name


@contextmanager
def open_input(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read its bytes, unpacked if it is packed by gzip, bzip2 or xz.

    Raise ConfigError if it can't be read, is damaged, or is nothing that has rows in UTF-8.
    """
    try:
        stream = _unpacking(path)(path, "rb") if path.stat().st_size else path.open("rb")
    except OSError as error:
        raise ConfigError("dataset.input", f"can't read {path}: {error.strerror}", "check its permissions") from error
    with stream:
        try:
            refuse_unreadable(path, stream.peek(HEAD))
            yield cast(BinaryIO, stream)
        except (EOFError, zlib.error, lzma.LZMAError) as error:
            raise ConfigError("dataset.input", f"{path} is damaged: {error}", "get the file again") from error
        except OSError as error:
            if error.errno is None:  # what gzip and bzip2 say of data that is not theirs
                raise ConfigError("dataset.input", f"{path} is damaged: {error}", "get the file again") from error
            raise ConfigError("dataset.input", f"can't read {path}: {error.strerror}", "run again") from error


def first_bytes(path: Path) -> bytes:
    """Return the first bytes of a file as they are on the disk. Raise OSError if it can't be read."""
    with path.open("rb") as stream:
        return stream.read(HEAD)


def refuse_unreadable(path: Path, head: bytes) -> None:
    """Raise ConfigError if a file with these first bytes is no text, or text of another encoding than UTF-8."""
    for start, (problem, fix) in REFUSED_STARTS.items():
        if head.startswith(start):
            raise ConfigError("dataset.input", f"{path} {problem}", fix)
    if head[TAR_MARK] == b"ustar":
        raise ConfigError("dataset.input", f"{path} is a tar archive", UNPACK)
    if (encoding := _other_encoding(head)) is not None:
        fix = f"save it as UTF-8: iconv -f {encoding} -t UTF-8 {path.name} > utf8-{path.name}"
        raise ConfigError("dataset.input", f"{path} is {encoding}, not UTF-8", fix)


def _other_encoding(head: bytes) -> str | None:
    """Return the name of the encoding that a byte order mark or the zeros beside the first two letters tell."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "UTF-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "UTF-16"
    zeros = [byte == 0 for byte in head[:4]]
    named = {(0, 1, 0, 1): "UTF-16LE", (1, 0, 1, 0): "UTF-16BE", (0, 1, 1, 1): "UTF-32LE", (1, 1, 1, 0): "UTF-32BE"}
    return named.get(tuple(zeros))  # type: ignore[arg-type]


def _unpacking(path: Path) -> Any:
    """Return the function that opens a file: by its first bytes, else by its name."""
    head = first_bytes(path)
    for start, opener in PACKED_STARTS.items():
        if head.startswith(start):
            return opener
    return PACKED_SUFFIXES.get(path.suffix.lower(), _open_buffered)


def _open_buffered(path: Path, mode: str) -> BinaryIO:
    return open(path, mode, BUFFER)  # type: ignore[return-value]


def is_json_lines(path: Path) -> bool:
    """Tell whether a file is JSON Lines, by its name or by an object on each of its first two lines."""
    if {".jsonl", ".ndjson"} & {suffix.lower() for suffix in path.suffixes}:
        return True
    with open_input(path) as stream:
        first, second = stream.readline(1 << 20).strip(), stream.readline(1 << 20).strip()
    return first.startswith(b"{") and first.endswith(b"}") and second.startswith(b"{")
