"""Let one server be a member of a fleet: ask it, ask it again, wait for it, and find out what it bears."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import ClassVar

from mathbatch.config.model_limits import refuse_many_images
from mathbatch.data.images.pool import image_refs
from mathbatch.errors import ConfigError, EngineError, JobError, SampleError
from mathbatch.fleet.member import Member, MemberLost
from mathbatch.fleet.servers.addresses import Address, Key
from mathbatch.fleet.servers.bodies import BodyWriter, Head
from mathbatch.fleet.servers.connection import Connection
from mathbatch.fleet.servers.dialects import LENGTHS, UNKNOWN, Dialect
from mathbatch.fleet.servers.outcomes import Crowded, OtherLength, Unanswered, Unreachable
from mathbatch.fleet.servers.pace import Pace
from mathbatch.fleet.servers.pictures import Pictures
from mathbatch.fleet.servers.readiness import kind_of, refuse_unready
from mathbatch.fleet.servers.refusals import refuse
from mathbatch.fleet.servers.replies import response_of
from mathbatch.fleet.servers.waits import Waits
from mathbatch.records import Request, Response

# Tries of a start before the user is told what is waited for, and seconds between two tries: at first, and at most.
QUIET_TRIES = 3
FIRST_BETWEEN_S, MOST_BETWEEN_S = 0.1, 10.0
# Seconds between two tries of one that was not there in time, while others are.
LATE_BETWEEN_S = 60.0
# Doublings of the first pause; without an end they would be no number any more.
DOUBLINGS = 10
# Seconds that an answer of one token may take in any case.
LEAST_PROBE_S = 2.0


@dataclass(frozen=True)
class ServerSettings:
    """What all servers of a model have in common. A server may take `limit_s` for an answer, `start_s` for a start."""

    model: str
    max_images: int
    marks: tuple[str, str] | None
    limit_s: float | None
    start_s: float
    dialect: Dialect
    waits: Waits


class ServerMember(Member):
    """OpenAI-compatible server at an address."""

    pauses_s: ClassVar[tuple[float, ...]] = (0.0, 0.5, 2.0)
    """Few and short: `start` itself waits."""
    images_preprocessed = None

    def __init__(
        self, address: Address, key: Key, settings: ServerSettings, writer: BodyWriter, pictures: Pictures
    ) -> None:
        self.name = address.name
        self._address, self._key, self._settings = address, key, settings
        self._writer, self._pictures = writer, pictures
        self._pace = Pace(self._grow)
        self.limit = self._pace.limit
        self._dialect, self._length = settings.dialect, LENGTHS[settings.dialect.kind == "openai"]
        self._connection: Connection | None = None
        self._aboard = 0
        self._has_answered = False
        self.others_are_up: Callable[[], bool] = lambda: False
        self._down_since: float | None = None
        self._probing: asyncio.Task[bool] | None = None
        self._said: set[str] = set()
        self._say: Callable[[str], object] = print

    async def start(self, say: Callable[[str], object]) -> None:
        self._say = say
        connection = Connection(self._address, self._key, self._settings.limit_s)
        try:
            await self._first_answer(connection)
            if self._settings.dialect is UNKNOWN:
                self._dialect = await kind_of(connection)
        except BaseException:
            await connection.close()
            raise
        self._connection, self._down_since, self._has_answered = connection, None, True

    async def answer(self, request: Request) -> Response:
        connection = self._connection
        if connection is None:
            raise MemberLost("it is not up")
        images = len(image_refs(request.messages))
        refuse_many_images(images, self._settings.max_images)
        self._aboard += 1
        try:
            return await self._ask_by_either_name(connection, request, bool(images))
        finally:
            self._aboard -= 1

    async def _ask_by_either_name(self, connection: Connection, request: Request, has_images: bool) -> Response:
        """Ask once more where the server has another name for the longest answer."""
        try:
            return await self._ask(connection, request, has_images)
        except OtherLength as error:
            self._length = error.instead
        try:
            return await self._ask(connection, request, has_images)
        except OtherLength as error:
            raise SampleError("rejected", f"neither {' nor '.join(LENGTHS)} is taken: {error}") from error

    async def _ask(self, connection: Connection, request: Request, has_images: bool) -> Response:
        head = self._head(request)
        if not has_images:
            return await self._persist(connection, request, head, self._writer.body(head, request))
        async with self._pictures.body(request, partial(self._writer.body, head)) as body:
            return await self._persist(connection, request, head, body)

    @property
    def is_up(self) -> bool:
        """Tell whether it has answered since it was started last, and was not stopped since."""
        return self._connection is not None

    async def stop(self) -> None:
        if self._down_since is None:
            self._down_since = asyncio.get_running_loop().time()
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _first_answer(self, connection: Connection) -> None:
        """Wait for a real answer of one token. Raise ConfigError if there can be none, EngineError if none is in time.

        The time counts from the loss of the server on, or from the first start; while others are up, from now on.
        """
        loop = asyncio.get_running_loop()
        since = self._down_since = self._down_since if self._down_since is not None else loop.time()
        until, tries, most_s = since + self._settings.start_s, 0, MOST_BETWEEN_S
        while True:
            try:
                async with asyncio.timeout_at(max(until, loop.time() + LEAST_PROBE_S)):
                    return await self._probe(connection)
            except Unanswered as error:
                why = self._key.hide(str(error))
            except TimeoutError:
                why = "it takes the question, and says nothing"
            tries, left = tries + 1, until - loop.time()
            if left <= 0 and self.others_are_up():
                self._say_once(f"{self.name} does not answer ({why}): it is asked now and then, while others go on")
                until, left, most_s = loop.time() + self._settings.start_s, inf, LATE_BETWEEN_S
            if left <= 0:
                raise EngineError(
                    f"no answer of {self.name} in {self._settings.start_s:g} s: {why}\n"
                    "  fix: start it, or correct model.base_urls; model.start_timeout_s is how long it is waited for"
                )
            if tries == QUIET_TRIES:
                self._say(f"waiting for the first answer of {self.name} ({why})")
            await asyncio.sleep(min(left, most_s, FIRST_BETWEEN_S * 2 ** min(tries, DOUBLINGS)))

    async def _probe(self, connection: Connection) -> None:
        """Ask for one token. Raise Unanswered if the server can't answer, and ConfigError if it never will."""
        reply = await connection.post(self._writer.shortest(self._length))
        if reply.status == 200:
            refuse_unready(reply, self._address, self._key)
            return
        error = refuse(reply, self._address, self._key, self._settings.model, LENGTHS, self._length)
        if reply.status == 404 and isinstance(error, Unreachable) and not self._has_answered:
            refuse_unready(reply, self._address, self._key)
        if isinstance(error, OtherLength):  # samples are sent with that name; the server is there
            self._length = error.instead
        elif isinstance(error, ConfigError) or (isinstance(error, Unanswered) and not isinstance(error, Crowded)):
            raise error

    def _head(self, request: Request) -> Head:
        """Return the beginning of the body of a request. Raise JobError for what the server doesn't take."""
        try:
            head = self._writer.head(request.sampling, self._dialect, self._length)
        except ConfigError as error:
            raise JobError(str(error)) from error
        if head.doubtful:
            self._say_once(
                f"{self.name} does not say what it is, so {', '.join(head.doubtful)} may mean nothing to it; "
                "model.server says which kind it is"
            )
        return head

    async def _persist(self, connection: Connection, request: Request, head: Head, body: bytes) -> Response:
        """Send a request until it is answered. Raise MemberLost if the server is gone, else what `refuse` returns.

        A request that fails again and again, or with which something is wrong that would be so with all, is its own
        fault where the server answers another one then.
        """
        waits, failures, crowds, hangs = self._settings.waits, 0, 0, 0
        while True:
            try:
                return await self._send(connection, request, head, body)
            except ConfigError as error:
                why = str(error).splitlines()[0]
                if not await self._still_answers(connection):
                    raise MemberLost(why) from error  # its start tells what to do
                raise SampleError("refused", f"{why}, though another prompt is answered") from error
            except Crowded as error:
                crowds += 1
                if crowds > waits.crowded_tries:
                    raise SampleError(error.kind, f"{error}, {crowds} times") from error
                # The server may rest longer: `_send` waits for that.
                await asyncio.sleep(waits.spread(waits.pause(crowds, None)))
                continue
            except Unanswered as error:
                failures, hangs, last = failures + 1, hangs + (error.kind == "timeout"), error
            why, is_last = self._key.hide(str(last)), failures > len(waits.pauses_s) or hangs >= waits.hangs
            if (is_last or isinstance(last, Unreachable)) and not await self._still_answers(connection):
                raise MemberLost(f"it answers nothing any more: {why}") from last
            if is_last:
                raise SampleError(last.kind, f"{why}, at the last of {failures} tries") from last
            await asyncio.sleep(waits.spread(waits.pause(failures, last.wait_s)))

    async def _send(self, connection: Connection, request: Request, head: Head, body: bytes) -> Response:
        """Send a request once, when the server wants one."""
        episode = await self._pace.enter(self._settings.waits.spread)
        try:
            reply = await connection.post(body)
        finally:
            self._pace.leave()
        if reply.status == 200:
            response = response_of(reply.body, self._settings.marks, request.content)
            self._pace.note_success(self._aboard)
            return response
        error = refuse(reply, self._address, self._key, self._settings.model, head.sent, head.length)
        if isinstance(error, Crowded):
            wait_s = self._settings.waits.crowded_s if error.wait_s is None else error.wait_s
            self._pace.note_crowded(episode, wait_s)
            self.limit = self._pace.limit
            self._say_once(f"{self.name} wants fewer requests at once: it gets fewer, and more again later")
        raise error

    async def _still_answers(self, connection: Connection) -> bool:
        """Tell whether the server answers at all: asked once for all requests that want to know."""
        if self._probing is None or self._probing.done():
            self._probing = asyncio.create_task(self._answers(connection))
        return await asyncio.shield(self._probing)

    async def _answers(self, connection: Connection) -> bool:
        try:
            await self._probe(connection)
        except (Unanswered, ConfigError):
            return False
        return True

    def _grow(self) -> None:
        self.limit = self._pace.limit
        self.on_room()

    def _say_once(self, news: str) -> None:
        if news not in self._said:
            self._said.add(news)
            self._say(news)
