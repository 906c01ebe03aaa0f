"""Read fields of rows by their paths.

`metadata.task` is row["metadata"]["task"], and `options.0` is the first option. If a row has a key with the whole path
as its name, dots included, that key is read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mathbatch.records import Row

# Stands for a field that the row does not have, unlike None for one that is null.
ABSENT: Any = object()


def getter(path: str) -> Callable[[Row], Any]:
    """Return a function that reads the field at `path`, or returns ABSENT if a row has none.

    It returns None for null, and for NaN, which is how pandas writes a missing value.
    """

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
    """Return the paths of all fields of a row, nested ones included."""
    names = []
    for key, value in row.items():
        names.append(f"{prefix}{key}")
        if isinstance(value, dict):
            names += field_names(value, f"{prefix}{key}.")
    return names
