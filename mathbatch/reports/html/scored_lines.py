"""Read `scores.jsonl` and `audit.jsonl` beside the rows that they are of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec

from mathbatch.data.storage.sealed import UNREADABLE, DamagedFileError
from mathbatch.data.storage.segments import segment_paths
from mathbatch.data.storage.spilled import SpilledMap
from mathbatch.records import Record
from mathbatch.scoring.files import AUDIT, MANIFEST, METRICS, SCORES, ScoreLine, changed_files, read_metrics

T = TypeVar("T")


class Line(ScoreLine):
    """Line of `scores.jsonl`, with what the page shows of it."""

    reason: str = ""
    votes: dict[str, str] = msgspec.field(default_factory=dict)


class Doubt(msgspec.Struct):
    """Line of `audit.jsonl`: why a verdict is doubtful."""

    id: str
    rollout: int = 0
    why: list[str] = []


_decode = msgspec.json.Decoder(Line).decode


class ScoreLines:
    """Lines of `scores.jsonl`, found by id and rollout.

    They are asked for in the order in which they stand. Where rows have come or gone since, the rest is found by places
    in the file, hardly any of which are in memory.
    """

    def __init__(self, folder: Path | None) -> None:
        """Raises DamagedFileError, here and later, for a line that can't be read."""
        self._path = None if folder is None else folder / SCORES
        self._stream = None if self._path is None else self._path.open("rb")
        self._places: SpilledMap | None = None
        self._next = self._read()

    def of(self, id: str, rollout: int, record: Record | None) -> Line | None:
        """Return the line on this record, None if it has none. A failure that was answered since has none."""
        line = self._next
        if line is not None and (line.id, line.rollout) != (id, rollout):
            line = self._found(id, rollout)
        elif line is not None:
            self._next = self._read()
        if line is None or record is None:
            return None
        return line if (line.verdict == "failed") is (record.failure is not None) else None

    def close(self) -> None:
        """Close the file."""
        if self._stream is not None:
            self._stream.close()
        if self._places is not None:
            self._places.close()

    def _read(self) -> Line | None:
        if self._stream is None or not (text := self._stream.readline()):
            return None
        try:
            return _decode(text)
        except UNREADABLE as error:
            raise DamagedFileError(f"{self._path}, line {_lines_before(self._stream)}: {error}") from error

    def _found(self, id: str, rollout: int) -> Line | None:
        """Find a line that is not the next one, by the places of all lines from there on."""
        assert self._stream is not None
        if self._places is None:
            self._places = SpilledMap()
            self._stream.seek(0)
            place = 0
            while line := self._read():
                self._places.add(hash((line.id, line.rollout)), place)
                place = self._stream.tell()
        found = self._places.get(hash((id, rollout)))
        if found is None:
            return None
        self._stream.seek(found)
        line = self._read()
        return line if line is not None and (line.id, line.rollout) == (id, rollout) else None


def _lines_before(stream: BinaryIO) -> int:
    """Return the number of the line that was read last."""
    end, number = stream.tell(), 0
    stream.seek(0)
    while stream.tell() < end:
        stream.readline()
        number += 1
    return number


def doubts_in(folder: Path | None) -> dict[str, dict[int, list[str]]]:
    """Return the reasons to doubt verdicts, by id and rollout. The file lists 1,000 verdicts at most."""
    path = None if folder is None else folder / AUDIT
    found: dict[str, dict[int, list[str]]] = {}
    for line in lines_in(path, Doubt) if path is not None and path.is_file() else ():
        found.setdefault(line.id, {})[line.rollout] = line.why
    return found


def lines_in(path: Path, type: type[T]) -> Iterator[T]:
    """Yield the lines of a file. Raises DamagedFileError for one that can't be read."""
    decode = msgspec.json.Decoder(type).decode
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                yield decode(line)
            except UNREADABLE as error:
                raise DamagedFileError(f"{path}, line {number}: {error}") from error


def metrics_of_answers(run_dir: Path) -> dict[str, Any] | None:
    """Return the metrics in a run folder; None if they, or the scores beside them, are not of the answers there.

    They must be as they were written. A run that has answered anything since has no manifest until it is scored again;
    without one, scores count that are newer than all answers.
    """
    try:
        found = read_metrics(run_dir)
        known = found.content
        names = (SCORES, AUDIT) if AUDIT in known.sha256 else (SCORES,)
        if not (run_dir / SCORES).is_file() or (known.sha256 and changed_files(run_dir, known, names)):
            return None
    except DamagedFileError:
        return None
    segments = [] if (run_dir / MANIFEST).exists() else segment_paths(run_dir / "responses")
    scored = (run_dir / METRICS).stat().st_mtime_ns
    return found.values if all(path.stat().st_mtime_ns <= scored for path in segments) else None
