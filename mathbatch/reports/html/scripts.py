"""Write what the page is given as script files, and read `report.js` again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from mathbatch.data.storage.atomic import atomic_write
from mathbatch.data.storage.regular import open_regular
from mathbatch.reports.html.payload import Report
from mathbatch.runner.reopen import make_folder

_encoder = msgspec.json.Encoder(enc_hook=str)
OPENING, BETWEEN, CLOSING = b"mathbatch.add(", b", ", b")\n"
REPORT = "report"


def write_script(data: Path, name: str, payload: Any) -> None:
    """Write `<data>/<name>.js`, which hands the payload to the page. Raises StoreError if the disk fails.

    The file is replaced whole or not at all.
    """
    write_encoded(data, name, [encoded(payload)])


def write_encoded(data: Path, name: str, pieces: Iterable[bytes]) -> None:
    """Write a script whose payload is JSON in pieces, each of which is whole UTF-8."""
    path = data / f"{name}.js"
    make_folder(path.parent)
    with atomic_write(path) as stream:
        stream.write(OPENING + _encoder.encode(name) + BETWEEN + b'"')
        for piece in pieces:
            stream.write(_encoder.encode(piece.decode())[1:-1])
        stream.write(b'"' + CLOSING)


def encoded(payload: Any) -> bytes:
    """Return the payload as JSON, with "?" for each half of a surrogate pair, which no file can hold."""
    try:
        return _encoder.encode(payload)
    except UnicodeEncodeError:
        return _encoder.encode(_writable(msgspec.to_builtins(payload, enc_hook=str)))


def read_report(folder: Path) -> Report | None:
    """Return what the page in a folder shows; None if there is none, or one that this version can't read."""
    prefix = OPENING + _encoder.encode(REPORT) + BETWEEN
    try:
        with open_regular(folder / "report" / "data" / f"{REPORT}.js") as stream:
            content = stream.read()
        text = msgspec.json.decode(content.removeprefix(prefix).removesuffix(CLOSING), type=str)
        return msgspec.json.decode(text, type=Report)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {_writable(key): _writable(inner) for key, inner in value.items()}
    return [_writable(inner) for inner in value] if isinstance(value, list) else value
