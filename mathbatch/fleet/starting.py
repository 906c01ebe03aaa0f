"""Start members of a fleet, again where one fails, beside those that work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from mathbatch.errors import EngineError, MathBatchError
from mathbatch.fleet.seat import Seat


class Starter:
    """Starts members. `on_up` is called with each that is up; `on_end` at each end of a start.

    That gets the error of a member that is given up, or a defect, else None: it is up, or the run is being stopped.
    """

    def __init__(self, on_up: Callable[[Seat], object], on_end: Callable[[Seat, BaseException | None], object]) -> None:
        self._on_up, self._on_end = on_up, on_end
        self._tasks: set[asyncio.Task[MathBatchError | None]] = set()
        self._say: Callable[[str], object] = print
        self._stop = asyncio.Event()

    def begin_stream(self, say: Callable[[str], object], stop: asyncio.Event) -> None:
        """Tell news by `say` from now on. Once `stop` is set, no member is started again."""
        self._say, self._stop = say, stop

    @property
    def is_busy(self) -> bool:
        """Tell whether a member is being started, or will be after a pause."""
        return bool(self._tasks)

    def start(self, seat: Seat) -> None:
        """Start a member in the background."""
        task = asyncio.get_running_loop().create_task(self._start(seat))
        self._tasks.add(task)
        task.add_done_callback(lambda ended: self._end(seat, ended))

    async def cancel(self) -> None:
        """End all starts that are under way."""
        for task in (tasks := list(self._tasks)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _end(self, seat: Seat, task: asyncio.Task[MathBatchError | None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            self._on_end(seat, task.exception() or task.result())

    async def _start(self, seat: Seat) -> MathBatchError | None:
        """Start a member, after a pause if it failed before. Return the error with which it is given up, if it is."""
        pauses = seat.member.pauses_s
        error: MathBatchError = EngineError("it was lost again and again without an answer between")
        while seat.failures < len(pauses) and not self._stop.is_set():
            await self._stopped_or_after(pauses[seat.failures] if seat.starts else 0.0)
            try:
                if seat.starts:
                    await seat.member.stop()
                seat.state, seat.starts, seat.answers_since_start = "starting", seat.starts + 1, 0
                await seat.member.start(lambda news: self._say(news))
            except EngineError as failed:
                seat.failures, error = seat.failures + 1, failed
                if seat.failures < len(pauses):
                    self._say(f"{seat.member.name} can't start: {error}")
            except MathBatchError as wrong:  # a setting, a part of the user's own, a disk: no later start would help
                seat.failures, error = len(pauses), wrong
            else:
                seat.state = "up"
                self._on_up(seat)
                return None
            seat.state = "down"
        if seat.failures < len(pauses):
            return None
        seat.state = "given up"
        return error

    async def _stopped_or_after(self, pause_s: float) -> None:
        if pause_s:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause_s)
