"""Make stores of records to be damaged, and read them as a run and as `verify` do."""

from __future__ import annotations

from pathlib import Path

from mathbatch.commands.verify.report import Report
from mathbatch.commands.verify.segments import check_segments
from mathbatch.data.saver import JsonLinesDataSaver
from mathbatch.data.storage.segments import encode
from mathbatch.records import Failure, Record

DIGEST = "0123456789abcdef"
# Texts that look like the bounds of a record, and one that is longer than a buffer.
TEXTS = ['}\n{"id":"7"', ',"crc":"00000000"}', r"\",\"crc\":\"", "é" * 40_000, "", "\\boxed{4}"]
RECORDS = [
    *(Record(str(at), DIGEST, text=TEXTS[at % len(TEXTS)], finish_reason="stop", output_tokens=at) for at in range(11)),
    Record("11", DIGEST, failure=Failure("too_long", 'say "no"')),
]
LINES = [encode(record) for record in RECORDS]


def store(folder: Path, *segments: bytes) -> Path:
    """Write a store with these segments; return the run folder."""
    (folder / "responses").mkdir(parents=True)
    for number, content in enumerate(segments, 1):
        (folder / "responses" / f"{number:05d}.jsonl").write_bytes(content)
    return folder


def opened(folder: Path) -> list[Record]:
    """Return the records of a store as a run finds them."""
    saver = JsonLinesDataSaver(folder)
    saver.open()
    found = [saver.find(record.id, record.rollout, record.digest) for record in RECORDS]
    saver.close()
    return [record for record in found if record is not None]


def found_in(folder: Path) -> Report:
    """Return what `verify` finds in the segments."""
    report = Report()
    check_segments(folder / "responses", report).close()
    return report


def set_aside(folder: Path) -> bytes:
    """Return what repairs have set aside."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("damaged-*.txt")))
