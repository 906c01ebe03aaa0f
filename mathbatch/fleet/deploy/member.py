"""Let a server that this run has started be a member of the fleet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mathbatch.errors import ConfigError, EngineError
from mathbatch.fleet.deploy.process import ServerProcess, first_of, is_free
from mathbatch.fleet.member import Member, MemberLost
from mathbatch.records import Request, Response

# Seconds that the end of a server may take to show once it can't be reached: the rest of its processes is ended first.
END_S = 2.0


class DeployedMember(Member):
    """Server with its process. `client` asks it at `port`; all that it says goes to `log`."""

    images_preprocessed = None

    def __init__(
        self, name: str, client: Member, port: int, command: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> None:
        self.name = name
        self._client, self._port, self._log = client, port, log
        self._command, self._environment = command, environment
        self._process: ServerProcess | None = None
        self._end: asyncio.Future[None] | None = None
        self._has_answered = False
        client.name, client.on_room = name, lambda: self.on_room()

    @property
    def limit(self) -> float:  # type: ignore[override]
        """Return the largest number of requests that it may have at this moment."""
        return self._client.limit

    async def start(self, say: Callable[[str], object]) -> None:
        if not is_free(self._port):
            raise EngineError(f"{self.name}: port {self._port} of this machine is in use")
        say(f"{self.name}: starting on port {self._port}, with its log in {self._log}")
        self._process = process = ServerProcess(self._command, self._environment, self._log)
        try:
            await first_of(process, asyncio.ensure_future(self._client.start(say)))
            problem = process.end
        except EngineError as error:
            problem = f"has not answered ({str(error).splitlines()[0]})"
        except BaseException:
            await process.stop()
            raise
        if problem is not None:
            await process.stop()
            raise self._failed(f"{problem} before its first answer", process)
        self._has_answered = True
        self._end = asyncio.ensure_future(process.wait())

    async def answer(self, request: Request) -> Response:
        try:
            return await self._client.answer(request)
        except MemberLost as error:
            raise MemberLost(await self._why_lost() or str(error)) from error

    async def stop(self) -> None:
        await self._client.stop()
        process, self._process, self._end = self._process, None, None
        if process is not None:
            await process.stop()

    async def _why_lost(self) -> str | None:
        """Return how the process has ended, if it has."""
        process = self._process
        if process is None or self._end is None:
            return None
        await asyncio.wait((self._end,), timeout=END_S)
        return None if process.end is None else f"it {process.end}"

    def _failed(self, problem: str, process: ServerProcess) -> ConfigError | EngineError:
        """Return the error for a server that can't be used. One that has answered before may come to answer again."""
        lines = process.last_lines() or "    (nothing)"
        told = f"{self.name} {problem}. Its last lines in {self._log}:\n{lines}"
        if self._has_answered:
            return EngineError(told)
        fix = "correct what it complains of, in deploy or model; deploy.start_timeout_s says how long it is waited for"
        return ConfigError("deploy.command", told, fix)
