"""Read the marks that a person has made on verdicts, and lay them over those of the scorers.

The page of a run's report saves them as a file, `python -m mathbatch.score run_dir=… marks=marks.json` takes them in:

    {"mathbatch_marks": 1, "run": "qwen/mathvista/greedy-0f1e2d3c", "folder": "…", "made": "2026-11-29T16:00:00Z",
     "marks": [{"id": "17", "rollout": 0, "fault": "extraction", "verdict": "correct", "note": "", "seal": "9f86d081"}]}

`verdict` is what the person says that it should be, and `fault` where the mistake lies. `seal` is that of the answer
that was judged, so that a mark never counts for another one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from mathbatch.data.storage.regular import read_small
from mathbatch.errors import ConfigError
from mathbatch.records import Count, Record

FORMAT = 1
FIX = "save the marks anew from the page of the report, or correct the file"
# Marks that are named in one message.
SHOWN = 5


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Verdict of a person on one answer, as a line of `scores.jsonl` has it."""

    verdict: Literal["correct", "wrong", "no_answer", "unscored"]
    fault: Literal["extraction", "gold", "picture", "other"]
    note: str = ""
    seal: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{8}$")]


class _MarkOfUnit(Mark, frozen=True, kw_only=True):
    """Mark in a file, with the unit that it is on."""

    id: str
    rollout: Count = 0


class _File(msgspec.Struct):
    """Content of a file of marks."""

    mathbatch_marks: int
    run: str
    marks: list[_MarkOfUnit]


# Sample id and rollout of an answer.
Unit = tuple[str, int]


@dataclass(frozen=True)
class Marks:
    """Marks by the units that they are on; `file` and `sha256` are name and digest of the file that they come from."""

    of_units: Mapping[Unit, Mark]
    file: str = ""
    sha256: str | None = None

    def on(self, record: Record) -> Mark | None:
        """Return the mark on an answer; None if there is none, or it was made on another answer of that unit."""
        mark = self.of_units.get((record.id, record.rollout))
        return mark if mark is not None and mark.seal == seal_of(record) else None

    @property
    def digest(self) -> str:
        """Return eight hex digits over all marks, by which scores with others are told apart."""
        encoded = msgspec.json.encode(sorted(self.of_units.items()), enc_hook=str)
        return hashlib.blake2b(encoded, digest_size=4).hexdigest()


def seal_of(record: Record) -> str:
    """Return eight hex digits over the text of an answer, "" where there is none: what a mark was made on."""
    return hashlib.blake2b((record.text or "").encode(errors="replace"), digest_size=4).hexdigest()


def read_marks(path: Path, run: str, run_dir: Path) -> Marks:
    """Return the marks in a file. Raises ConfigError if they can't be read or are of another run than `run`."""
    try:
        data = read_small(path)
    except OSError as error:
        raise ConfigError("marks", f"{path}: {error.strerror}", "name the file that the page has saved") from error
    found = _decoded(path, data)
    if found.mathbatch_marks != FORMAT:
        problem = f"{path} has marks of version {found.mathbatch_marks}, and this MathBatch reads version {FORMAT}"
        raise ConfigError("marks", problem, "install the version of MathBatch that made the report")
    if found.run != run:
        problem = f"{path} has marks of the run {found.run}, and {run_dir} is {run}"
        raise ConfigError("marks", problem, "name the folder of that run with run_dir=…, or the marks of this one")
    of_units: dict[Unit, Mark] = {}
    places: dict[Unit, int] = {}
    for at, one in enumerate(found.marks):
        unit = one.id, one.rollout
        if unit in of_units:
            problem = f"{path}: marks[{places[unit]}] and marks[{at}] are both on {_named(unit)}"
            raise ConfigError("marks", problem, "keep one of the two")
        places[unit] = at
        of_units[unit] = Mark(verdict=one.verdict, fault=one.fault, note=one.note, seal=one.seal)
    name = path.name.encode(errors="replace").decode()  # which a document can hold, whatever the name is
    return Marks(of_units, name, hashlib.sha256(data).hexdigest())


def refuse_unfit_marks(marks: Marks, rows: Iterable[tuple[Any, Sequence[Record]]]) -> None:
    """Raise ConfigError for marks on units that the run has not, or on other answers than those that it has.

    `rows` are those of the run with their records, as many as it takes to find the units.
    """
    left, others = dict(marks.of_units), list[Unit]()
    for _, records in rows:
        if not left:
            break
        for record in records:
            mark = left.pop((record.id, record.rollout), None)
            if mark is not None and mark.seal != seal_of(record):
                others.append((record.id, record.rollout))
    if left:
        problem = f"{marks.file} marks what isn't in this run: {_named(*left)}"
        raise ConfigError("marks", problem, "name the run that was marked, or take these marks out")
    if others:
        problem = f"{marks.file} has marks that were made on other answers than those that are there: {_named(*others)}"
        raise ConfigError("marks", problem, "open the report of the run as it is now, and mark these anew")


def marked_verdict(verdict: str, mark: Mark | None) -> str:
    """Return the verdict of the person where there is one, else that of the scorers."""
    return verdict if mark is None else mark.verdict


def _decoded(path: Path, data: bytes) -> _File:
    try:
        return msgspec.json.decode(data, type=_File)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at `$")
        where = f"{path}: {place.rstrip('`').lstrip('.')}" if place else str(path)
        raise ConfigError("marks", f"{where}: {problem}", FIX) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError("marks", f"{path}{_line_of(data)}: it is no JSON: {error}", FIX) from error


def _line_of(data: bytes) -> str:
    """Return in which line a document stops being JSON, nothing where that isn't known."""
    try:
        json.loads(data)
    except json.JSONDecodeError as error:
        return f", line {error.lineno}"
    except (ValueError, RecursionError):
        pass
    return ""


def _named(*units: Unit) -> str:
    """Return the first units in words: `17, 18 (rollout 2), … 3 more`."""
    words = [f"{id} (rollout {rollout})" if rollout else id for id, rollout in units[:SHOWN]]
    return ", ".join(words) + (f", … {len(units) - SHOWN:,} more" if len(units) > SHOWN else "")
