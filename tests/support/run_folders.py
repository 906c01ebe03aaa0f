"""Read what runs leave in their folders."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from mathbatch.data.digests import keyed
from mathbatch.data.storage.segments import check, encode
from mathbatch.records import Record
from mathbatch.runner.run_key import RUN_FILE, key_as_recorded


@dataclass(frozen=True)
class Outcome:
    """End of a run. `results` has the rows in file order, None where there are no results."""

    code: int
    out: str
    err: str
    run_dir: Path | None
    results: list[dict[str, Any]] | None

    def records(self) -> list[dict[str, Any]]:
        """Return all records of the store, in the order in which they were saved; each line must be whole."""
        assert self.run_dir is not None
        segments = sorted((self.run_dir / "responses").glob("*.jsonl"))
        return [json.loads(line) for segment in segments for line in segment.read_bytes().splitlines()]


def found_outcome(folder: Path, code: int, out: str, err: str) -> Outcome:
    """Return the outcome with the only run folder below `folder/outputs` and its results."""
    found = [path.parent for path in folder.glob("outputs/*/*/*/responses")]
    assert len(found) < 2
    only = found[0] if found else None
    return Outcome(code, out, err, only, None if only is None else _all_results(only))


def _all_results(folder: Path) -> list[dict[str, Any]] | None:
    lines, document = folder / "results.jsonl", folder / "results.json"
    if lines.is_file():
        return results(folder)
    if not document.is_file():
        return None
    rows = json.loads(document.read_bytes())
    return list(rows.values()) if isinstance(rows, dict) else rows


def run_dirs(folder: Path) -> list[Path]:
    """Return all run folders below `folder/outputs`."""
    return sorted(path.parent for path in folder.glob("outputs/*/*/*/config.yaml"))


def run_dir(folder: Path) -> Path:
    """Return the only run folder below `folder/outputs`."""
    (found,) = run_dirs(folder)
    return found


def shared_run_dir(folder: Path) -> Path:
    """Return the only run folder below `folder/outputs`, also if only shards of it have run."""
    (found,) = (path for path in folder.glob("outputs/*/*/*") if path.parts[-3] != "sweeps")
    return found


def records(folder: Path) -> list[dict[str, Any]]:
    """Return all records of the run folder, in the order of writing; a torn last line is left out."""
    lines = [line for path in sorted(folder.glob("responses/*.jsonl")) for line in path.read_bytes().split(b"\n")]
    return [json.loads(line) for line in lines if line.endswith(b'"}') and b'"crc":"' in line[-20:]]


def results(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of the run folder's `results.jsonl`."""
    return [json.loads(line) for line in (folder / "results.jsonl").read_bytes().splitlines()]


def as_earlier_version(folder: Path) -> None:
    """Give a run folder what an earlier version would have written: no name of the run in digests and documents."""
    key = key_as_recorded(folder).value
    for path in folder.glob("responses/*.jsonl"):
        bodies = [check(line) for line in path.read_bytes().splitlines(keepends=True)]
        found = [msgspec.json.decode(body or b"", type=Record) for body in bodies]
        path.write_bytes(b"".join(encode(_without_key(record, key)) for record in found))
    for path in folder.glob(f".hydra/*/{RUN_FILE}"):
        path.unlink()
    for path in (folder / "manifest.json", *folder.glob(".hydra/*/figures.json")):
        document = json.loads(path.read_bytes())
        path.write_text(json.dumps({name: value for name, value in document.items() if name not in ("run", "crc")}))


def _without_key(record: Record, key: int) -> Record:
    content = None if record.content is None else keyed(int(record.content, 16), key)
    return msgspec.structs.replace(record, digest=keyed(int(record.digest, 16), key), content=content)


def saved(folder: Path) -> int:
    """Count the records of all runs below `folder/outputs` together."""
    return sum(len(records(found)) for found in run_dirs(folder))


def sweep_report(folder: Path) -> dict[str, Any]:
    """Return the newest `sweep.json` below `folder/outputs`."""
    newest = max(folder.glob("outputs/sweeps/*/sweep.json"), key=lambda path: path.stat().st_mtime_ns)
    found: dict[str, Any] = json.loads(newest.read_text())
    return found
