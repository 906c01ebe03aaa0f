"""Handle signals that stop a run: finish what is in flight, stop waiting for it, exit now.

The first one stops admission; if nothing is in flight, the run stops at once. Ctrl-C counts further: a second one ends
what is in flight, or is ignored while cleaning up, and a third one exits now. SIGTERM and SIGHUP never count further,
since one event may send them several times: a terminal that is closed, timeout(1), a scheduler at the time limit.

A signal that is ignored when the command starts stays ignored, as nohup(1) wants it for SIGHUP. In a job that submitit
has started, signals that it handles are its own: SIGUSR2, by which a cluster says that the job has to go, ends what is
at work, and when all is saved and given back submitit puts the job into the queue again.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import signal
from collections.abc import Awaitable, Callable

from mathbatch.errors import Interrupted
from mathbatch.runner.progress import Progress

STOPPING = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
# One of them tells submitit that its job has to go; it is SIGUSR2 unless SUBMITIT_PREEMPT_SIGNAL says otherwise.
REQUEUEING = signal.SIGUSR2, signal.SIGUSR1


class FinishStopped(Exception):
    """Raised to stop writing results and scores after a signal. The next run writes them again."""


class Signals:
    """Signals that this command has caught, and what each further one does."""

    def __init__(self) -> None:
        self._caught: list[int] = []
        self._presses = 0

    def __reduce__(self) -> tuple[type[Signals], tuple[()]]:
        """Begin anew in another process: a job that is queued again has caught nothing yet."""
        return type(self), ()

    def install(self) -> None:
        """Let a first Ctrl-C raise KeyboardInterrupt from here on, a second do nothing, a third exit now."""
        signal.signal(signal.SIGINT, self._on_interrupt)
        # Python restores the default handler at its end, and Ctrl-C would be deadly again.
        atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)

    def _on_interrupt(self, number: int, _: object) -> None:
        self._caught.append(number)
        if len(self._caught) == 1:
            raise KeyboardInterrupt
        self._exit_at_third()

    def _exit_at_third(self) -> None:
        if len(self._caught) > 2:
            os._exit(Interrupted.exit_code_of(self._caught[0]))

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
            if self._caught and number != signal.SIGINT:
                return
            self._caught.append(number)
            self._exit_at_third()
            if len(self._caught) > 1 or not progress.in_flight:
                progress.say("stopping: what is at work is being ended; Ctrl-C three times in all to exit at once")
                task.cancel()
                return
            stop.set()
            again = "Ctrl-C once more" if number == signal.SIGINT else "Ctrl-C"
            progress.say(
                f"stopping: {progress.in_flight} in flight will be finished and saved; {again} to stop at once"
            )

        def on_requeue(number: int) -> None:
            self._caught.append(number)
            progress.say("the job has to go: what is at work is being ended, and the job is queued again")
            task.cancel()

        before = {number: handler for number in STOPPING if _is_free(handler := signal.getsignal(number))}
        before |= {number: handler for number in REQUEUEING if _is_of_submitit(handler := signal.getsignal(number))}
        for number in before:
            loop.add_signal_handler(number, on_signal if number in STOPPING else on_requeue, number)
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
                if self._caught and number in STOPPING and number != signal.SIGINT:
                    handler = signal.SIG_IGN  # a repetition must not end the cleaning up
                signal.signal(number, signal.SIG_DFL if handler is None else handler)
        return self._caught[0] if self._caught else None


def requeue(caught: int) -> None:
    """Let submitit queue this job again if `caught` is the signal that asks for it, and end. Do nothing otherwise.

    Call it when all is saved and given back. Raises SystemExit, as submitit's handler does.
    """
    handler = signal.getsignal(caught)
    if caught in REQUEUEING and callable(handler):
        handler(caught, None)


def _is_free(handler: object) -> bool:
    return handler != signal.SIG_IGN and not _is_of_submitit(handler)


def _is_of_submitit(handler: object) -> bool:
    return (getattr(handler, "__module__", None) or "").partition(".")[0] == "submitit"
