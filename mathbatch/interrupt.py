"""Ctrl-C in three steps: finish what is in flight, stop waiting for it, exit now."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

from mathbatch.progress import Progress

EXIT_SIGNAL = 128


async def until_stopped(work: Callable[[asyncio.Event], Awaitable[None]], progress: Progress) -> int | None:
    """Do the work; the number of the signal that ended it, None if it came to its end by itself."""
    loop, stop, caught = asyncio.get_running_loop(), asyncio.Event(), list[int]()
    task = asyncio.current_task()
    assert task is not None

    def on_signal(number: int) -> None:
        caught.append(number)
        if len(caught) > 2:
            os._exit(EXIT_SIGNAL + number)
        if len(caught) > 1 or not progress.in_flight:
            progress.say("stopping: the engine is being ended; three times in all to exit at once")
            task.cancel()
            return
        stop.set()
        progress.say(f"stopping: {progress.in_flight} in flight will be finished and saved; once more to stop at once")

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal, number)
    try:
        await work(stop)
    except asyncio.CancelledError:
        if not caught:
            raise
        task.uncancel()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
    return caught[0] if caught else None
