"""Hold one scoring worker: a process of its own, its connection, and the limits that are enforced from outside."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import deque
from contextlib import suppress
from multiprocessing.process import BaseProcess

import msgspec

from mathbatch.models.limits import LimitError
from mathbatch.models.shield import shield_processes
from mathbatch.models.sockets import shorten_sockets_of_multiprocessing
from mathbatch.scoring.panel import Panel
from mathbatch.scoring.worker_process import PRELOAD, TIME_LIMIT_S, TIME_PROBLEM, WorkerReply, decode_reply, serve

# Seconds of processor time beyond the limit before a worker is killed from outside. It normally ends itself by a
# signal, unless a scorer has changed what the signal does.
GRACE_S = 2.0
# Seconds for which a worker may do nothing at all: its scorer waits for something that may never come.
IDLE_LIMIT_S = 60.0
IDLE_PROBLEM = "the scorer waits, without computing, for over {:g} s"
# Seconds between looks at a worker that computes: each reads files of the system, and most tasks take milliseconds.
LOOK_S = 0.5
# Signals by which the system ends a process that crashes, for instance because its stack is full.
CRASHES = {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL}
# Tasks that one worker has at a time: enough that it never waits for the next, few enough that little waits behind a
# slow one.
MAX_TASKS_PER_WORKER = 4
# Bytes of tasks that are sent to a busy worker: its pipe holds them, so sending never blocks.
MAX_PIPE_BYTES = 1 << 15
# Tasks after which a worker is replaced by a new one, since a scorer may keep what it has seen in memory.
TASKS_BEFORE_RENEWAL = 20_000


class ScoringTask:
    """One response for a worker to score. `reply` is None until a worker has answered."""

    def __init__(self, message: bytes = b"", reply: WorkerReply | None = None) -> None:
        self.message, self.reply = message, reply


class Worker:
    """One worker process and the tasks that were sent to it; it works on the first of them."""

    def __init__(self, panel: Panel) -> None:
        shorten_sockets_of_multiprocessing()
        # Workers are forked from a clean server process, so that no threads of an engine are copied into them.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([*PRELOAD, *panel.preload])
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, panel.spec), name="scoring")
        _start(self.process)
        theirs.close()
        self.tasks: deque[ScoringTask] = deque()
        self.is_ready = False
        self._sent = 0
        # Time at which it got its first task, at which it last replied, or was last seen to compute.
        self._since = 0.0
        # Processor time that it had used when it was first looked at in its present task; None before.
        self._used_before: float | None = None
        self._used = 0.0

    @property
    def needs_renewal(self) -> bool:
        """Tell whether it has done its share of tasks and should be replaced."""
        return self._sent >= TASKS_BEFORE_RENEWAL and not self.tasks

    def overdue(self) -> str:
        """Return why its task has to be ended from outside; empty if it has not."""
        now = time.monotonic()
        if not self.tasks or now - self._since < LOOK_S:
            return ""
        used = _processor_s(self.process)
        if self._used_before is None:
            self._used_before = used
        if used > self._used:
            self._used, self._since = used, now
        if used - self._used_before > TIME_LIMIT_S + GRACE_S:
            return TIME_PROBLEM
        return IDLE_PROBLEM.format(IDLE_LIMIT_S) if now - self._since > IDLE_LIMIT_S else ""

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
        self._since, self._used_before = time.monotonic(), None
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


def _start(process: BaseProcess) -> None:
    """Start a process with SIGINT blocked, in it and in the server that it is forked from: Ctrl-C is for the parent.

    Raise LimitError if the system allows no more processes.
    """
    before = shield_processes({signal.SIGINT})
    try:
        process.start()
    except (BlockingIOError, EOFError) as error:  # of this process, and of the server
        raise LimitError(
            "no process can be started to score answers\n"
            "  fix: allow more processes and threads (ulimit -u), or end others of yours"
        ) from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _decoded(message: bytes) -> WorkerReply:
    try:
        return decode_reply(message)
    except msgspec.ValidationError as error:
        return WorkerReply(problem=f"the scorer returns no proper Score: {error}")


def reply_of_exit(code: int | None) -> WorkerReply:
    """Return the reply of a process that has ended: a response can make it crash, but not make it leave."""
    if code == -signal.SIGPROF:
        return WorkerReply(problem=TIME_PROBLEM, too_hard=True)
    if code is not None and -code in CRASHES:
        return WorkerReply(problem=f"too hard to compare: {signal.Signals(-code).name} ends the process", too_hard=True)
    return WorkerReply(problem=f"the comparison ends its process, with code {code}")


def _processor_s(process: BaseProcess) -> float:
    """Return the seconds of processor time that a process has used; 0 if it has ended."""
    import psutil

    with suppress(psutil.Error):
        times = psutil.Process(process.pid).cpu_times()
        return float(times.user + times.system)
    return 0.0
