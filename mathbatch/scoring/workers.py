"""Score responses in worker processes, so that a hostile response ends a worker but never the scoring run.

Each worker has its own connection, and the caller's thread does all the sending and receiving. So a worker can be
killed at any moment without leaving a lock or half a message to the others. Tasks that it had not started yet go to
another worker.
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
from mathbatch.parts.first_errors import FirstErrors
from mathbatch.records import Sample, Score
from mathbatch.scoring.panel import Panel, Votes
from mathbatch.scoring.review import ReviewReason
from mathbatch.scoring.worker_process import TIME_LIMIT_S, WorkerReply, decode_reply, serve

# Seconds after the time limit before a worker is killed from outside. It normally ends itself by its alarm, unless a
# scorer has changed what the alarm does.
GRACE_S = 2.0
# Tasks per worker that may be queued behind the oldest one without a reply.
MAX_QUEUED_PER_WORKER = 64
# Tasks that one worker has at a time: enough that it never waits for the next, few enough that little waits behind a
# slow one.
MAX_TASKS_PER_WORKER = 4
# Bytes of tasks that are sent to a busy worker: its pipe holds them, so sending never blocks.
MAX_PIPE_BYTES = 1 << 15
MAX_WORKERS = 8
# Tasks after which a worker is replaced by a new one, since sympy keeps much of what it has seen in memory.
TASKS_BEFORE_RENEWAL = 20_000
# Workers in a row that may end before they are ready. After that, starting more is pointless.
MAX_FAILED_STARTS = 3
# Seconds to wait for replies before the caller's `on_wait` is called again.
WAIT_S = 0.5
TIMEOUT_PROBLEM = f"the comparison takes over {TIME_LIMIT_S:g} s"

Key = TypeVar("Key")


def start_without_sigint(process: BaseProcess) -> None:
    """Start `process` with SIGINT blocked, for it and for the server it is forked from: Ctrl-C is for the parent."""
    # Python's resource tracker unblocks SIGINT when it starts, so it must be running before the signal is blocked.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class ScoringTask:
    """One response for a worker to score. `reply` is None until a worker has answered."""

    def __init__(self, message: bytes = b"", reply: WorkerReply | None = None) -> None:
        self.message, self.reply = message, reply


class Worker:
    """One worker process and the tasks that were sent to it; it works on the first of them."""

    def __init__(self, panel: Panel) -> None:
        # Workers are forked from a clean server process, so that no threads of an engine are copied into them.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([serve.__module__, *panel.preload])
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, panel.spec), name="scoring")
        start_without_sigint(self.process)
        theirs.close()
        self.tasks: deque[ScoringTask] = deque()
        self.is_ready = False
        self._sent = 0
        # Time at which it got its first task, or at which it last replied.
        self._since = 0.0

    @property
    def needs_renewal(self) -> bool:
        """Tell whether it has done its share of tasks and should be replaced."""
        return self._sent >= TASKS_BEFORE_RENEWAL and not self.tasks

    @property
    def is_overdue(self) -> bool:
        """Tell whether it has worked on one task for too long."""
        return bool(self.tasks) and time.monotonic() > self._since + TIME_LIMIT_S + GRACE_S

    def accepts(self, task: ScoringTask) -> bool:
        """Tell whether the task can be sent now."""
        if not self.is_ready or self._sent >= TASKS_BEFORE_RENEWAL or len(self.tasks) >= MAX_TASKS_PER_WORKER:
            return False
        return not self.tasks or sum(len(one.message) for one in [*self.tasks, task]) <= MAX_PIPE_BYTES

    def send(self, task: ScoringTask) -> None:
        """Send a task. A worker that has died is noticed when its reply is awaited."""
        if not self.tasks:
            self._since = time.monotonic()
        self.tasks.append(task)
        self._sent += 1
        with suppress(OSError):
            self.connection.send_bytes(task.message)

    def receive(self) -> None:
        """Take the next message from the worker. Raises EOFError or OSError if it has died."""
        message = self.connection.recv_bytes()
        self._since = time.monotonic()
        if self.is_ready:
            self.tasks.popleft().reply = _decoded(message)
        self.is_ready = True

    def kill(self) -> int | None:
        """End the process and everything it has started; return its exit code."""
        assert self.process.pid is not None
        with suppress(ProcessLookupError):  # it has no process group yet, or has ended
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()
        self.connection.close()
        return self.process.exitcode


class Workers:
    """Pool of worker processes, to be used as a context. Processes start with the first task.

    `on_wait` is called at least every WAIT_S seconds while replies are awaited. An exception that it raises ends the
    waiting.
    """

    def __init__(self, panel: Panel, on_wait: Callable[[], object] = lambda: None) -> None:
        self._panel, self._on_wait = panel, on_wait
        self._count = max(1, min(len(os.sched_getaffinity(0)), MAX_WORKERS))
        self._workers: list[Worker] = []
        self._queue: deque[ScoringTask] = deque()
        self._failed_starts = 0
        self._errors = FirstErrors("responses")

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.kill()

    def votes(self, units: Iterable[tuple[Key, Sample, str | None]]) -> Iterator[tuple[Key, Votes, list[ReviewReason]]]:
        """Yield the votes on each response, and the reasons to review them, in the order of `units`.

        A unit is a key, a sample and a response. The votes are empty if the response is None. Raise JobError if a
        scorer makes the same mistake on each of the first responses.
        """
        waiting: deque[tuple[Key, Sample, ScoringTask]] = deque()
        for key, sample, response in units:
            task = ScoringTask(reply=WorkerReply()) if response is None else self._submit(sample, response)
            waiting.append((key, sample, task))
            if len(waiting) >= MAX_QUEUED_PER_WORKER * self._count:
                yield self._result(*waiting.popleft())
        while waiting:
            yield self._result(*waiting.popleft())
        self._errors.end()

    def submit_gold(self, sample: Sample) -> ScoringTask:
        """Submit a task whose reply says in `problem` why nothing could be equal to the sample's gold answer."""
        return self._submit(sample, None)

    def reply_to(self, task: ScoringTask) -> WorkerReply:
        """Wait for the reply to a task; other tasks go on meanwhile."""
        while task.reply is None:
            self._work()
        return task.reply

    def _submit(self, sample: Sample, response: str | None) -> ScoringTask:
        try:
            task = ScoringTask(pickle.dumps((_without_unread_fields(sample), response)))
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            return ScoringTask(reply=WorkerReply(problem=f"the row can't be handed to a scorer: {error}"))
        self._queue.append(task)
        return task

    def _result(self, key: Key, sample: Sample, task: ScoringTask) -> tuple[Key, Votes, list[ReviewReason]]:
        reply = self.reply_to(task)
        if reply.fault is not None:
            self._errors.note_fault(reply.fault, sample.id)
        elif reply.votes:
            self._errors.note_success()
        if reply.problem:
            return key, {self._panel.names[0]: Score("unscored", None, sample.gold, reply.problem)}, []
        return key, reply.votes, reply.review

    def _work(self) -> None:
        """Send queued tasks, then wait until a worker replies or must be replaced."""
        self._on_wait()
        # joblib sets a start method that its child processes don't know; multiprocessing would fail on it.
        if multiprocessing.get_start_method(allow_none=True) not in multiprocessing.get_all_start_methods():
            multiprocessing.set_start_method("forkserver", force=True)
        while len(self._workers) < self._count:
            self._workers.append(Worker(self._panel))
        self._send_queued()
        ready = wait([worker.connection for worker in self._workers], timeout=WAIT_S)
        for worker in list(self._workers):
            if worker.connection in ready:
                self._receive_from(worker)
            elif worker.is_overdue:
                self._remove(worker, TIMEOUT_PROBLEM)

    def _send_queued(self) -> None:
        while self._queue:
            free = [worker for worker in self._workers if worker.accepts(self._queue[0])]
            if not free:
                break
            min(free, key=lambda worker: len(worker.tasks)).send(self._queue.popleft())

    def _receive_from(self, worker: Worker) -> None:
        try:
            worker.receive()
        except (EOFError, OSError):
            self._remove(worker)
            return
        self._failed_starts = 0
        if worker.needs_renewal:
            self._remove(worker)

    def _remove(self, worker: Worker, problem: str = "") -> None:
        """End a worker. Its first task is blamed for its end; the others go back to the queue.

        Raises ConfigError if several workers in a row have ended before they were ready.
        """
        self._workers.remove(worker)
        code = worker.kill()
        if worker.tasks:
            worker.tasks.popleft().reply = WorkerReply(problem=problem or _problem_of_exit(code))
        self._queue.extendleft(reversed(worker.tasks))
        self._failed_starts += not worker.is_ready
        if self._failed_starts > MAX_FAILED_STARTS:
            fix = "see above what its process says; its class must be importable from a module"
            raise ConfigError("dataset.scoring", f"a scorer's process ends at its start, with code {code}", fix)


def _decoded(message: bytes) -> WorkerReply:
    try:
        return decode_reply(message)
    except msgspec.ValidationError as error:
        return WorkerReply(problem=f"the scorer returns no proper Score: {error}")


def _problem_of_exit(code: int | None) -> str:
    return TIMEOUT_PROBLEM if code == -signal.SIGALRM else f"the comparison ends its process, with code {code}"


def _without_unread_fields(sample: Sample) -> Sample:
    """Return the sample without what no scorer reads: images above all, which are large."""
    fields = {name: value for name, value in (sample.fields or sample.row).items() if not _holds_bytes(value)}
    return Sample(
        id=sample.id,
        row_number=sample.row_number,
        row={},
        query=sample.query,
        gold=sample.gold,
        choices=sample.choices,
        fields=fields,
    )


def _holds_bytes(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_bytes, value.values()))
    if isinstance(value, list):
        return any(map(_holds_bytes, value))
    return isinstance(value, bytes)
