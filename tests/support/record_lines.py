"""Read the lines of a run's records, and find out which of them damage has left as they were."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Line:
    """Line of a segment: the unit that it is about, and whether it is an answer."""

    content: bytes
    unit: str
    is_answer: bool


def record_lines(run_dir: Path) -> Iterator[Line]:
    """Yield the lines of all segments that count. They must be sound."""
    for path in record_files(run_dir):
        label = "" if path.parent.parent == run_dir else "judge:"
        for content in path.read_bytes().splitlines(keepends=True):
            record = json.loads(content)
            yield Line(content, f"{label}{record['id']}#{record.get('rollout', 0)}", "failure" not in record)


def record_files(run_dir: Path) -> list[Path]:
    """Return the files that hold records, of the run and of a judge."""
    found = [*run_dir.glob("responses/*.jsonl"), *run_dir.glob("judge/*/responses/*.jsonl")]
    return sorted(path for path in found if path.is_file() and not path.name.startswith("."))


def holds(data: bytes, line: Line, lines: list[Line]) -> bool:
    """Tell whether a segment holds the line whole, from its beginning to its newline.

    A record whose line begins behind one that has lost its newline is sound: the damage is in the line before it.
    """
    at = data.find(line.content)
    while at >= 0:
        if at == 0 or data[at - 1 : at] == b"\n":
            return True
        bare = (data[:at], data[: at - 1])
        if any(before.endswith(other.content[:-1]) for before in bare for other in lines):
            return True
        at = data.find(line.content, at + 1)
    return False
