"""Check and mend the segments of a store, the files that hold its records."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from mathbatch.commands.verify.report import Report
from mathbatch.data.storage.atomic import atomic_write
from mathbatch.data.storage.index import RecordIndex, sound_record
from mathbatch.data.storage.regular import open_regular, read_error
from mathbatch.data.storage.segments import check, disk_error, segment_paths, sound_records, sync, sync_folder, torn_at
from mathbatch.errors import StoreError


def check_segments(folder: Path, report: Report, label: str = "") -> RecordIndex:
    """Note segments that can't be read, and torn and damaged lines; return the index of all other lines.

    `label` stands before the file names.
    """
    index = RecordIndex()
    for path in _paths(folder, report):
        try:
            torn = torn_at(path)
            for line in index.read_segment(path, sound_record):
                finding = report.torn if line.offset == torn else report.damaged
                finding.add(f"{label}{path.name}, line {line.number}")
        except StoreError as error:
            report.unreadable.add(str(error).partition("\n")[0])
    return index


def mend_segments(folder: Path) -> list[str]:
    """Set torn and damaged lines and second answers aside, and keep what is sound in them; return what was done.

    Raises StoreError if the disk refuses; then everything is still in its segment.
    """
    done: list[str] = []
    answered: set[int] = set()
    for path in segment_paths(folder):
        sorting = _Sorting(torn_at(path), answered)
        for _ in sorting.sort(path):
            pass
        if sorting.moved:
            done += _write_anew(path, _Sorting(sorting.torn, answered))
        answered |= sorting.own
    return done


def _paths(folder: Path, report: Report) -> list[Path]:
    try:
        return segment_paths(folder)
    except StoreError as error:
        report.unreadable.add(str(error).partition("\n")[0])
        return []


@dataclass
class _Sorting:
    """Sorts the lines of a segment into what stays and what goes.

    `torn` is the offset of a torn last line, `answered` has the units with an answer in earlier segments, `own` those
    of this one. `moved` counts the lines that go by what is wrong with them, `kept` the sound records in those.
    """

    torn: int | None
    answered: set[int]
    own: set[int] = field(default_factory=set)
    moved: Counter[str] = field(default_factory=Counter)
    kept: int = 0

    def sort(self, path: Path) -> Iterator[tuple[bytes, bytes]]:
        """Yield of each line what stays and what goes, either of which may be empty."""
        offset = 0
        with _opened(path) as stream:
            for line in stream:
                yield self._parts(line, offset)
                offset += len(line)

    def _parts(self, line: bytes, offset: int) -> tuple[bytes, bytes]:
        if sound_record(check(line)) is not None:
            if self._is_first(line):
                return line, b""
            self.moved["doubled"] += 1
            return b"", line
        sound = [record for record in sound_records(line.rstrip(b"\n") + b"\n") if self._is_first(record)]
        self.moved["torn" if offset == self.torn else "damaged"] += 1
        self.kept += len(sound)
        return b"".join(sound), line.rstrip(b"\n") + b"\n"

    def _is_first(self, line: bytes) -> bool:
        """Tell whether this is a record, and no second answer of its unit."""
        record = sound_record(check(line))
        if record is None or record.failure is not None:
            return record is not None
        key = hash((record.id, record.rollout, record.digest))
        is_first = key not in self.answered and key not in self.own
        self.own.add(key)
        return is_first


def _write_anew(path: Path, sorting: _Sorting) -> list[str]:
    """Write a segment without what goes, which is durable in a file of its own before; return what was done."""
    aside = _new_file(path.parent.parent)
    try:
        with aside, atomic_write(path) as fresh:
            for stays, goes in sorting.sort(path):
                fresh.write(stays)
                aside.write(goes)
            aside.flush()
            sync(aside.fileno())
            sync_folder(path.parent.parent)
    except OSError as error:  # of closing it
        raise disk_error(Path(aside.name), error) from error
    name = Path(aside.name).name
    done = [f"{path.name}: set {count} {reason} lines aside in {name}" for reason, count in sorting.moved.items()]
    return done + ([f"{path.name}: kept {sorting.kept} sound records of these lines"] if sorting.kept else [])


def _new_file(folder: Path) -> BinaryIO:
    """Make the file for what is set aside now; a number makes its name a new one within a second."""
    name = f"damaged-{time.strftime('%Y%m%dT%H%M%S')}"
    for number in itertools.count(1):
        path = folder / (f"{name}.txt" if number == 1 else f"{name}-{number}.txt")
        try:
            return path.open("xb")
        except FileExistsError:
            continue
        except OSError as error:
            raise disk_error(path, error) from error
    raise AssertionError("there is always a next number")


def _opened(path: Path) -> BinaryIO:
    try:
        return open_regular(path)
    except OSError as error:
        raise read_error(path, error) from error
