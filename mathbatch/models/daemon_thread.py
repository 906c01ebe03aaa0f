"""Run a function in a thread that is left behind when the process ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress


async def run_in_daemon_thread(function: Callable[[], None]) -> None:
    """Run a function in a thread that does not keep the process alive, because loading a model can't be interrupted."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def finish(error: BaseException | None) -> None:
        if not done.done():
            done.set_result(None) if error is None else done.set_exception(error)

    def work() -> None:
        try:
            function()
        except BaseException as error:  # noqa: BLE001 - raised again where the result is awaited
            outcome: BaseException | None = error
        else:
            outcome = None
        with suppress(RuntimeError):  # the loop is closed, so nobody waits any longer
            loop.call_soon_threadsafe(finish, outcome)

    threading.Thread(target=work, name="load-engine", daemon=True).start()
    await done
