"""Keeps an engine alive: restarts it when it dies or stalls, and finds the sample that kills it.

After a death, what was in flight is suspect and runs again on a new engine with nothing beside it. If that dies too,
the suspects are divided into eight groups that run one after another, and so on, until one sample has been in flight
alone at a death, its second or later: that one is quarantined, as a failure. Finding one culprit among 512 costs five
restarts; a death that no sample caused costs one.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress

from mathbatch.base import BaseInferenceModel
from mathbatch.errors import EngineDied, EngineError, JobError, RequestLost, SampleError
from mathbatch.records import Request, Response

PIECES = 8
MAX_DEATHS_IN_A_ROW = 8
"""Deaths without an answer or a culprit between them: more than the search needs, so the engine itself is broken."""
MAX_DEATHS_BEFORE_AN_ANSWER = 6
"""An engine that has never answered is broken sooner: a culprit among its first 512 samples is found in five."""
MAX_QUARANTINES_IN_A_ROW = 32
"""Different samples. One that all jobs of a sweep ask in many rollouts counts once."""
MAX_QUARANTINES_OF_A_JOB = 8
"""A job whose samples all kill the engine, while others are answered, has settings that the engine can't take."""
OPEN_PAUSES_S = (2.0, 10.0)
STALL_CHECK_S = 1.0

# Attempts per request: vLLM may drop several requests that share an image, one after another.
MAX_ATTEMPTS = 4

# Job, sample id, rollout, digest of the input.
UnitKey = tuple[int, str, int, str]
# Gives the context in which the request has its images decoded; entered anew for each attempt.
Ready = Callable[[], AbstractAsyncContextManager[Request]]


class Supervisor:
    """Answers requests on a model that may die meanwhile."""

    def __init__(self, model: BaseInferenceModel) -> None:
        self.model = model
        self._say: Callable[[str], None] = print
        self._stop = asyncio.Event()
        self._answers = 0
        self._culprits: set[str] = set()
        self._quarantines_of: Counter[int] = Counter()
        self._active: dict[UnitKey, asyncio.Task[object]] = {}
        # Units that the model has been asked: while there are some, the engine has work, and may stall.
        self._asked: dict[UnitKey, None] = {}
        self._casualties: list[UnitKey] = []
        self._deaths: Counter[UnitKey] = Counter()
        self._deaths_in_a_row = 0
        self._quarantined: set[UnitKey] = set()
        self._groups: deque[set[UnitKey]] = deque()
        self._restarting = False
        self._called_back = False
        self._recalled: set[UnitKey] = set()
        self._changed = asyncio.Condition()
        self._watch: asyncio.Task[None] | None = None

    def attend(self, say: Callable[[str], None], stop: asyncio.Event) -> None:
        """`say` gets a sentence whenever something happens that the user should know; after `stop` nothing restarts."""
        self._say, self._stop = say, stop

    async def open(self) -> None:
        """Load. Raises EngineError."""
        await self.model.open()
        if self.model.config.stall_timeout_s is not None and self.model.steps() is not None:
            self._watch = asyncio.create_task(self._watch_for_stall(self.model.config.stall_timeout_s))

    async def close(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        await self.model.close()

    async def answer(self, request: Request, ready: Ready) -> Response:
        """Return the model's response, asked again on a new engine when the engine dies.

        Raises SampleError, JobError, EngineError; EngineDied where the engine is gone and no other will come.
        """
        unit = (request.job, request.id, request.rollout, request.digest)
        while True:
            if self._restarting or self._groups:
                await self._turn(unit)
            try:
                response = await self._recallable(unit, ready)
            except EngineDied as death:
                self._call_back()
                if self._is_over:
                    await self._tell_those_who_wait()
                    raise
                await self._after_death(unit, str(death))
                continue
            except BaseException:
                await self._leave(unit)
                raise
            self._answers += 1
            self._deaths_in_a_row = 0
            self._culprits.clear()
            self._quarantines_of[unit[0]] = 0
            await self._leave(unit)
            return response

    @property
    def _is_over(self) -> bool:
        """The engine is gone and no other will come."""
        return self._called_back and self._stop.is_set()

    async def _tell_those_who_wait(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _recallable(self, unit: UnitKey, ready: Ready) -> Response:
        """Ask, so that `_call_back` can end the waiting. Raises EngineDied where it did."""
        task = asyncio.current_task()
        assert task is not None
        if unit in self._active:
            raise SampleError("duplicate_id", f"the id '{unit[1]}' is in flight already: the loader gave it twice")
        self._active[unit] = task
        try:
            return await self._attempts(unit, ready)
        except asyncio.CancelledError:
            if unit not in self._recalled or task.cancelling() > 1:
                raise
            raise EngineDied("the engine is gone") from None
        finally:
            del self._active[unit]
            if unit in self._recalled:  # however it ended: what is left of that call would end a later attempt
                self._recalled.discard(unit)
                task.uncancel()

    async def _attempts(self, unit: UnitKey, ready: Ready) -> Response:
        """Ask once more where the engine lost the request. Raises RequestLost after MAX_ATTEMPTS."""
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                async with ready() as request:
                    self._asked[unit] = None
                    return await self.model.generate(request)
            except RequestLost:
                if attempt == MAX_ATTEMPTS:
                    raise
            finally:
                self._asked.pop(unit, None)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _turn(self, unit: UnitKey) -> None:
        """Wait while another group of suspects has the engine. Raises EngineDied where there will be none."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._is_over or (not self._restarting and self._is_turn_of(unit)))
        if self._is_over:
            raise EngineDied("the engine is gone")

    def _is_turn_of(self, unit: UnitKey) -> bool:
        return not self._groups or unit in self._groups[0]

    async def _leave(self, unit: UnitKey) -> None:
        if not self._groups and not self._restarting:
            return
        async with self._changed:
            for group in self._groups:
                group.discard(unit)
            while self._groups and not self._groups[0]:
                self._groups.popleft()
            self._changed.notify_all()

    async def _after_death(self, unit: UnitKey, reason: str) -> None:
        """Wait for the new engine; the last one in flight starts it. Raises SampleError if this unit is the culprit."""
        self._casualties.append(unit)
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
        casualties, self._casualties = self._casualties, []
        self._deaths.update(casualties)
        self._deaths_in_a_row += 1
        limit = MAX_DEATHS_IN_A_ROW if self._answers else MAX_DEATHS_BEFORE_AN_ANSWER
        if self._deaths_in_a_row > limit or len(self._culprits) > MAX_QUARANTINES_IN_A_ROW:
            raise EngineError(
                f"the engine died {self._deaths_in_a_row} times without one answer between ({reason})\n"
                "  fix: look for the cause in run.log; what is saved is kept"
            )
        self._say(f"the engine died ({reason}) with {len(casualties)} in flight; starting it again")
        searching = bool(self._groups)
        if searching:
            self._groups.popleft()
        self._groups.extendleft(reversed(self._regroup(casualties, searching)))
        await self.model.close()
        self._called_back = False
        await self._open_again()
        self._restarting = False

    def _regroup(self, casualties: list[UnitKey], searching: bool) -> list[set[UnitKey]]:
        if len(casualties) == 1 and self._deaths[casualties[0]] >= 2:
            self._quarantined.add(casualties[0])
            job, _, _, digest = casualties[0]
            if self._answers or digest in self._culprits:
                self._deaths_in_a_row = 0
            self._culprits.add(digest)
            self._quarantines_of[job] += 1
            self._say(f"sample {casualties[0][1]} killed the engine alone: set aside as a failure")
            return []
        size = max(1, -(-len(casualties) // PIECES)) if searching else len(casualties)
        return [set(casualties[at : at + size]) for at in range(0, len(casualties), size)]

    def _call_back(self) -> None:
        """The engine is gone: nothing is to wait for it any longer."""
        if not self._called_back:
            self._called_back = True
            self._recalled.update(self._active)
            for task in self._active.values():
                task.cancel()

    async def _open_again(self) -> None:
        """The memory of a dead engine may take some seconds to come back."""
        for pause in OPEN_PAUSES_S:
            try:
                return await self.model.open()
            except EngineError as error:
                self._say(f"{error}; once more in {pause:g} s")
                await asyncio.sleep(pause)
        return await self.model.open()

    async def _watch_for_stall(self, timeout_s: float) -> None:
        """An engine that has work but makes no step is taken for dead: what waits for it is called back.

        Time counts by the looks at it: while this process was stopped (Ctrl-Z, a machine asleep), its engine was too.
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
                    self._call_back()
                    still_s = 0.0
