"""Start a server as a process, and end it with all that it has started."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from mathbatch.data.storage.segments import disk_error
from mathbatch.errors import EngineError
from mathbatch.models.daemon_thread import run_in_daemon_thread
from mathbatch.models.forks import forget, keep_from_forks
from mathbatch.visible import visible

# Ports below those that Linux gives to connections: a server may need minutes until it takes its own.
PORTS = range(20_000, 32_000)
TRIES = 200
# Lines and bytes at the end of a log that a message shows.
LINES, TAIL = 15, 8192


class ServerProcess:
    """Process of a server, below a keeper that ends it when this process ends. It writes to `log`."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        """Start it. Raise StoreError if there can't be a log."""
        self._log = log
        try:
            target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        except OSError as error:
            raise disk_error(log, error) from error
        try:
            self._begin = os.fstat(target).st_size
            self._keeper = subprocess.Popen(
                [sys.executable, "-m", "mathbatch.fleet.deploy.keeper"],
                stdin=subprocess.PIPE,
                stdout=target,
                stderr=target,
                start_new_session=True,
            )
        finally:
            os.close(target)
        assert self._keeper.stdin is not None
        keep_from_forks(self._keeper.stdin.fileno())
        with suppress(BrokenPipeError):  # it has ended already, which is seen where it is waited for
            order = {"command": list(command), "environment": dict(environment)}
            self._keeper.stdin.write(msgspec.json.encode(order) + b"\n")
            self._keeper.stdin.flush()

    async def wait(self) -> None:
        """Wait until it has ended."""
        await run_in_daemon_thread(self._wait)

    async def stop(self) -> None:
        """End it; return when all its processes are gone."""
        assert self._keeper.stdin is not None
        if not self._keeper.stdin.closed:
            forget(self._keeper.stdin.fileno())
        with suppress(BrokenPipeError):
            self._keeper.stdin.close()
        await self.wait()

    @property
    def end(self) -> str | None:
        """Return how it has ended, in words; None while it runs."""
        code = self._keeper.poll()
        if code is None:
            return None
        return f"ended by signal {code - 128}" if code > 128 else f"ended with exit code {code}"

    def last_lines(self) -> str:
        """Return the last lines that it has written since its start, safe to print."""
        with self._log.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(self._begin, size - TAIL))
            lines = stream.read().decode("utf-8", "replace").splitlines()
        return "\n".join(f"    {visible(line)}" for line in lines[-LINES:] if line.strip())

    def _wait(self) -> None:
        self._keeper.wait()


def free_port(taken: set[int]) -> int:
    """Return a port of this machine that nobody listens on, and that is not among `taken` ones, and put it there."""
    for port in random.sample(PORTS, TRIES):
        if port not in taken and is_free(port):
            taken.add(port)
            return port
    raise EngineError(f"{TRIES} ports of this machine between {PORTS.start} and {PORTS.stop} are all in use")


def is_free(port: int) -> bool:
    """Tell whether a server could listen on a port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


async def first_of(process: ServerProcess, ready: asyncio.Task[None]) -> None:
    """Wait until a server is ready; cancel that and return where it ends before. Raise what `ready` raises."""
    ended = asyncio.ensure_future(process.wait())
    try:
        await asyncio.wait((ready, ended), return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            ready.result()
    finally:
        for task in (ready, ended):
            task.cancel()
        await asyncio.gather(ready, ended, return_exceptions=True)
