"""Pictures made ready just ahead of the engine: decoded in threads, each once for all units that show it, within a
budget in bytes.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mathbatch.data.images import ImageDecoder
from mathbatch.records import ImageRef, Request

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MAX_WORKERS = 8
"""More threads than this wait for each other: resizing and copying hold Python's lock."""
AHEAD = 2
"""Requests with decoded pictures for each thread: one engine takes them one by one, so more would only fill memory."""


class ByteBudget:
    """First come, first served. A claim larger than the whole budget waits until it has the budget for itself.

    `make_room(size)` is called before a claim has to wait: it may give back what is kept only in case.
    """

    def __init__(self, total: int, make_room: Callable[[int], None] = lambda size: None) -> None:
        self.total = total
        self.used = 0
        self.peak = 0
        self._make_room = make_room
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def acquire(self, size: int) -> int:
        """Wait for room; returns the size to give back."""
        size = min(size, self.total)
        if self.used + size > self.total:
            self._make_room(size)
        if not self.try_acquire(size):
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append((size, turn))
            try:
                await turn
            except asyncio.CancelledError:
                self._abandon(size, turn)
                raise
        return size

    def try_acquire(self, size: int) -> bool:
        """Take it if there is room and nobody waits for it."""
        if self._waiting or self.used + size > self.total:
            return False
        self._take(size)
        return True

    def release(self, size: int) -> None:
        self.used -= size
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self.used + self._waiting[0][0] <= self.total:
            size, turn = self._waiting.popleft()
            if not turn.cancelled():
                self._take(size)
                turn.set_result(None)

    def _take(self, size: int) -> None:
        self.used += size
        self.peak = max(self.peak, self.used)

    def _abandon(self, size: int, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():
            self.release(size)
        elif (size, turn) in self._waiting:
            self._waiting.remove((size, turn))
            self._let_in()


class Key(NamedTuple):
    """Two references with one key are one picture under the same limits."""

    path: str | None
    identity: str
    max_pixels: int
    max_bytes: int


class Shared:
    """One picture, and who is to show it: `expected` units in all, of which `users` have it in their hands now.

    `kept` is what it takes of the budget while nobody uses it; a user's own claim covers it.
    """

    def __init__(self) -> None:
        self.expected = 0
        self.users = 0
        self.kept = 0
        self.size: asyncio.Future[int] | None = None
        self.decoded: asyncio.Future[tuple[Picture, str]] | None = None


class Pictures:
    """Turns the ImageRefs of a request into RGB pictures.

    A request that is announced by `expect` keeps a picture that an earlier one has decoded, as long as the budget has
    no other use for its room. `reads` counts how often a picture was read.
    """

    def __init__(self, budget_bytes: int, workers: int | None) -> None:
        self.budget = ByteBudget(budget_bytes, self._make_room)
        self.reads = 0
        workers = workers or min(MAX_WORKERS, os.cpu_count() or 1)
        self._ahead = asyncio.Semaphore(AHEAD * workers)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="decode")
        self._shared: dict[Key, Shared] = {}
        self._expecting: dict[int, set[Key]] = {}

    def expect(self, request: Request, decoder: ImageDecoder) -> None:
        """This request will come soon: until it does, its pictures are worth keeping."""
        keys = {_key(ref, decoder) for ref in image_refs(request.messages)}
        if keys:
            self._expecting[id(request)] = keys
            for key in keys:
                self._shared.setdefault(key, Shared()).expected += 1

    def forget(self, request: Request) -> None:
        """It has had its pictures, or will not come after all."""
        for key in self._expecting.pop(id(request), ()):
            picture = self._shared[key]
            picture.expected -= 1
            if not picture.expected:
                self._drop(picture)
                del self._shared[key]
            elif not picture.users and not picture.kept:
                self._keep(picture)

    @asynccontextmanager
    async def ready(self, request: Request, decoder: ImageDecoder) -> AsyncIterator[Request]:
        """The request with its pictures decoded. Their memory is held until the engine has made its own input of them,
        at the latest until the block ends. Raises SampleError for a picture that can't be read.
        """
        refs = {_key(ref, decoder): ref for ref in image_refs(request.messages)}
        if not refs:
            yield request
            return
        if id(request) not in self._expecting:
            self.expect(request, decoder)
        with ExitStack() as holding:
            holding.callback(self.forget, request)
            await self._ahead.acquire()
            holding.callback(self._ahead.release)
            held = await self.budget.acquire(sum([await self._size(key, ref, decoder) for key, ref in refs.items()]))
            holding.callback(self.budget.release, held)
            self._use(refs)
            holding.callback(self._unuse, refs)
            decoded = {key: await self._picture(key, ref, decoder) for key, ref in refs.items()}
            ready = msgspec.structs.replace(request, on_images_done=holding.close)
            ready.messages = [_filled(message, decoder, decoded) for message in request.messages]
            del decoded
            holding.callback(_empty, ready, request)
            yield ready

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _size(self, key: Key, ref: ImageRef, decoder: ImageDecoder) -> int:
        shared = self._shared[key]
        if shared.size is None:
            shared.size = asyncio.get_running_loop().run_in_executor(self._threads, decoder.measure, ref)
        return await asyncio.shield(shared.size)

    async def _picture(self, key: Key, ref: ImageRef, decoder: ImageDecoder) -> tuple[Picture, str]:
        shared = self._shared[key]
        if shared.decoded is None:
            self.reads += 1
            shared.decoded = asyncio.get_running_loop().run_in_executor(self._threads, decoder.decode, ref)
        return await asyncio.shield(shared.decoded)

    def _use(self, keys: Iterable[Key]) -> None:
        for key in keys:
            shared = self._shared[key]
            shared.users += 1
            self._no_longer_kept(shared)

    def _unuse(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self._shared[key].users -= 1

    def _keep(self, shared: Shared) -> None:
        """Charge a picture that nobody uses, or let it go."""
        if shared.decoded is None or shared.size is None:
            return
        size = shared.size.result()
        if self.budget.try_acquire(size):
            shared.kept = size
        else:
            self._drop(shared)

    def _drop(self, shared: Shared) -> None:
        """Give a picture's memory back at once, whoever still has the empty object: vLLM leaves what it has rendered in
        a cycle of references, where it would lie until the garbage is collected.
        """
        decoded, shared.decoded = shared.decoded, None
        if decoded is not None and decoded.done() and not decoded.cancelled() and decoded.exception() is None:
            decoded.result()[0].close()
        self._no_longer_kept(shared)

    def _no_longer_kept(self, shared: Shared) -> None:
        kept, shared.kept = shared.kept, 0
        if kept:
            self.budget.release(kept)

    def _make_room(self, size: int) -> None:
        for shared in reversed(self._shared.values()):  # what is needed soonest was announced first
            if self.budget.used + size <= self.budget.total:
                return
            if shared.kept:
                self._drop(shared)


def image_refs(messages: list[dict[str, Any]]) -> list[ImageRef]:
    """The pictures of a prompt that are not decoded yet, in order."""
    lists = (message["content"] for message in messages if not isinstance(message["content"], str))
    images = (part.get("image") for content in lists for part in content)
    return [image for image in images if isinstance(image, ImageRef)]


def _key(ref: ImageRef, decoder: ImageDecoder) -> Key:
    return Key(ref.path, ref.identity, decoder.max_pixels, decoder.max_bytes)


def _filled(message: dict[str, Any], decoder: ImageDecoder, decoded: dict[Key, tuple[Picture, str]]) -> dict[str, Any]:
    """A message with pictures in the place of their references."""
    if isinstance(message["content"], str):
        return message
    content = []
    for part in message["content"]:
        if isinstance(part.get("image"), ImageRef):
            picture, uuid = decoded[_key(part["image"], decoder)]
            part = {**part, "image": picture, "uuid": uuid}
        content.append(part)
    return {**message, "content": content}


def _empty(ready: Request, request: Request) -> None:
    """The decoded pictures must not live on with the request."""
    ready.messages = request.messages
