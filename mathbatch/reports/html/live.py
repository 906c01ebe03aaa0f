"""Follow runs that are at work: a process of its own rewrites their pages, this one only says how far they are.

    python -m mathbatch.run … report.live=true

The process that writes the pages (`live_writer`) is started before any engine is, waits for nobody, and ends with the
run. News lie in `report/live.json` in the folder of a run, for that process alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from mathbatch.fleet.seat import MemberFigures
from mathbatch.models.forks import forget, keep_from_forks
from mathbatch.reports.html.page import FOLDER
from mathbatch.reports.html.payload import Live
from mathbatch.runner.run_job import RunJob

NEWS_FILE = "live.json"
WRITER = "mathbatch.reports.html.live_writer"
# Seconds between two news, over which speeds are measured, and after which a page looks again.
NEWS_S, SPEED_S, REFRESH_S = 2.0, 60.0, 5.0


class News(msgspec.Struct):
    """Content of `report/live.json`: how far a run is, by the process with this number, which runs it."""

    process: int
    live: Live


class Followed(msgspec.Struct):
    """What the process that writes the pages is told of a run."""

    run_dir: str
    copies: bool


@contextmanager
def live_pages(jobs: Sequence[RunJob], members: Callable[[], Sequence[MemberFigures]]) -> Iterator[None]:
    """Have the pages of those jobs rewritten while they run that want it. `members` are the engines of a fleet.

    At the end the pages of complete runs are left to whoever writes their last one; those of others say that the run
    was stopped.
    """
    wanted = [job for job in jobs if job.config.report is not None and job.config.report.live and job.shard is None]
    if not wanted:
        yield
        return
    writer = _start(wanted)
    ended = threading.Event()
    teller = threading.Thread(target=_tell, args=(wanted, members, ended), name="live news", daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()
        _end(writer, at_once=all(job.is_complete for job in wanted))
        for job in wanted:
            if job.is_complete:
                forget_news(job.components.run_dir)


def _start(jobs: Sequence[RunJob]) -> subprocess.Popen[bytes]:
    """Start the process that writes the pages. It ends with its standard input, so also when this one is killed."""
    writer = subprocess.Popen(
        [sys.executable, "-m", WRITER],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert writer.stdin is not None
    keep_from_forks(writer.stdin.fileno())
    followed = [Followed(str(job.components.run_dir.absolute()), _copies(job)) for job in jobs]
    with suppress(BrokenPipeError):  # it can't run here; the run can
        writer.stdin.write(msgspec.json.encode(followed) + b"\n")
        writer.stdin.flush()
    return writer


def _copies(job: RunJob) -> bool:
    return job.config.report is not None and job.config.report.copy_pictures


def _end(writer: subprocess.Popen[bytes], at_once: bool) -> None:
    """End the process that writes the pages: at once, or after it has said in them that the runs were stopped."""
    assert writer.stdin is not None
    forget(writer.stdin.fileno())
    if at_once:
        writer.kill()
    with suppress(BrokenPipeError):
        writer.stdin.close()
    if at_once:
        writer.wait()


def _tell(jobs: Sequence[RunJob], members: Callable[[], Sequence[MemberFigures]], ended: threading.Event) -> None:
    """Write news of each job that has begun, again and again until `ended`."""
    meters = [_Meter(job) for job in jobs]
    while not ended.wait(NEWS_S):
        lines = [_line(one) for one in members()]
        for meter in meters:
            if meter.job.is_begun:
                write_news(meter.job.components.run_dir, News(os.getpid(), meter.news(lines)))


def write_news(run_dir: Path, news: News) -> None:
    """Write the news of a run, whole or not at all. A disk that refuses them does not end the run."""
    path = run_dir / FOLDER / NEWS_FILE
    draft = path.with_name(f".{path.name}.draft")
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        draft.write_bytes(msgspec.json.encode(news))
        draft.replace(path)


def read_news(run_dir: Path) -> News | None:
    """Return the last news of a run, None without any."""
    with suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return msgspec.json.decode((run_dir / FOLDER / NEWS_FILE).read_bytes(), type=News)
    return None


def forget_news(run_dir: Path) -> None:
    """Remove the news of a run that is over."""
    with suppress(OSError):
        (run_dir / FOLDER / NEWS_FILE).unlink()


class _Meter:
    """Measures how fast a job is answered, over the last minute."""

    def __init__(self, job: RunJob) -> None:
        self.job = job
        self._started: float | None = None
        # Times with the units that were answered by then, and their tokens.
        self._past: deque[tuple[float, int, int]] = deque()

    def news(self, members: list[str]) -> Live:
        """Return how far the job is. Its seconds count from the first unit on, as the engine has loaded by then."""
        counts, now = self.job.counts, time.monotonic()
        if self._started is None and (counts.in_flight or counts.answered):
            self._started = now
        self._past.append((now, counts.answered, counts.output_tokens))
        while now - self._past[0][0] > SPEED_S:
            self._past.popleft()
        begun, answered, tokens = self._past[0]
        seconds = max(now - begun, 1e-9)
        per_s = (counts.answered - answered) / seconds
        left = None if counts.total is None else max(0, counts.total - counts.done)
        return Live(
            run="",
            done=counts.done,
            total=counts.total,
            failed=counts.failed,
            in_flight=counts.in_flight,
            tokens_per_s=round((counts.output_tokens - tokens) / seconds, 1),
            seconds=0.0 if self._started is None else round(now - self._started, 1),
            seconds_left=None if left is None or not per_s else round(left / per_s, 1),
            members=members,
            refresh_s=REFRESH_S,
        )


def _line(one: MemberFigures) -> str:
    lost = f", lost {one.losses} x" if one.losses else ""
    return f"{one.name}: {one.state}, {one.in_flight:,} in flight, {one.answered:,} answered{lost}"
