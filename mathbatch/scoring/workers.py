"""Score responses in worker processes, so that a hostile response ends a worker but never the scoring run.

Each worker has its own connection, and the caller's thread does all the sending and receiving. So a worker can be
killed at any moment without leaving a lock or half a message to the others. Tasks that it had not started yet go to
another worker.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import wait
from typing import Any, Generic, NamedTuple, TypeVar

from mathbatch.errors import ConfigError
from mathbatch.models.limits import refuse_small_memory
from mathbatch.parts.first_errors import FirstErrors
from mathbatch.records import Sample, Score
from mathbatch.scoring.panel import Panel, Votes
from mathbatch.scoring.review import ReviewReason
from mathbatch.scoring.worker import ScoringTask, Worker, reply_of_exit
from mathbatch.scoring.worker_process import MEMORY_LIMIT_BYTES, TIME_PROBLEM, WorkerReply

# Tasks per worker that are pickled and not sent yet.
MAX_QUEUED_PER_WORKER = 64
# Responses, and bytes of their rows, that may be scored ahead of the oldest one without a reply: the other workers go
# on while one has a hard response.
MAX_WAITING = 4096
MAX_WAITING_BYTES = 64 << 20
MAX_WORKERS = 8
# Workers in a row that may end before they are ready. After that, starting more is pointless.
MAX_FAILED_STARTS = 3
# Seconds to wait for replies before the caller's `on_wait` is called again.
WAIT_S = 0.5

Key = TypeVar("Key")


class Unit(NamedTuple, Generic[Key]):
    """Response whose votes are awaited; `size` is what it holds in memory, in bytes."""

    key: Key
    sample: Sample
    response: str | None
    task: ScoringTask
    size: int


class Workers:
    """Pool of worker processes, to be used as a context. Processes start with the first task.

    `on_wait` is called at least every WAIT_S seconds while replies are awaited. An exception that it raises ends the
    waiting.
    """

    def __init__(self, panel: Panel, on_wait: Callable[[], object] = lambda: None) -> None:
        # With less, an answer that is right would count as too hard to compare.
        refuse_small_memory(MEMORY_LIMIT_BYTES, "scoring takes up to")
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
        waiting: deque[Unit[Key]] = deque()
        held = 0
        for key, sample, response in units:
            task = ScoringTask(reply=WorkerReply()) if response is None else self._submit(sample, response)
            waiting.append(Unit(key, sample, response, task, len(task.message) + _held_bytes(sample.row)))
            held += waiting[-1].size
            while len(self._queue) >= MAX_QUEUED_PER_WORKER * self._count:
                self._work()
            while waiting and (waiting[0].task.reply is not None or self._is_full(len(waiting), held)):
                held -= waiting[0].size
                yield self._result(waiting.popleft())
        while waiting:
            yield self._result(waiting.popleft())
        self._errors.end()

    def submit_gold(self, sample: Sample) -> ScoringTask:
        """Submit a task whose reply says in `problem` why nothing could be equal to the sample's gold answer."""
        return self._submit(sample, None)

    def reply_to(self, task: ScoringTask) -> WorkerReply:
        """Wait for the reply to a task; other tasks go on meanwhile."""
        while task.reply is None:
            self._work()
        return task.reply

    def _submit(self, sample: Sample, response: str | None, only: str | None = None) -> ScoringTask:
        try:
            task = ScoringTask(pickle.dumps((_without_unread_fields(sample), response, only)))
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            return ScoringTask(reply=WorkerReply(problem=f"the row can't be handed to a scorer: {error}"))
        self._queue.append(task)
        return task

    def _is_full(self, waiting: int, held: int) -> bool:
        return waiting > MAX_WAITING or (held > MAX_WAITING_BYTES and waiting > self._count)

    def _result(self, unit: Unit[Key]) -> tuple[Key, Votes, list[ReviewReason]]:
        reply = self.reply_to(unit.task)
        self._note(reply, unit.sample)
        if not reply.problem:
            return unit.key, reply.votes, reply.review
        if unit.response is None or not unit.task.message or len(self._panel.voters) == 1:
            return unit.key, {self._panel.names[0]: _score_without_reply(unit.sample, reply)}, []
        return unit.key, self._votes_one_by_one(unit.sample, unit.response), []

    def _note(self, reply: WorkerReply, sample: Sample) -> None:
        if reply.fault is not None:
            self._errors.note_fault(reply.fault, sample.id)
        elif reply.votes:
            self._errors.note_success()

    def _votes_one_by_one(self, sample: Sample, response: str) -> Votes:
        """Ask each scorer alone, where one of several fails: its fault must not take the others' votes."""
        taking = [voter.name for voter in self._panel.voters if voter.takes(sample)]
        tasks = {name: self._submit(sample, response, name) for name in taking}
        votes: Votes = {}
        for name, task in tasks.items():
            reply = self.reply_to(task)
            votes |= {name: _score_without_reply(sample, reply)} if reply.problem else reply.votes
        return votes

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
            elif why := worker.overdue():
                self._remove(worker, WorkerReply(problem=why, too_hard=why == TIME_PROBLEM))

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

    def _remove(self, worker: Worker, reply: WorkerReply | None = None) -> None:
        """End a worker. Its first task is blamed for its end; the others go back to the queue.

        Raises ConfigError if several workers in a row have ended before they were ready.
        """
        self._workers.remove(worker)
        code = worker.kill()
        if worker.tasks:
            worker.tasks.popleft().reply = reply or reply_of_exit(code)
        self._queue.extendleft(reversed(worker.tasks))
        self._failed_starts += not worker.is_ready
        if self._failed_starts > MAX_FAILED_STARTS:
            fix = "see above what its process says; its class must be importable from a module"
            raise ConfigError("dataset.scoring", f"a scorer's process ends at its start, with code {code}", fix)


def _score_without_reply(sample: Sample, reply: WorkerReply) -> Score:
    """Return the score of a response whose comparison has failed.

    One that is too hard to compare is wrong. Left out of the accuracy, it would reward answers that nobody can read.
    """
    return Score("wrong" if reply.too_hard else "unscored", None, sample.gold, reply.problem)


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
    return _held_bytes(value) > 0


def _held_bytes(value: Any) -> int:
    """Return how many bytes of images a value of a row holds."""
    if isinstance(value, dict):
        return sum(map(_held_bytes, value.values()))
    if isinstance(value, list):
        return sum(map(_held_bytes, value))
    return len(value) if isinstance(value, bytes) else 0
