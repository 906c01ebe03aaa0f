"""Rewrite the pages of runs that are at work, in a process of its own beside the run.

It is started by `live`, reads from its standard input which runs to follow, and ends when that does. A run holds its
folder, so what it has saved is read while it writes on: a last line that is not whole yet is left out. A page gets data
under a new name each time, and keeps those of the two times before for those who are reading them.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

import mathbatch
from mathbatch.data.storage.lock import FolderLock, FolderLocked
from mathbatch.data.storage.segments import segment_paths
from mathbatch.errors import MathBatchError
from mathbatch.reports.html.build import build_run
from mathbatch.reports.html.live import NEWS_FILE, REFRESH_S, Followed, read_news
from mathbatch.reports.html.page import FOLDER
from mathbatch.reports.html.payload import Live, Report, RunFacts
from mathbatch.reports.html.publish import publish
from mathbatch.reports.html.scripts import read_report
from mathbatch.reports.html.source import Source, source_in
from mathbatch.reports.html.stamp import short_name
from mathbatch.runner.snapshot import attempts
from mathbatch.scoring.files import MANIFEST

# All that is computed here can wait for the run.
NICENESS = 19
# Seconds between two looks.
LOOK_S = 0.5
# Data of earlier times that stay beside the newest.
KEPT = 2


class Pace(NamedTuple):
    """Seconds between two pages, and the largest share of the time that making their data may take."""

    refresh_s: float = REFRESH_S
    share: float = 0.1


USUAL = Pace()


class Follower:
    """Rewrites the page of one run. `process` is the number of the one that runs it."""

    def __init__(self, followed: Followed, process: int, pace: Pace = USUAL) -> None:
        self.run_dir = Path(followed.run_dir)
        self._copies, self._process, self._pace = followed.copies, process, pace
        self._lock: FolderLock | None = None
        self._attempt: Path | None = None
        self._source: Source | None = None
        self._facts: RunFacts | None = None
        self._bases: list[str] = []
        self._saved: list[tuple[str, int]] | None = None
        self._live: Live | None = None
        self._next_build = self._next_page = 0.0
        self._is_published = False

    def look(self, is_over: bool) -> None:
        """Bring the page up to date if there is something new and it is time; at the end, say that the run is over.

        Raises MathBatchError or OSError if it can't be written.
        """
        news = read_news(self.run_dir)
        if news is None or news.process != self._process or not self._begin() or not self._is_ours():
            return
        now, saved = time.monotonic(), self._what_is_saved()
        if saved != self._saved and (is_over or now >= self._next_build):
            self._build(saved)
        if self._facts is not None and (is_over or (news.live != self._live and now >= self._next_page)):
            self._publish(None if is_over else news.live)

    def end(self) -> None:
        """Remove the news, and give the page back."""
        if self._lock is not None:
            with suppress(OSError):
                (self.run_dir / FOLDER / NEWS_FILE).unlink()
            self._lock.release()

    def _begin(self) -> bool:
        """Take the page, once the run has begun; False while the process of an earlier run is still writing it."""
        if self._lock is None:
            lock, source = FolderLock(self.run_dir / FOLDER), source_in(self.run_dir)
            try:
                lock.acquire()
            except FolderLocked:
                return False
            self._lock, self._attempt, self._source = lock, attempts(self.run_dir)[-1], replace(source, is_growing=True)
            known = read_report(self.run_dir)
            self._bases = [] if known is None else [facts.base for facts in known.runs]
        return True

    def _is_ours(self) -> bool:
        """Tell whether the run is neither at its end, after which others write the page, nor begun anew."""
        return not (self.run_dir / MANIFEST).exists() and attempts(self.run_dir)[-1] == self._attempt

    def _what_is_saved(self) -> list[tuple[str, int]]:
        return [(path.name, path.stat().st_size) for path in segment_paths(self.run_dir / "responses")]

    def _build(self, saved: list[tuple[str, int]]) -> None:
        """Make the data anew, and wait then so long that it takes no more than its share of the time."""
        begun = time.monotonic()
        base = f"{short_name(self.run_dir)}-live-{time.time_ns():x}"
        assert self._source is not None
        self._facts = build_run(self._source, self.run_dir, copies=self._copies, base=base)
        self._bases, self._saved, self._live = [*self._bases, base], saved, None
        took = time.monotonic() - begun
        self._next_build = time.monotonic() + max(self._pace.refresh_s, took * (1 / self._pace.share - 1))
        self._next_page = 0.0

    def _publish(self, live: Live | None) -> None:
        assert self._facts is not None
        self._facts.status = "stopped" if live is None else "running"
        report = Report(
            title=f"{self._facts.model} on {self._facts.dataset}",
            made=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            version=mathbatch.__version__,
            runs=[self._facts],
            live=None if live is None else msgspec.structs.replace(live, run=self._facts.key),
        )
        if not self._is_ours():
            return
        publish(self.run_dir, report, self._bases[-1 - KEPT :], with_page=not self._is_published)
        self._is_published, self._live = True, live
        self._next_page = time.monotonic() + self._pace.refresh_s


def follow(followed: list[Followed], process: int) -> None:
    """Follow runs until standard input ends. What goes wrong is told in the log of the run, and tried again."""
    followers = [Follower(one, process) for one in followed]
    is_over = False
    while not is_over:
        is_over = bool(select.select([sys.stdin], [], [], LOOK_S)[0])
        for follower in followers:
            try:
                follower.look(is_over)
            except (MathBatchError, OSError) as error:
                _log(follower.run_dir, f"the page can't be written yet: {error}")
            except Exception:
                _log(follower.run_dir, traceback.format_exc())
                raise
    for follower in followers:
        follower.end()


def _log(run_dir: Path, text: str) -> None:
    with suppress(OSError), (run_dir / "run.log").open("a", encoding="utf-8", errors="replace") as log:
        log.write(f"live report: {text}\n")


def main() -> None:
    """Follow the runs that standard input names; its end is that of the run, and nothing else ends this process."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.nice(NICENESS)
    process = os.getppid()
    line = sys.stdin.buffer.readline()
    if line:
        follow(msgspec.json.decode(line, type=list[Followed]), process)


if __name__ == "__main__":
    main()
