"""Store the records of one run folder as JSON Lines in `responses/*.jsonl`, written by one process at a time."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

from mathbatch.base import BaseDataSaver
from mathbatch.config.shards import Shard
from mathbatch.data.storage.atomic import atomic_write
from mathbatch.data.storage.index import RecordIndex
from mathbatch.data.storage.lock import FolderLock
from mathbatch.data.storage.regular import read_error, read_small
from mathbatch.data.storage.segments import (
    SegmentLine,
    SegmentWriter,
    disk_error,
    encode,
    number_of,
    repair_tail,
    segment_paths,
    torn_at,
)
from mathbatch.data.storage.shards import SHARDS, run_of, shard_folders, shard_of
from mathbatch.errors import StoreError
from mathbatch.records import Record

# Name of the folder that earlier records go to in a rerun.
ASIDE = re.compile(rb"responses-\d{8}T\d{12}")
# Seconds for which a shard waits until its folder is free: a merge holds it for an instant, and the file system of a
# cluster may take a moment to notice that the process before this one has ended.
PATIENCE_S = 2.0


class JsonLinesDataSaver(BaseDataSaver):
    """Appends records to JSON Lines files.

    With `rerun`, earlier records are moved to `responses-<time>/` first. A rerun that was stopped before its end is
    continued instead.

    In the folder of a shard it knows the records of the run, too, and those of shards by another split of the rows, so
    that nothing is asked again which has an answer there. It only reads them.
    """

    def __init__(self, run_dir: Path, rerun: bool = False) -> None:
        self.folder = Path(run_dir) / "responses"
        self._run_dir = Path(run_dir)
        self._manifest = Path(run_dir) / "manifest.json"
        self._rerun = rerun
        self._rerun_note = Path(run_dir) / ".rerun"
        self._lock = FolderLock(Path(run_dir))
        self._index = RecordIndex()
        self._writer: SegmentWriter | None = None
        self._segment = 0

    def open(self) -> None:
        shard = shard_of(self._run_dir)
        self._lock.acquire(0.0 if shard is None else PATIENCE_S)
        try:
            if self._manifest.exists():
                self._rerun_note.unlink(missing_ok=True)  # the manifest is written last, so that rerun is complete
            if self._rerun and (self.folder.is_dir() or (self._run_dir / SHARDS).is_dir()):
                self._begin_rerun()
            self.folder.mkdir(exist_ok=True)
            for path in segment_paths(self.folder):
                repair_tail(path)
                for line in self._index.read_segment(path):
                    raise damaged(path, line.number)
            if shard is not None:
                self._look_around(shard)
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

    def flush(self) -> None:
        """Make all records durable. Raise StoreError if the disk refuses."""
        if self._writer is not None:
            self._writer.flush()

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

    def _look_around(self, own: Shard) -> None:
        """Read the records that lie elsewhere: first those of shards, as a merge moves them from there to the run.

        A row has one place in a split, so other shards of the same one have nothing that is asked here.
        """
        others = [folder for shard, folder in shard_folders(run_of(self._run_dir)) if shard.count != own.count]
        for folder in (*others, run_of(self._run_dir)):
            for path in segment_paths(folder / "responses"):
                self._look_into(path)

    def _look_into(self, path: Path) -> None:
        """Read a segment to which another process may be writing now, or which it may remove."""
        try:
            torn = torn_at(path)
            for line in self._index.read_segment(path, is_held=True):
                if not is_torn(line, torn):
                    raise damaged(path, line.number)
        except OSError as error:
            if path.exists():
                raise read_error(path, error) from error
        except StoreError:
            if path.exists():
                raise

    def _begin_rerun(self) -> None:
        """Move the old records aside, once per rerun, those of shards too.

        The note `.rerun` holds the name of the folder that they go to. It is removed when the rerun is complete.
        """
        if not os.path.lexists(self._rerun_note):
            with atomic_write(self._rerun_note) as stream:
                # Microseconds, so that names are unique.
                stream.write(f"responses-{datetime.now():%Y%m%dT%H%M%S%f}".encode())
            self._manifest.unlink(missing_ok=True)
        aside = self.folder.with_name(self._noted_name())
        if not aside.exists():
            self.folder.mkdir(exist_ok=True)
            self.folder.rename(aside)
        if (self._run_dir / SHARDS).is_dir() and not (aside / SHARDS).exists():
            (self._run_dir / SHARDS).rename(aside / SHARDS)

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


def is_torn(line: SegmentLine, torn: int | None) -> bool:
    """Tell whether a line is the last one of its segment and was not written to its end.

    `torn` is what `torn_at` has said before; whoever writes there may have written more since.
    """
    return line.offset == torn or not line.has_end


def damaged(path: Path, line: int) -> StoreError:
    """Return the error for a damaged line of a segment file."""
    run_dir = run_of(path.parent.parent)
    if run_dir.parent.name == "judge" and not (run_dir / "config.yaml").is_file():
        run_dir = run_dir.parent.parent  # records of a judge lie in a folder of the run that it judges
    return StoreError(
        f"{path}, line {line}: the record is damaged\n"
        f"  fix: python -m mathbatch.verify run_dir={run_dir} lists all damage; with repair=true it sets "
        "damaged lines aside, keeps what is sound in them, and the next run answers the other units again"
    )
