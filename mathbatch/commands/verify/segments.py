"""Check and mend the segments of a store, the files that hold its records."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import msgspec

from mathbatch.commands.verify.report import Report
from mathbatch.data.storage.atomic import atomic_write
from mathbatch.data.storage.index import RecordHead, RecordIndex
from mathbatch.data.storage.segments import SegmentLine, read_lines, repair_tail, segment_paths, torn_at

_head = msgspec.json.Decoder(RecordHead).decode


def check_segments(folder: Path, report: Report, label: str = "") -> RecordIndex:
    """Note torn and damaged lines; return the index of all others. `label` stands before the file names."""
    index = RecordIndex()
    for path in segment_paths(folder):
        torn = torn_at(path)
        for line in index.read_segment(path):
            finding = report.torn if line.offset == torn else report.damaged
            finding.add(f"{label}{path.name}, line {line.number}")
    return index


def mend_segments(folder: Path) -> list[str]:
    """Cut off torn last lines, and set damaged lines and second answers aside; return what was done."""
    done: list[str] = []
    aside = folder.with_name(f"damaged-{time.strftime('%Y%m%dT%H%M%S')}.txt")
    answered: set[int] = set()
    for path in segment_paths(folder):
        if torn_at(path) is not None:
            repair_tail(path)
            done.append(f"{path.name}: cut off the torn last line")
        done += _set_aside(path, aside, answered)
    return done


def _set_aside(path: Path, aside: Path, answered: set[int]) -> list[str]:
    """Move damaged lines and second answers of a segment to the file `aside`."""
    reasons = {line.offset: reason for line in read_lines(path) if (reason := _reason_to_move(line, answered))}
    if not reasons:
        return []
    offset = 0
    with path.open("rb") as stream, aside.open("ab") as out, atomic_write(path) as fresh:
        for line in stream:
            (out if offset in reasons else fresh).write(line)
            offset += len(line)
    moved = Counter(reasons.values())
    return [f"{path.name}: set {count} {reason} lines aside in {aside.name}" for reason, count in moved.items()]


def _reason_to_move(line: SegmentLine, answered: set[int]) -> str | None:
    if line.body is None:
        return "damaged"
    head = _head(line.body)
    if head.failure is not None:
        return None
    key = hash((head.id, head.rollout, head.digest))
    if key in answered:
        return "doubled"
    answered.add(key)
    return None
