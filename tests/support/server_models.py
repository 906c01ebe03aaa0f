"""Ask servers, as a run does, without a run around."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mathbatch.config import Config
from mathbatch.errors import MathBatchError
from mathbatch.fleet.servers.model import ServerModel
from mathbatch.fleet.servers.waits import Waits
from mathbatch.records import Request, Response
from mathbatch.runner.components import sampling_values
from support.configs import composed
from support.fault_server import FaultServer, running

# Nobody waits in a test: as many tries as in a run, without a pause.
AT_ONCE = Waits(pauses_s=(0.0,) * 7, crowded_s=0.0, crowded_tries=1 << 20, hangs=1 << 20, jitter=0.0)


class Asked:
    """What came of the requests, by id, and the news."""

    def __init__(self) -> None:
        self.found: dict[str, Response | MathBatchError] = {}
        self.news: list[str] = []
        self.limits: list[float] = []

    @property
    def texts(self) -> dict[str, str]:
        """Return the answers by id."""
        return {id: one.text for id, one in self.found.items() if isinstance(one, Response)}

    @property
    def kinds(self) -> dict[str, str]:
        """Return the kinds of the failures by id, or the names of other errors."""
        errors = {id: one for id, one in self.found.items() if isinstance(one, MathBatchError)}
        return {id: getattr(one, "kind", type(one).__name__) for id, one in errors.items()}


def prompts(count: int) -> list[Request]:
    """Return requests whose id is their prompt."""
    return [Request(id=str(at), prompt=at, messages=[{"role": "user", "content": str(at)}]) for at in range(count)]


@functools.cache
def _config(*overrides: str) -> Config:
    return composed("model=openai", "model.path=m", *overrides)


def ask(
    servers: Sequence[FaultServer],
    requests: Sequence[Request],
    *overrides: str,
    at_once: int = 64,
    waits: Waits = AT_ONCE,
    **attributes: Any,
) -> Asked:
    """Ask the servers all requests, so many `at_once`; raise the error with which the model can't be opened."""
    asked = Asked()

    async def run() -> None:
        async with running(servers):
            config = _config(*overrides)
            model = ServerModel(replace(config.model, base_urls=[server.url for server in servers]))
            model.waits = waits
            for name, value in attributes.items():
                setattr(model, name, value)
            values = sampling_values(config.sampling)
            model.check_sampling(values)
            model.begin_stream(asked.news.append, asyncio.Event())
            try:
                await model.open()
                await _answers(model, requests, values, asked, at_once)
                assert model._pool is not None
                asked.limits = [member.limit for member in model._pool.members]
            finally:
                await model.close()

    asyncio.run(run())
    return asked


async def _answers(
    model: ServerModel, requests: Sequence[Request], values: dict[str, Any], asked: Asked, at_once: int
) -> None:
    places = asyncio.Semaphore(at_once)

    async def one(request: Request) -> None:
        request.sampling = values if not request.sampling else {**values, **request.sampling}
        request.image_limits = (50_000_000, 1 << 26)
        async with places:
            try:
                answer: Response | MathBatchError = await model.generate(request)
            except MathBatchError as error:
                answer = error
        assert request.id not in asked.found
        asked.found[request.id] = answer

    async with asyncio.TaskGroup() as tasks:
        for request in requests:
            tasks.create_task(one(request))
