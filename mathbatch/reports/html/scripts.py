"""Write what the page is given as script files: each is replaced whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from mathbatch.data.storage.atomic import atomic_write

_encode = msgspec.json.Encoder().encode


def write_script(data: Path, name: str, payload: Any) -> None:
    """Write `<data>/<name>.js`, which hands the payload to the page. Raises StoreError if the disk fails."""
    path = data / f"{name}.js"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = _encode(payload).decode()
    with atomic_write(path) as stream:
        stream.write(b"mathbatch.add(" + _encode(name) + b", " + _encode(text) + b")\n")
