"""Describe a bad input: its file, and what must come of it.

Every file holds healthy rows a, b, c and d beside the bad one, and a healthy image in one of them. `Failed` is one
bad row among answered ones, exit code 1; `Refused` is a sentence and exit code 2; `Answered` only looks bad.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BAD = "bad"


@dataclass(frozen=True)
class Failed:
    """One row fails with this kind and a message that holds `says`. In `order` it is `!`, the others are answered.

    `id` is what the results have in the index field; None where the row can't be read or has no id.
    """

    kind: str
    says: str = ""
    order: str = "ab!cd"
    id: Any = BAD


@dataclass(frozen=True)
class Refused:
    """Run that stops with exit code 2 and all of these in its message."""

    says: tuple[str, ...]


def refused(*says: str) -> Refused:
    return Refused(says)


@dataclass(frozen=True)
class Answered:
    """Run that answers all rows. `fields` are in the results of the row with the id `bad`."""

    fields: dict[str, Any] | None = None
    order: str = "ab!cd"


@dataclass(frozen=True)
class Case:
    """`content` is the file, or makes it in the folder that it is given; `input` is its name."""

    name: str
    content: bytes | Callable[[Path], bytes]
    outcome: Failed | Refused | Answered
    overrides: tuple[str, ...] = ()
    input: str = "rows.jsonl"


def healthy(id: str) -> dict[str, Any]:
    row = {"sample_index": id, "query_cot": f"What is {id}?"}
    return {**row, "image": "good.png"} if id == "b" else row


def lines(bad: bytes, order: str = "ab!cd", end: bytes = b"\n") -> bytes:
    """JSON Lines with the line `bad` at `!`."""
    return b"".join((bad if id == "!" else dumped(healthy(id))) + end for id in order)


def dumped(row: Any) -> bytes:
    return json.dumps(row).encode()


def with_fields(**fields: Any) -> bytes:
    """Return a file whose bad row is a healthy one with these fields."""
    return lines(dumped({"sample_index": BAD, "query_cot": "What?", **fields}))


def raw_field(name: str, value: bytes) -> bytes:
    """Return the bad row with a value written as it is."""
    return b'{"sample_index": "bad", "query_cot": "What?", "%s": %s}' % (name.encode(), value)


UNREADABLE = Failed("unreadable_row", "row 3", id=None)
