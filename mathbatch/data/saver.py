"""Store the records of one run folder as JSON Lines in `responses/*.jsonl`, written by one process at a time."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

from mathbatch.base import BaseDataSaver
from mathbatch.data.storage.atomic import atomic_write
from mathbatch.data.storage.index import RecordIndex
from mathbatch.data.storage.lock import FolderLock
from mathbatch.data.storage.regular import read_small
from mathbatch.data.storage.segments import SegmentWriter, disk_error, encode, number_of, repair_tail, segment_paths
from mathbatch.errors import StoreError
from mathbatch.records import Record

# Name of the folder that earlier records go to in a rerun.
ASIDE = re.compile(rb"responses-\d{8}T\d{12}")


class JsonLinesDataSaver(BaseDataSaver):
    """Appends records to JSON Lines files.

    With `rerun`, earlier records are moved to `responses-<time>/` first. A rerun that was stopped before its end is
    continued instead.
    """

    def __init__(self, run_dir: Path, rerun: bool = False) -> None:
        self.folder = Path(run_dir) / "responses"
        self._manifest = Path(run_dir) / "manifest.json"
        self._rerun = rerun
        self._rerun_note = Path(run_dir) / ".rerun"
        self._lock = FolderLock(Path(run_dir))
        self._index = RecordIndex()
        self._writer: SegmentWriter | None = None
        self._segment = 0

    def open(self) -> None:
        self._lock.acquire()
        try:
            if self._manifest.exists():
                self._rerun_note.unlink(missing_ok=True)  # the manifest is written last, so that rerun is complete
            if self._rerun and self.folder.is_dir():
                self._begin_rerun()
            self.folder.mkdir(exist_ok=True)
            for path in segment_paths(self.folder):
                repair_tail(path)
                for line in self._index.read_segment(path):
                    raise damaged(path, line.number)
        except OSError as error:
            self._lock.release()
            raise disk_error(Path(error.filename or self.folder), error) from error
        except StoreError:
            self._lock.release()
            raise

    def append(self, record: Record) -> None:
        writer = self._writer or self._new_segment()
        offset = writer.append(encode(record))
        failed = record.failure is not None
        self._index.note(record.id, record.rollout, record.digest, self._segment, offset, failed, record.content)

    def state(self, id: str, rollout: int, digest: str) -> str | None:
        return self._index.state(id, rollout, digest)

    @property
    def failures(self) -> int:
        return self._index.failed

    @property
    def answered(self) -> int:
        return self._index.answered

    def find(self, id: str, rollout: int, digest: str) -> Record | None:
        return self._index.find(id, rollout, digest)

    def last_with_files(self, id: str, rollout: int, content: str | None = None) -> Record | None:
        return self._index.last_with_files(id, rollout, content)

    def close(self) -> None:
        try:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
        finally:
            self._index.close()
            self._lock.release()

    def _begin_rerun(self) -> None:
        """Move the old records aside, once per rerun.

        The note `.rerun` holds the name of the folder that they go to. It is removed when the rerun is complete.
        """
        if not os.path.lexists(self._rerun_note):
            with atomic_write(self._rerun_note) as stream:
                # Microseconds, so that names are unique.
                stream.write(f"responses-{datetime.now():%Y%m%dT%H%M%S%f}".encode())
            self._manifest.unlink(missing_ok=True)
        aside = self.folder.with_name(self._noted_name())
        if not aside.exists():
            self.folder.rename(aside)

    def _noted_name(self) -> str:
        """Return the name in the note. Raise StoreError if it is damaged: it could name a folder anywhere."""
        found = read_small(self._rerun_note)
        if not ASIDE.fullmatch(found):
            raise StoreError(
                f"{self._rerun_note} is damaged: it names no folder for the earlier answers of this rerun\n"
                "  fix: leave out rerun=true to go on with the answers in responses/; or delete it to begin the rerun "
                "anew, which keeps those answers in a responses-… folder"
            )
        return found.decode()

    def _new_segment(self) -> SegmentWriter:
        """Start a segment file for the records of this run.

        The manifest is removed, because a run with new records is not complete until it ends again.
        """
        try:
            self._manifest.unlink(missing_ok=True)
            paths = segment_paths(self.folder)
        except OSError as error:
            raise disk_error(self.folder, error) from error
        number = 1 + max(map(number_of, paths), default=0)
        self._writer = SegmentWriter(self.folder / f"{number:05d}.jsonl")
        self._segment = self._index.add_segment(self._writer.path)
        return self._writer


def damaged(path: Path, line: int) -> StoreError:
    """Return the error for a damaged line of a segment file."""
    run_dir = path.parent.parent
    if run_dir.parent.name == "judge" and not (run_dir / "config.yaml").is_file():
        run_dir = run_dir.parent.parent  # records of a judge lie in a folder of the run that it judges
    return StoreError(
        f"{path}, line {line}: the record is damaged\n"
        f"  fix: python -m mathbatch.verify run_dir={run_dir} lists all damage; with repair=true it sets "
        "damaged lines aside, keeps what is sound in them, and the next run answers the other units again"
    )
