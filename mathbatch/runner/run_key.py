"""Tell the records of a run from those of any other by the place of its folder: `<model>/<dataset>/<sampling>-<hash8>`.

The hash is over all that can change an answer, and the place stays when the folder is moved with its project. So it is
the key of the digests in the records. Each attempt records it in `.hydra/<time>/run.json`, for copies elsewhere:

    {"run": "demo/demo/greedy-99600210", "has_unkeyed": false, "crc": "9a8b7c6d"}

Records of earlier versions have digests without a key. They count only in folders that such a version has begun.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec

from mathbatch.data.digests import RunKey
from mathbatch.data.storage.sealed import DamagedFileError, read_sealed, write_sealed
from mathbatch.data.storage.shards import SHARDS

RUN_FILE = "run.json"


class _Recorded(msgspec.Struct):
    """Key that an attempt has recorded, and whether an earlier version had begun the folder."""

    run: str
    has_unkeyed: bool


def key_of_run(run_dir: Path) -> RunKey:
    """Return the key of a run whose folder has the name for its identity.

    The folder may have been moved to the place of another model or dataset name, which are labels only.
    """
    found = _recorded(run_dir)
    return _key(run_dir, [one for one in found if Path(one.run).name == run_dir.name], found)


def key_as_recorded(run_dir: Path) -> RunKey:
    """Return the key of the records in a folder that may be a copy with a name of somebody's own."""
    found = _recorded(run_dir)
    return _key(run_dir, found, found)


def key_of_judge(run_dir: Path, judged: Path) -> RunKey:
    """Return the key of a judge's replies about the run in the folder `judged`.

    Replies are brought along where a run is scored into another folder, so the name of their own folder is the key.
    """
    is_recorded = bool(_recorded(judged))
    return RunKey(run_dir.name, key_as_recorded(judged).has_unkeyed if is_recorded else _has_records(run_dir))


def recorded_run(folder: Path) -> str | None:
    """Return the name of the run that the last attempt in a folder has recorded; None if none has."""
    found = _recorded(folder)
    return found[-1].run if found else None


def write_key(attempt: Path, run: RunKey) -> None:
    """Record the key for an attempt. Raises StoreError if the disk refuses."""
    write_sealed(attempt / RUN_FILE, {"run": run.name, "has_unkeyed": run.has_unkeyed})


def _key(run_dir: Path, candidates: list[_Recorded], found: list[_Recorded]) -> RunKey:
    own = "/".join(run_dir.parts[-3:])
    names = [one.run for one in candidates]
    name = own if own in names or not names else names[-1]
    # A folder in which nobody has recorded a key before it had records was begun by an earlier version.
    recorded = [one.has_unkeyed for one in candidates if one.run == name] or [not found and _has_records(run_dir)]
    return RunKey(name, recorded[-1])


def _recorded(run_dir: Path) -> list[_Recorded]:
    """Return what the attempts have recorded, the last one at the end. Files that are damaged are left out.

    Of a run that only shards have begun, these have recorded it.
    """
    found = []
    own = sorted((run_dir / ".hydra").glob(f"*/{RUN_FILE}"))
    for path in own or sorted(run_dir.glob(f"{SHARDS}/*/.hydra/*/{RUN_FILE}")):
        with suppress(DamagedFileError):
            sealed = read_sealed(path, _Recorded)
            if sealed.is_sealed:
                found.append(sealed.content)
    return found


def _has_records(run_dir: Path) -> bool:
    return any((run_dir / "responses").glob("*.jsonl"))
