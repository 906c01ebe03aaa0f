"""Ctrl-C in three steps: finish what is in flight, stop waiting for it, exit now. Where nothing is in flight the first
one ends the work, and the second must not disturb what is tidied up then.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import signal
from collections.abc import Awaitable, Callable
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess

from mathbatch.progress import Progress

EXIT_SIGNAL = 128
_caught: list[int] = []
"""The signals that have been sent to this process."""


class Stopped(Exception):
    """Ends work beside the event loop that nobody waits for any more: a later run does it anew."""


def interrupt_once() -> None:
    """From here on a first Ctrl-C raises KeyboardInterrupt, a second does nothing, a third exits now."""
    signal.signal(signal.SIGINT, _on_interrupt)
    atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)  # Python's end would make it deadly again


def _on_interrupt(number: int, _: object) -> None:
    _catch(number)
    if len(_caught) == 1:
        raise KeyboardInterrupt


def _catch(number: int) -> None:
    _caught.append(number)
    if len(_caught) > 2:
        os._exit(EXIT_SIGNAL + number)


def start_deaf(process: BaseProcess) -> None:
    """Start a process that never hears Ctrl-C, nor does the server that it is forked from, not even at their start."""
    resource_tracker.ensure_running()  # for the server, and else started within, which would undo the mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


async def until_stopped(work: Callable[[asyncio.Event], Awaitable[None]], progress: Progress) -> int | None:
    """Do the work; the number of the signal that ended it, None if it came to its end by itself."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    task = asyncio.current_task()
    assert task is not None

    def on_signal(number: int) -> None:
        _catch(number)
        if len(_caught) > 1 or not progress.in_flight:
            progress.say("stopping: what is at work is being ended; three times in all to exit at once")
            task.cancel()
            return
        stop.set()
        progress.say(f"stopping: {progress.in_flight} in flight will be finished and saved; once more to stop at once")

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        loop.add_signal_handler(number, on_signal, number)
    try:
        await work(stop)
    except asyncio.CancelledError:
        if not _caught:
            raise
        task.uncancel()
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
    return _caught[0] if _caught else None
