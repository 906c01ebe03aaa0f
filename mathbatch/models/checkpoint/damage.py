"""Tell what is wrong with one file of a checkpoint by its size and a few of its bytes."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

HEAD = 512
GIT_LFS = b"version https://git-lfs"
WEB_PAGE = (b"<!doctype", b"<html", b"<?xml")
# Length of the header in the first bytes of a safetensors file, and the most that its library reads as a header.
LENGTH_BYTES, LONGEST_HEADER = 8, 100_000_000
# JSON beyond this size is a vocabulary: its ends are looked at, since to parse it takes as long as vLLM's own look.
LARGE_JSON = 4 << 20


def damage_of(path: Path) -> str | None:
    """Return what is wrong with a file as the end of a sentence that begins with its name; None if nothing is.

    JSON, safetensors and the archives of PyTorch are known by their suffixes. Of other files only the begin is judged.
    """
    if path.is_symlink() and not path.exists():
        return f"leads to {os.readlink(path)}, which is not there"
    try:
        with path.open("rb") as stream:
            head, size = stream.read(HEAD), os.fstat(stream.fileno()).st_size
    except OSError as error:
        return f"can't be read: {error.strerror}"
    if not size:
        return "is empty"
    if head.startswith(GIT_LFS):
        return "is a pointer of Git LFS in place of the file itself"
    if head.lstrip().lower().startswith(WEB_PAGE):
        return "is a web page in place of the file itself"
    judge = {".json": _damage_of_json, ".safetensors": _damage_of_safetensors, ".bin": _damage_of_archive}
    return judge[path.suffix](path, size) if path.suffix in judge else None


def header_of(path: Path) -> dict[str, Any]:
    """Return the dtypes, shapes and offsets of the tensors in a sound safetensors file, by their names."""
    with path.open("rb") as stream:
        header = json.loads(stream.read(int.from_bytes(stream.read(LENGTH_BYTES), "little")))
    return {name: tensor for name, tensor in header.items() if name != "__metadata__"}


def _damage_of_json(path: Path, size: int) -> str | None:
    if size > LARGE_JSON:
        with path.open("rb") as stream:
            begin = stream.read(HEAD).lstrip()[:1]
            stream.seek(-HEAD, os.SEEK_END)
            end = stream.read().rstrip()[-1:]
        return None if begin + end == b"{}" else "is cut off, or is no JSON"
    try:
        found = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        return f"is no JSON: {error!s:.100}"
    return None if isinstance(found, dict) else "is JSON, but no object"


def _damage_of_safetensors(path: Path, size: int) -> str | None:
    """Compare the size with the header. Format: github.com/huggingface/safetensors, README."""
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(LENGTH_BYTES), "little")
        if length > LONGEST_HEADER:
            return "is no safetensors file"
        header = stream.read(length)
    if len(header) < length:
        return _cut_off(size, LENGTH_BYTES + length)
    try:
        tensors = json.loads(header)
        ends = [tensor["data_offsets"][1] for name, tensor in tensors.items() if name != "__metadata__"]
        wanted = LENGTH_BYTES + length + max(ends, default=0)
    except (ValueError, TypeError, LookupError, AttributeError):
        return "is no safetensors file"
    return None if size == wanted else _cut_off(size, wanted)


def _damage_of_archive(path: Path, size: int) -> str | None:
    with path.open("rb") as stream:
        is_archive = stream.read(2) == b"PK"
    return f"is cut off, at {size:,} bytes" if is_archive and not zipfile.is_zipfile(path) else None


def _cut_off(size: int, wanted: int) -> str:
    return f"has {size:,} bytes, and its header tells of {wanted:,}: it was not copied as a whole"
