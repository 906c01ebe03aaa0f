"""Keep an engine alive: restart it when it dies or stalls, and find the sample that kills it.

Each request has its own task, which calls `Supervisor.answer` and goes through these steps:

1. Wait for its turn. Outside a search every request has it at once.
2. Get the images of the request ready and ask the model.
3. If the engine dies, all tasks in flight are interrupted. The last of them starts a new engine, and all begin again.

After a death, every request in flight is a suspect, and the suspects run again on the new engine with nothing beside
them. If that engine dies too, the search begins: the suspects are divided into eight groups that run one after another,
and so on, until one request was alone in flight at a death that is not its first. That one is quarantined: its sample
fails. Finding one culprit among 512 requests costs five restarts; a death that no sample caused costs one.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress

from mathbatch.base import BaseInferenceModel
from mathbatch.errors import EngineDied, EngineError, JobError, RequestLost, SampleError
from mathbatch.models.guard import GuardedModel
from mathbatch.parts.faults import PartError
from mathbatch.records import Request, Response

# Groups into which the suspects are divided.
SUSPECT_GROUPS = 8
# Deaths with neither an answer nor a culprit between them. A search needs fewer, so the engine itself is broken.
MAX_DEATHS_IN_A_ROW = 8
# An engine that has never answered is given up sooner: a culprit among its first 512 requests is found in five deaths.
MAX_DEATHS_BEFORE_AN_ANSWER = 6
# Different prompts. One that all jobs of a sweep ask in many rollouts counts once.
MAX_QUARANTINES_IN_A_ROW = 32
# If all samples of a job kill the engine while other jobs are answered, the engine can't take the job's settings.
MAX_QUARANTINES_OF_A_JOB = 8
# The memory of a dead engine may take some seconds to become free, so opening the next one is tried several times.
OPEN_PAUSES_S = (2.0, 10.0)
STALL_CHECK_S = 1.0

# Attempts per request: vLLM may drop several requests that share an image, one after another.
MAX_ATTEMPTS = 4

# Job, sample id, rollout, hash of the prompt, which is the same in every job.
UnitKey = tuple[int, str, int, int]
# Returns the context in which the request has its images decoded. It is entered anew for each attempt.
Ready = Callable[[], AbstractAsyncContextManager[Request]]


class Supervisor:
    """Answers requests on a model that may die meanwhile."""

    def __init__(self, model: BaseInferenceModel) -> None:
        self.model = model
        self._guarded = GuardedModel(model, lambda news: self._say(news))
        self._say: Callable[[str], None] = print
        self._stop = asyncio.Event()
        # Notified when a unit may have its turn, when the engine is replaced, and when the run ends.
        self._changed = asyncio.Condition()
        self._stall_watch: asyncio.Task[None] | None = None

        # Tasks of the units that are in flight, so that they can be interrupted.
        self._active: dict[UnitKey, asyncio.Task[object]] = {}
        # Units that the model has been asked. While there are some, the engine has work and may stall.
        self._asked: dict[UnitKey, None] = {}
        self._interrupted: set[UnitKey] = set()
        self._engine_is_gone = False
        self._restarting = False

        # Groups of suspects. Only the units of the first group may run.
        self._groups: deque[set[UnitKey]] = deque()
        self._in_flight_at_death: list[UnitKey] = []
        self._deaths_of: Counter[UnitKey] = Counter()
        self._quarantined: set[UnitKey] = set()

        self._answers = 0
        # Counts since the last answer, of any job or of one. Culprits are prompts by their hashes.
        self._deaths_in_a_row = 0
        self._culprits_in_a_row: set[int] = set()
        self._quarantines_of: Counter[int] = Counter()

    def begin_stream(self, say: Callable[[str], None], stop: asyncio.Event) -> None:
        """Pass news for the user to `say` from now on, and restart no engine once `stop` is set."""
        self._say, self._stop = say, stop

    async def open(self) -> None:
        """Load the model and start to watch for stalls. Raise EngineError if it can't be loaded."""
        await self._guarded.open()
        if self.model.config.stall_timeout_s is not None and self.model.steps() is not None:
            self._stall_watch = asyncio.create_task(self._watch_for_stall(self.model.config.stall_timeout_s))

    async def close(self) -> None:
        """Stop watching, and close the model. Raise PartError if it raises an error."""
        if self._stall_watch is not None:
            self._stall_watch.cancel()
        await self._guarded.close()

    async def answer(self, request: Request, ready: Ready) -> Response:
        """Return the model's response, asking again on a new engine if the engine dies.

        Raise SampleError if the sample can't be answered, JobError if its job's settings kill the engine, EngineError
        if no engine can be started, and EngineDied if the engine is gone and the run is being stopped.
        """
        unit = (request.job, request.id, request.rollout, request.prompt)
        while True:
            if self._restarting or self._groups:
                await self._wait_for_turn(unit)
            try:
                response = await self._ask_interruptibly(unit, ready)
            except EngineDied as death:
                self._interrupt_all()
                if self._is_over:
                    await self._notify_all()
                    raise
                await self._after_death(unit, str(death))
                continue
            except BaseException:
                await self._leave_search(unit)
                raise
            self._note_answer(unit)
            await self._leave_search(unit)
            return response

    @property
    def _is_over(self) -> bool:
        """Tell whether the engine is gone and will not be replaced, because the run is being stopped."""
        return self._engine_is_gone and self._stop.is_set()

    async def _notify_all(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _wait_for_turn(self, unit: UnitKey) -> None:
        """Wait while the engine is restarted or runs another group. Raise EngineDied if it will not be replaced."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._is_over or (not self._restarting and self._has_turn(unit)))
        if self._is_over:
            raise EngineDied("the engine is gone")

    def _has_turn(self, unit: UnitKey) -> bool:
        return not self._groups or unit in self._groups[0]

    async def _ask_interruptibly(self, unit: UnitKey, ready: Ready) -> Response:
        """Ask the model in a way that `_interrupt_all` can end. Raise EngineDied if it did."""
        task = asyncio.current_task()
        assert task is not None
        if unit in self._active:
            raise SampleError("duplicate_id", f"the id '{unit[1]}' is in flight already: the loader gave it twice")
        self._active[unit] = task
        try:
            return await self._ask(unit, ready)
        except asyncio.CancelledError:
            if unit not in self._interrupted or task.cancelling() > 1:  # someone else has cancelled the task
                raise
            raise EngineDied("the engine is gone") from None
        finally:
            del self._active[unit]
            if unit in self._interrupted:  # in every case, since otherwise the cancellation would end a later attempt
                self._interrupted.discard(unit)
                task.uncancel()

    async def _ask(self, unit: UnitKey, ready: Ready) -> Response:
        """Ask the model, again if it loses the request. Raise RequestLost after MAX_ATTEMPTS."""
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                async with ready() as request:
                    self._asked[unit] = None
                    return await self._guarded.generate(request)
            except RequestLost:
                if attempt == MAX_ATTEMPTS:
                    raise
            finally:
                self._asked.pop(unit, None)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _interrupt_all(self) -> None:
        """Mark the engine as gone, and interrupt all tasks that wait for it."""
        if not self._engine_is_gone:
            self._engine_is_gone = True
            self._interrupted.update(self._active)
            for task in self._active.values():
                task.cancel()

    def _note_answer(self, unit: UnitKey) -> None:
        """Start anew all counts of what went wrong in a row."""
        self._answers += 1
        self._deaths_in_a_row = 0
        self._culprits_in_a_row.clear()
        self._quarantines_of[unit[0]] = 0

    async def _leave_search(self, unit: UnitKey) -> None:
        """Remove a unit that has ended from the suspects. The next group has its turn when the first is empty."""
        if not self._groups and not self._restarting:
            return
        async with self._changed:
            for group in self._groups:
                group.discard(unit)
            while self._groups and not self._groups[0]:
                self._groups.popleft()
            self._changed.notify_all()

    async def _after_death(self, unit: UnitKey, reason: str) -> None:
        """Wait for the new engine, which the last task in flight starts. Raise SampleError if this unit is the culprit.

        Raise JobError if it is one of many of its job, and EngineDied if no engine will be started.
        """
        self._in_flight_at_death.append(unit)
        self._restarting = True
        async with self._changed:
            self._changed.notify_all()
            await self._changed.wait_for(lambda: not self._restarting or not self._active)
            if self._is_over:
                raise EngineDied(reason)
            if self._restarting:
                await self._restart(reason)
                self._changed.notify_all()
        if unit in self._quarantined:
            self._quarantined.discard(unit)
            if self._answers and self._quarantines_of[unit[0]] >= MAX_QUARANTINES_OF_A_JOB:
                raise JobError(f"{MAX_QUARANTINES_OF_A_JOB} samples in a row killed the engine, each alone ({reason})")
            raise SampleError(
                "engine_killed", f"the engine died each time it had this sample, the last time alone ({reason})"
            )

    async def _restart(self, reason: str) -> None:
        """Group the suspects and start a new engine. Raise EngineError if it died too often or can't be started."""
        suspects, self._in_flight_at_death = self._in_flight_at_death, []
        self._deaths_of.update(suspects)
        self._deaths_in_a_row += 1
        limit = MAX_DEATHS_IN_A_ROW if self._answers else MAX_DEATHS_BEFORE_AN_ANSWER
        if self._deaths_in_a_row > limit or len(self._culprits_in_a_row) > MAX_QUARANTINES_IN_A_ROW:
            raise EngineError(
                f"the engine died {self._deaths_in_a_row} times without one answer between ({reason})\n"
                "  fix: remove the cause, then run again: what is saved is kept"
            )
        self._say(f"the engine died ({reason}) with {len(suspects)} in flight; starting it again")
        searching = bool(self._groups)
        if searching:
            self._groups.popleft()
        self._groups.extendleft(reversed(self._groups_of(suspects, searching)))
        try:
            await self._guarded.close()
        except PartError as error:
            self._say(str(error))
        self._engine_is_gone = False
        await self._open_again()
        self._restarting = False

    def _groups_of(self, suspects: list[UnitKey], searching: bool) -> list[set[UnitKey]]:
        """Return the groups in which the suspects run again: one at first, eight in a search, none for a culprit."""
        if len(suspects) == 1 and self._deaths_of[suspects[0]] >= 2:
            self._quarantine(suspects[0])
            return []
        size = max(1, -(-len(suspects) // SUSPECT_GROUPS)) if searching else len(suspects)
        return [set(suspects[at : at + size]) for at in range(0, len(suspects), size)]

    def _quarantine(self, culprit: UnitKey) -> None:
        """Let a unit that has killed the engine alone fail."""
        self._quarantined.add(culprit)
        job, id, _, prompt = culprit
        if self._answers or prompt in self._culprits_in_a_row:
            self._deaths_in_a_row = 0
        self._culprits_in_a_row.add(prompt)
        self._quarantines_of[job] += 1
        self._say(f"sample {id} killed the engine alone: set aside as a failure")

    async def _open_again(self) -> None:
        for pause in OPEN_PAUSES_S:
            try:
                return await self._guarded.open()
            except EngineError as error:
                self._say(f"{error}; once more in {pause:g} s")
                await asyncio.sleep(pause)
        return await self._guarded.open()

    async def _watch_for_stall(self, timeout_s: float) -> None:
        """Treat an engine as dead that has work but makes no step for `timeout_s` seconds.

        Time is counted by the checks, not by a clock: while this process is stopped (Ctrl-Z, a suspended machine), the
        engine is stopped too.
        """
        every_s = min(STALL_CHECK_S, timeout_s / 4)
        steps, still_s = self.model.steps(), 0.0
        with suppress(asyncio.CancelledError):
            while True:
                await asyncio.sleep(every_s)
                still_s += every_s
                if not self._asked or self._restarting or self.model.steps() != steps:
                    steps, still_s = self.model.steps(), 0.0
                elif still_s > timeout_s:
                    waiting = ", ".join([id for _, id, _, _ in self._asked][:3])
                    self._say(
                        f"the engine made no step for {timeout_s:g} s with {len(self._asked)} in flight ({waiting} …)"
                    )
                    self._interrupt_all()
                    still_s = 0.0
