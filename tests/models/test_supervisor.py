"""The supervisor alone, with calls that end as a test wants them to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest

from mathbatch.base import BaseInferenceModel
from mathbatch.config import ModelConfig
from mathbatch.errors import EngineDied
from mathbatch.models.supervisor import Ready, Supervisor
from mathbatch.records import Request, Response

STALL_S = 0.2


class IdleModel(BaseInferenceModel):
    """Answers after `seconds` and never makes a step before."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(ModelConfig(name="idle", path="nowhere", stall_timeout_s=STALL_S))
        self.seconds = seconds
        self.opened = 0

    async def open(self) -> None:
        self.opened += 1

    async def generate(self, request: Request) -> Response:
        seconds, self.seconds = self.seconds, 0.0
        await asyncio.sleep(seconds)
        return Response("4", "stop")

    def steps(self) -> int:
        return 0


def ready_after(wait: Callable[[], Awaitable[None]], request: Request) -> Ready:
    """Return what makes a request ready, which first waits so, or ends so."""

    @asynccontextmanager
    async def ready() -> AsyncIterator[Request]:
        await wait()
        yield request

    return ready


def supervised(model: IdleModel, work: Callable[[Supervisor, asyncio.Event], Awaitable[None]]) -> list[str]:
    """Do it and return what the supervisor said; the time only ends a test that would hang."""
    said: list[str] = []

    async def whole() -> None:
        supervisor, stop = Supervisor(model), asyncio.Event()
        supervisor.begin_stream(said.append, stop)
        await supervisor.open()
        try:
            await asyncio.wait_for(work(supervisor, stop), 120)
        finally:
            await supervisor.close()

    asyncio.run(whole())
    return said


def test_after_ctrl_c_nobody_waits_for_an_engine_that_will_not_come() -> None:
    async def work(supervisor: Supervisor, stop: asyncio.Event) -> None:
        called_back = asyncio.Event()

        async def dies() -> None:
            raise EngineDied("gone")

        async def is_called_back_slowly() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                called_back.set()
                await stop.wait()

        slow, first = Request("slow", []), Request("first", [])
        slow_call = asyncio.create_task(supervisor.answer(slow, ready_after(is_called_back_slowly, slow)))
        first_call = asyncio.create_task(supervisor.answer(first, ready_after(dies, first)))
        await called_back.wait()
        stop.set()
        for task in (first_call, slow_call):
            with pytest.raises(EngineDied):
                await task

    model = IdleModel()
    supervised(model, work)
    assert model.opened == 1


def test_a_unit_that_dies_in_its_own_way_when_it_is_called_back_is_answered_after_the_second_death_too() -> None:
    async def work(supervisor: Supervisor, _: asyncio.Event) -> None:
        lives = {"first": 2, "other": 2}

        async def attempt(id: str) -> None:
            lives[id] -= 1
            if lives[id] < 0:
                return
            if id == "first":
                raise EngineDied("gone")
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise EngineDied("gone, and it can't be aborted there") from None
            raise AssertionError("not called back")

        requests = [Request(id, []) for id in ("other", "first")]
        calls = [supervisor.answer(one, ready_after(partial(attempt, one.id), one)) for one in requests]
        assert [response.text for response in await asyncio.gather(*calls)] == ["4", "4"]

    model = IdleModel()
    supervised(model, work)
    assert model.opened == 3


def test_a_picture_that_takes_long_to_read_is_no_stall_of_the_engine() -> None:
    async def work(supervisor: Supervisor, _: asyncio.Event) -> None:
        request = Request("1", [])
        reads_first = ready_after(lambda: asyncio.sleep(4 * STALL_S), request)
        assert (await supervisor.answer(request, reads_first)).text == "4"

    model = IdleModel()
    assert supervised(model, work) == []
    assert model.opened == 1


def test_an_engine_that_has_a_request_and_makes_no_step_stalls() -> None:
    async def work(supervisor: Supervisor, _: asyncio.Event) -> None:
        request = Request("7", [])
        assert (await supervisor.answer(request, ready_after(lambda: asyncio.sleep(0), request))).text == "4"

    model = IdleModel(seconds=3600)
    said = supervised(model, work)
    assert said[0] == "the engine made no step for 0.2 s with 1 in flight (7 …)"
    assert model.opened == 2
