"""Talk to a replica that runs as a Ray actor."""

from __future__ import annotations

import asyncio
import itertools
import pickle
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import msgspec

from mathbatch.errors import EngineError, MathBatchError, SampleError
from mathbatch.fleet.member import Member, MemberLost
from mathbatch.fleet.replica import Mail, Replica, Reply
from mathbatch.parts.faults import in_words
from mathbatch.records import Request, Response

decode = msgspec.msgpack.Decoder(Mail).decode
# Requests that are sent in one call, and the seconds in which they are collected: a call costs as much as 30 requests.
BATCH = 256
COLLECT_S = 0.004
# Seconds that a replica may take to end its engine, which has nothing to do by then.
CLOSE_S = 20.0
# Seconds after which a replica that is not open yet may be waiting for GPUs.
PENDING_S = 120.0


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
        self._sending: set[asyncio.Task[None]] = set()
        self._has_opened = False
        self._images_before: tuple[int, int | None] = 0, 0
        self._say: Callable[[str], object] = print

    async def start(self, say: Callable[[str], object]) -> None:
        import ray

        self._say, self._has_opened = say, False
        self._images_before = self.images_read, self.images_preprocessed
        self._actor = ray.remote(Replica).options(**self._options).remote(self._settings)
        try:
            self.capacity = await self._opened(self._actor.open.remote())
        except ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, MathBatchError):
                raise error.cause from error
            raise EngineError(f"{self.name} can't start: {error}") from error
        except ray.exceptions.RayError as error:
            raise EngineError(f"{self.name} ended while it was started: {in_words(error)}") from error
        self._has_opened = True
        self._receiver = asyncio.create_task(self._receive(self._actor))

    async def _opened(self, opening: Any) -> int:
        """Return the capacity once it is open. Tell where that takes long because the cluster has no room for it."""
        task = asyncio.ensure_future(opening)
        done, _ = await asyncio.wait([task], timeout=PENDING_S)
        if not done and (claimed := self._options["num_gpus"]):
            self._say(f"{self.name} is loading, or waits for {claimed} free GPUs on one machine of the cluster")
        return int(await task)

    async def answer(self, request: Request) -> Response:
        if self._receiver is None:
            raise MemberLost("it is not up", had_it=False)
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
        for sending in list(self._sending):
            sending.cancel()
        if actor is None or not ray.is_initialized():
            return
        if self._has_opened:
            with suppress(ray.exceptions.RayError, TimeoutError):
                await asyncio.wait_for(actor.close.remote(), CLOSE_S)
        ray.kill(actor, no_restart=True)

    def _flush(self) -> None:
        self._flush_is_due = False
        batch, self._outbox = self._outbox, []
        if batch and self._actor is not None:
            sending = asyncio.create_task(self._send(self._actor, self._sendable(batch)))
            self._sending.add(sending)
            sending.add_done_callback(self._sending.discard)

    async def _send(self, actor: Any, batch: bytes) -> None:
        """Hand a batch over. The replica is lost if it does not get there."""
        import ray

        try:
            await actor.submit.remote(batch)
        except ray.exceptions.RayError as error:
            if actor is self._actor:
                self._lose(in_words(error))

    def _sendable(self, batch: list[tuple[int, Request]]) -> bytes:
        """Return the batch as bytes, without requests that have objects of a user's own that can't be sent."""
        try:
            return pickle.dumps(batch)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            if len(batch) > 1:
                halves = batch[: len(batch) // 2], batch[len(batch) // 2 :]
                return pickle.dumps([one for half in halves for one in pickle.loads(self._sendable(half))])
            number, request = batch[0]
            problem = f"the messages of {request.label} can't be sent to another process: {in_words(error)}"
            self._pending[number].set_exception(SampleError("not_sendable", problem))
            return pickle.dumps([])

    async def _receive(self, actor: Any) -> None:
        """Take in mail until the actor is gone."""
        import ray

        reason = "it ended"
        try:
            async for reference in actor.mail.options(num_returns="streaming").remote():
                self._take(decode(await reference))
        except ray.exceptions.ActorUnavailableError:
            reason = "it does not answer any more"
        except ray.exceptions.ActorDiedError:
            reason = "its process or its machine is gone"
        except Exception as error:  # noqa: BLE001 - whatever is wrong with its mail, others can have its requests
            reason = in_words(error)
        self._lose(reason)

    def _take(self, mail: Mail) -> None:
        read, preprocessed = self._images_before
        self.images_read = read + mail.images_read
        if preprocessed is None or mail.images_preprocessed is None:
            self.images_preprocessed = None
        else:
            self.images_preprocessed = preprocessed + mail.images_preprocessed
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
