"""Comparisons in worker processes, each with a time limit: a hostile answer costs its worker, never the scoring run.

Each worker has a connection of its own, and all is done by the caller's thread: a worker can be killed at any moment
without leaving a lock or half a message to the others. What it had not begun yet goes to another.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

import msgspec

from mathbatch.errors import ConfigError
from mathbatch.records import Sample, Score
from mathbatch.scoring.panel import Panel, Votes
from mathbatch.scoring.review import Suspicion
from mathbatch.scoring.worker_process import LIMIT_S, Looked, decode_looked, serve

GRACE_S = 2.0
"""After its limit a worker ends by itself, unless a scorer has set alarms of its own."""
AHEAD = 64
"""Comparisons that are begun ahead of the first without a verdict, for each worker."""
MOST_TASKS = 4
"""Of one worker at a time: enough that it need not wait for the next, few enough that none wait behind a slow one."""
IN_PIPE = 1 << 15
"""Bytes on their way to a worker that is at work: what its pipe holds, so that nobody waits to write."""
MOST_WORKERS = 8
RENEW_AFTER = 20_000
"""Comparisons, after which a worker makes way for a fresh one: sympy keeps much of what it has seen."""
MOST_STILLBORN = 3
"""Workers in a row that end before they are ready, after which there is no point in going on."""
WAIT_S = 0.5
"""For news from the workers, before the caller is asked whether to go on."""
OVERDUE = f"the comparison takes over {LIMIT_S:g} s"

Key = TypeVar("Key")


def start_without_sigint(process: BaseProcess) -> None:
    """Start `process` with SIGINT blocked, for it and for the server it is forked from: Ctrl-C is for the parent."""
    # Started within the mask, Python's resource tracker would undo it.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Task:
    """One comparison; `looked` is what came of it."""

    def __init__(self, message: bytes = b"", looked: Looked | None = None) -> None:
        self.message, self.looked = message, looked


class Worker:
    """A process and the tasks that it has, the one that it works on first."""

    def __init__(self, panel: Panel) -> None:
        context = multiprocessing.get_context("forkserver")  # from a clean process: an engine's threads are not forked
        context.set_forkserver_preload([serve.__module__, *panel.preload])
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, panel.spec), name="scoring")
        start_without_sigint(self.process)
        theirs.close()
        self.tasks: deque[Task] = deque()
        self.is_ready = False
        self._given = 0
        self._since = 0.0
        """When it began its first task, or was last heard of."""

    @property
    def is_spent(self) -> bool:
        return self._given >= RENEW_AFTER and not self.tasks

    @property
    def is_overdue(self) -> bool:
        return bool(self.tasks) and time.monotonic() > self._since + LIMIT_S + GRACE_S

    def takes(self, task: Task) -> bool:
        """Whether it can have another task now."""
        if not self.is_ready or self._given >= RENEW_AFTER or len(self.tasks) >= MOST_TASKS:
            return False
        return not self.tasks or sum(len(one.message) for one in [*self.tasks, task]) <= IN_PIPE

    def give(self, task: Task) -> None:
        if not self.tasks:
            self._since = time.monotonic()
        self.tasks.append(task)
        self._given += 1
        with suppress(OSError):  # it is dead: the next look at it finds that
            self.connection.send_bytes(task.message)

    def hear(self) -> None:
        """Take what it has sent. Raises EOFError or OSError where it is dead."""
        message = self.connection.recv_bytes()
        self._since = time.monotonic()
        if self.is_ready:
            self.tasks.popleft().looked = _decoded(message)
        self.is_ready = True

    def kill(self) -> int | None:
        """End it with all that it has started; returns its exit code."""
        assert self.process.pid is not None
        with suppress(ProcessLookupError):  # it has no group of its own yet, or is gone
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()
        self.connection.close()
        return self.process.exitcode


class Workers:
    """Use as a context. Processes start at the first comparison. `on_wait` is called every WAIT_S at least while there
    is something to wait for; what it raises ends that.
    """

    def __init__(self, panel: Panel, on_wait: Callable[[], object] = lambda: None) -> None:
        self._panel, self._on_wait = panel, on_wait
        self._count = max(1, min(len(os.sched_getaffinity(0)), MOST_WORKERS))
        self._workers: list[Worker] = []
        self._queue: deque[Task] = deque()
        self._stillborn = 0

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.kill()

    def votes(self, units: Iterable[tuple[Key, Sample, str | None]]) -> Iterator[tuple[Key, Votes, list[Suspicion]]]:
        """The votes on each response and what is odd about it, in order; none on a response that is not there."""
        waiting: deque[tuple[Key, Sample, Task]] = deque()
        for key, sample, response in units:
            task = Task(looked=Looked()) if response is None else self._begin(sample, response)
            waiting.append((key, sample, task))
            if len(waiting) >= AHEAD * self._count:
                yield self._told(*waiting.popleft())
        while waiting:
            yield self._told(*waiting.popleft())

    def begin_gold(self, sample: Sample) -> Task:
        """A task whose `ended` says in `problem` why nothing could be equal to the gold answer of a row."""
        return self._begin(sample, None)

    def ended(self, task: Task) -> Looked:
        """Wait for it; meanwhile others go on."""
        while task.looked is None:
            self._work()
        return task.looked

    def _begin(self, sample: Sample, response: str | None) -> Task:
        try:
            task = Task(pickle.dumps((_slim(sample), response)))
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            return Task(looked=Looked(problem=f"the row can't be handed to a scorer: {error}"))
        self._queue.append(task)
        return task

    def _told(self, key: Key, sample: Sample, task: Task) -> tuple[Key, Votes, list[Suspicion]]:
        looked = self.ended(task)
        if looked.problem:
            return key, {self._panel.names[0]: Score("unscored", None, sample.gold, looked.problem)}, []
        return key, looked.votes, looked.odd

    def _work(self) -> None:
        """Hand out what is queued, and wait until a worker has something to say or must be replaced."""
        self._on_wait()
        if multiprocessing.get_start_method(allow_none=True) not in multiprocessing.get_all_start_methods():
            multiprocessing.set_start_method(
                "forkserver", force=True
            )  # joblib has set one that its children don't know
        while len(self._workers) < self._count:
            self._workers.append(Worker(self._panel))
        while self._queue:
            free = [worker for worker in self._workers if worker.takes(self._queue[0])]
            if not free:
                break
            min(free, key=lambda worker: len(worker.tasks)).give(self._queue.popleft())
        ready = wait([worker.connection for worker in self._workers], timeout=WAIT_S)
        for worker in list(self._workers):
            if worker.connection in ready:
                self._hear(worker)
            elif worker.is_overdue:
                self._bury(worker, OVERDUE)

    def _hear(self, worker: Worker) -> None:
        try:
            worker.hear()
        except (EOFError, OSError):
            self._bury(worker)
            return
        self._stillborn = 0
        if worker.is_spent:
            self._bury(worker)

    def _bury(self, worker: Worker, cause: str = "") -> None:
        """The task that it had begun is what ended it; the others are done by another worker."""
        self._workers.remove(worker)
        code = worker.kill()
        if worker.tasks:
            worker.tasks.popleft().looked = Looked(problem=cause or _cause(code))
        self._queue.extendleft(reversed(worker.tasks))
        self._stillborn += not worker.is_ready
        if self._stillborn > MOST_STILLBORN:
            fix = "see above what its process says; its class must be importable from a module"
            raise ConfigError("dataset.scoring", f"a scorer's process ends at its start, with code {code}", fix)


def _decoded(message: bytes) -> Looked:
    try:
        return decode_looked(message)
    except msgspec.ValidationError as error:
        return Looked(problem=f"the scorer returns no proper Score: {error}")


def _cause(code: int | None) -> str:
    return OVERDUE if code == -signal.SIGALRM else f"the comparison ends its process, with code {code}"


def _slim(sample: Sample) -> Sample:
    """Without what no scorer reads: pictures are large."""
    fields = {name: value for name, value in (sample.fields or sample.row).items() if not _holds_bytes(value)}
    return Sample(
        sample.id, sample.row_number, {}, sample.query, (), sample.gold, None, sample.choices, {}, None, fields
    )


def _holds_bytes(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_bytes, value.values()))
    if isinstance(value, list):
        return any(map(_holds_bytes, value))
    return isinstance(value, bytes)
