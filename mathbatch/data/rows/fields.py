"""Field paths: `metadata.task` is row["metadata"]["task"], `options.0` the first option. A key that has the whole path
as its name, dots and all, comes first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mathbatch.records import Row

ABSENT: Any = object()
"""The row has no such field. A field that is there but null, or NaN as pandas writes a missing value, gives None."""


def getter(path: str) -> Callable[[Row], Any]:
    """A function that reads the field at `path`, or returns ABSENT."""

    def read(row: Row) -> Any:
        value = row.get(path, ABSENT)
        return None if isinstance(value, float) and value != value else value

    return _nested(path, read) if "." in path else read


def _nested(path: str, read_whole: Callable[[Row], Any]) -> Callable[[Row], Any]:
    parts = path.split(".")

    def read(row: Row) -> Any:
        value = read_whole(row)
        if value is ABSENT:
            value = _walk(row, parts)
        return None if isinstance(value, float) and value != value else value

    return read


def _walk(node: Any, parts: list[str]) -> Any:
    for part in parts:
        if isinstance(node, dict) and part in node:
            node = node[part]
        elif isinstance(node, list) and part.isdecimal() and int(part) < len(node):
            node = node[int(part)]
        else:
            return ABSENT
    return node


def field_names(row: Row, prefix: str = "") -> list[str]:
    """All paths of a row, nested ones too, for messages."""
    names = []
    for key, value in row.items():
        names.append(f"{prefix}{key}")
        if isinstance(value, dict):
            names += field_names(value, f"{prefix}{key}.")
    return names
