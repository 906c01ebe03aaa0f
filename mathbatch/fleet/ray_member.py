"""Talk to a replica that runs as a Ray actor."""

from __future__ import annotations

import asyncio
import itertools
import pickle
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import msgspec

from mathbatch.errors import EngineError, MathBatchError
from mathbatch.fleet.member import Member, MemberLost
from mathbatch.fleet.replica import Mail, Replica, Reply
from mathbatch.records import Request, Response

decode = msgspec.msgpack.Decoder(Mail).decode
# Requests that are sent in one call, and the seconds in which they are collected: a call costs as much as 30 requests.
BATCH = 256
COLLECT_S = 0.004
# Seconds that a replica may take to end its engine, which has nothing to do by then.
CLOSE_S = 20.0


class RayMember(Member):
    """Replica in a process that Ray has placed somewhere. `options` are those of Ray for an actor.

    Ray restarts nothing: it would run the calls again on the same broken actor (https://github.com/ray-project/ray/issues/60145).
    """

    def __init__(self, name: str, settings: bytes, options: Mapping[str, Any]) -> None:
        self.name = name
        self._settings, self._options = settings, dict(options)
        self._actor: Any = None
        self._receiver: asyncio.Task[None] | None = None
        self._numbers = itertools.count()
        self._pending: dict[int, asyncio.Future[Response]] = {}
        self._outbox: list[tuple[int, Request]] = []
        self._flush_is_due = False
        self._say: Callable[[str], object] = print

    async def start(self, say: Callable[[str], object]) -> None:
        import ray

        self._say = say
        self._actor = ray.remote(Replica).options(**self._options).remote(self._settings)
        try:
            self.capacity = await self._actor.open.remote()
        except ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, MathBatchError):
                raise error.cause from error
            raise EngineError(f"{self.name} can't start: {error}") from error
        except ray.exceptions.RayError as error:
            raise EngineError(f"{self.name} ended while it was started: {first_line(error)}") from error
        self._receiver = asyncio.create_task(self._receive(self._actor))

    async def answer(self, request: Request) -> Response:
        if self._receiver is None:
            raise MemberLost("it is not up")
        number = next(self._numbers)
        future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._pending[number] = future
        self._outbox.append((number, request))
        if len(self._outbox) >= BATCH:
            self._flush()
        elif not self._flush_is_due:
            self._flush_is_due = True
            asyncio.get_running_loop().call_later(COLLECT_S, self._flush)
        try:
            return await future
        finally:
            self._pending.pop(number, None)

    async def stop(self) -> None:
        import ray

        if self._receiver is not None:
            self._receiver.cancel()
        self._lose("it was stopped")
        actor, self._actor = self._actor, None
        if actor is None or not ray.is_initialized():
            return
        with suppress(ray.exceptions.RayError, TimeoutError):
            await asyncio.wait_for(actor.close.remote(), CLOSE_S)
        ray.kill(actor, no_restart=True)

    def _flush(self) -> None:
        self._flush_is_due = False
        batch, self._outbox = self._outbox, []
        if batch and self._actor is not None:
            # What goes wrong with it shows in `_receive`, and so its result is not asked for.
            self._actor.submit.options(num_returns=0).remote(pickle.dumps(batch))

    async def _receive(self, actor: Any) -> None:
        """Take in mail until the actor is gone."""
        import ray

        reason = "it ended"
        try:
            async for reference in actor.mail.options(num_returns="streaming").remote():
                self._take(decode(await reference))
        except ray.exceptions.RayError as error:
            reason = first_line(error)
        self._lose(reason)

    def _take(self, mail: Mail) -> None:
        self.images_read, self.images_preprocessed = mail.images_read, mail.images_preprocessed
        for news in mail.news:
            self._say(f"{self.name}: {news}")
        for reply in mail.replies:
            future = self._pending.pop(reply.number, None)
            if future is None or future.done():
                continue
            if reply.response is not None:
                future.set_result(reply.response)
            else:
                future.set_exception(_error_of(reply))

    def _lose(self, reason: str) -> None:
        self._receiver, self._outbox = None, []
        pending, self._pending = self._pending, {}
        for future in pending.values():
            if not future.done():
                future.set_exception(MemberLost(reason))


def _error_of(reply: Reply) -> MathBatchError:
    assert reply.error is not None
    error: MathBatchError = pickle.loads(reply.error)
    # Its own engine can't be had any more; those of others may.
    return MemberLost(str(error)) if isinstance(error, EngineError) else error


def first_line(error: Exception) -> str:
    """Return the first line of an error's message: those of Ray go on for a page."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
