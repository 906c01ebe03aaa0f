"""Handle Ctrl-C in three steps: finish what is in flight, stop waiting for it, exit now.

If nothing is in flight, the first Ctrl-C stops at once. A second one is then ignored, so that cleaning up can finish.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import signal
from collections.abc import Awaitable, Callable

from mathbatch.errors import Interrupted
from mathbatch.runner.progress import Progress


class FinishStopped(Exception):
    """Raised to stop writing results and scores after a signal. The next run writes them again."""


class Signals:
    """Signals that this command has caught, and what each further one does."""

    def __init__(self) -> None:
        self._caught: list[int] = []
        self._presses = 0

    def install(self) -> None:
        """Let a first Ctrl-C raise KeyboardInterrupt from here on, a second do nothing, a third exit now."""
        signal.signal(signal.SIGINT, self._on_interrupt)
        # Python restores the default handler at its end, and Ctrl-C would be deadly again.
        atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)

    def _on_interrupt(self, number: int, _: object) -> None:
        self._catch(number)
        if len(self._caught) == 1:
            raise KeyboardInterrupt

    def _catch(self, number: int) -> None:
        self._caught.append(number)
        if len(self._caught) > 2:
            os._exit(Interrupted.exit_code_of(number))

    def _on_press(self, number: int, _: object) -> None:
        self._presses += 1
        if self._presses > 2:
            os._exit(Interrupted.exit_code_of(number))

    async def until_stopped(self, work: Callable[[asyncio.Event], Awaitable[None]], progress: Progress) -> int | None:
        """Do the work; return the number of the signal that ended it, None if it came to its end by itself."""
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        task = asyncio.current_task()
        assert task is not None

        def on_signal(number: int) -> None:
            self._catch(number)
            if len(self._caught) > 1 or not progress.in_flight:
                progress.say("stopping: what is at work is being ended; three times in all to exit at once")
                task.cancel()
                return
            stop.set()
            progress.say(
                f"stopping: {progress.in_flight} in flight will be finished and saved; once more to stop at once"
            )

        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in before:
            loop.add_signal_handler(number, on_signal, number)
        # The loop's handler has no turn while a model of a user's own blocks the loop; this one is called all the same.
        signal.signal(signal.SIGINT, self._on_press)
        try:
            await work(stop)
        except asyncio.CancelledError:
            if not self._caught:
                raise
            task.uncancel()
        finally:
            for number, handler in before.items():
                loop.remove_signal_handler(number)
                signal.signal(number, signal.SIG_DFL if handler is None else handler)
        return self._caught[0] if self._caught else None
