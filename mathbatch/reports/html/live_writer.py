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
from mathbatch.reports.html.live import REFRESH_S, Followed, forget_news, read_news
from mathbatch.reports.html.payload import Live, Report, RunFacts
from mathbatch.reports.html.publish import LIVE, publish
from mathbatch.reports.html.scripts import read_report
from mathbatch.reports.html.source import Source, source_in
from mathbatch.reports.html.stamp import short_name
from mathbatch.runner.reopen import make_folder
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
    """Rewrites the page of one run. `process` is the number of the one that runs it.

    The page is taken only while it is put in place: at the end of a run its last page is waited for by somebody.
    """

    def __init__(self, followed: Followed, process: int, pace: Pace = USUAL) -> None:
        self.run_dir = Path(followed.run_dir)
        self._copies, self._process, self._pace = followed.copies, process, pace
        self._lock = FolderLock(self.run_dir / LIVE)
        self._attempt: Path | None = None
        self._run: Source | None = None
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
        if news is None or news.process != self._process:
            return
        self._attempt = self._attempt or attempts(self.run_dir)[-1]
        if not self.is_ours():
            return
        now, saved = time.monotonic(), self._what_is_saved()
        if saved != self._saved and (is_over or now >= self._next_build):
            self._build(saved)
        if self._facts is not None and (is_over or (news.live != self._live and now >= self._next_page)):
            self._publish(None if is_over else news.live)
        if is_over:
            forget_news(self.run_dir)

    def is_ours(self) -> bool:
        """Tell whether the run is neither at its end, after which others write the page, nor begun anew."""
        return not (self.run_dir / MANIFEST).exists() and attempts(self.run_dir)[-1] == self._attempt

    def _what_is_saved(self) -> list[tuple[str, int]]:
        return [(path.name, path.stat().st_size) for path in segment_paths(self.run_dir / "responses")]

    def _build(self, saved: list[tuple[str, int]]) -> None:
        """Make the data anew, and wait then so long that it takes no more than its share of the time."""
        begun = time.monotonic()
        base = f"{short_name(self.run_dir)}-live-{time.time_ns():x}"
        self._facts = build_run(self._source(), self.run_dir, copies=self._copies, base=base)
        self._bases, self._saved, self._live = [*self._bases[-KEPT:], base], saved, None
        took = time.monotonic() - begun
        self._next_build = time.monotonic() + max(self._pace.refresh_s, took * (1 / self._pace.share - 1))
        self._next_page = 0.0

    def _source(self) -> Source:
        """Return the run, whose configuration stays as it is."""
        self._run = self._run or replace(source_in(self.run_dir), is_growing=True)
        return self._run

    def _publish(self, live: Live | None) -> None:
        """Put the newest data into the page, unless another process is writing it, or has begun to answer for it."""
        assert self._facts is not None
        self._facts.status = "stopped" if live is None else "running"
        report = Report(
            title=f"{self._facts.model} on {self._facts.dataset}",
            made=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            version=mathbatch.__version__,
            runs=[self._facts],
            live=None if live is None else msgspec.structs.replace(live, run=self._facts.key),
        )
        make_folder(self.run_dir / LIVE)
        with suppress(FolderLocked):
            self._lock.acquire()
            try:
                if self.is_ours():
                    self._bring_up(report)
                    self._live, self._next_page = live, time.monotonic() + self._pace.refresh_s
            finally:
                self._lock.release()

    def _bring_up(self, report: Report) -> None:
        """Write the page, with the data that its readers may still be loading."""
        if not self._is_published:
            before = read_report(self.run_dir)
            self._bases[:0] = [] if before is None else [facts.base for facts in before.runs]
        publish(self.run_dir, report, self._bases[-1 - KEPT :], with_page=not self._is_published)
        self._is_published = True


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
                if follower.is_ours():  # else whoever writes the page now has removed what was being made
                    _log(follower.run_dir, f"the page can't be written yet: {error}")
            except Exception:
                _log(follower.run_dir, traceback.format_exc())
                raise


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
