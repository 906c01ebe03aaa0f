"""Write JSON documents that end in their own checksum, so that damage and edits are noticed when they are read again.

{"accuracy": 0.837, …, "crc": "9a8b7c6d"}

Documents of earlier versions have no checksum. They are read, and told apart.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from mathbatch.data.storage.atomic import atomic_write
from mathbatch.errors import StoreError

T = TypeVar("T")

# Name of the checksum, as in the lines of a segment.
CRC = "crc"
# What a decoder raises for bytes that are no JSON of the type that is asked for. Deep nesting is a RecursionError.
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class DamagedFileError(StoreError):
    """File that is missing, or not as it was written."""


@dataclass(frozen=True)
class Sealed(Generic[T]):
    """Content of a document as a typed value and as a dict, both without the checksum.

    `is_sealed` is False for a document without a checksum, as earlier versions wrote it.
    """

    content: T
    values: dict[str, Any]
    is_sealed: bool


def write_sealed(path: Path, values: dict[str, Any]) -> None:
    """Write a document of at least one member, with its checksum. Raises StoreError if the disk refuses."""
    body = msgspec.json.format(msgspec.json.encode(values)).removesuffix(b"\n}")
    with atomic_write(path) as stream:
        stream.write(body + _end_of(body))


def read_sealed(path: Path, type: type[T]) -> Sealed[T]:
    """Return the content of a document. Raises DamagedFileError if it is missing or not as it was written."""
    data = _bytes_of(path)
    body = data[: -len(_end_of(b""))]
    is_sealed = data == body + _end_of(body)
    try:
        values = msgspec.json.decode(data, type=dict[str, Any])
        if values.pop(CRC, None) is not None and not is_sealed:
            raise DamagedFileError(f"{path} was changed: its checksum does not fit")
        return Sealed(msgspec.convert(values, type), values, is_sealed)
    except UNREADABLE as error:
        raise DamagedFileError(f"{path} can't be read: {error}") from error


def sha256_of(path: Path) -> str | None:
    """Return the digest of a file, in hex digits as `sha256sum` prints it, or None if it is missing or no file."""
    if not path.is_file():  # a pipe would be waited for
        return None
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise DamagedFileError(f"can't read {path}: {error.strerror}") from error


def _end_of(body: bytes) -> bytes:
    """Return what stands between the last member of a document and its end."""
    return b',\n  "%b": "%08x"\n}' % (CRC.encode(), zlib.crc32(body))


def _bytes_of(path: Path) -> bytes:
    if not path.is_file():
        raise DamagedFileError(f"there is no {path}" if not path.exists() else f"{path} is no file")
    try:
        return path.read_bytes()
    except OSError as error:
        raise DamagedFileError(f"can't read {path}: {error.strerror}") from error
