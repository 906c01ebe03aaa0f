"""Decode images just ahead of the engine, in threads, within a budget, each one once for all units that show it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

from mathbatch.data.images.budget import ByteBudget
from mathbatch.data.images.decode import ImageDecoder
from mathbatch.records import ImageRef, Request

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

# More threads than this wait for each other: resizing and copying hold Python's lock.
MAX_WORKERS = 8
# Requests with decoded images for each thread. One engine takes them one by one, so more would only fill memory.
AHEAD = 2


class Key(NamedTuple):
    """Identify an image: two references with one key are one image under the same limits."""

    path: str | None
    identity: str
    max_pixels: int
    max_bytes: int


class PooledImage:
    """One image, and who is to show it: `expected` units in all, of which `users` have it in their hands now.

    `kept` is what it takes of the budget while nobody uses it; a user's own claim covers it.
    """

    def __init__(self) -> None:
        self.expected = 0
        self.users = 0
        self.kept = 0
        self.size: asyncio.Future[int] | None = None
        self.decoded: asyncio.Future[tuple[Picture, str]] | None = None


class ImagePool:
    """Turns the ImageRefs of requests into RGB images.

    A request that is announced keeps an image that an earlier one has decoded, as long as the budget has no other use
    for its room. `reads` counts how often an image was read.
    """

    def __init__(self, budget_bytes: int, workers: int | None) -> None:
        self.budget = ByteBudget(budget_bytes, self._make_room)
        self.reads = 0
        workers = workers or min(MAX_WORKERS, os.cpu_count() or 1)
        self._ahead = asyncio.Semaphore(AHEAD * workers)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="decode")
        self._pooled: dict[Key, PooledImage] = {}

    def announce(self, request: Request, decoder: ImageDecoder) -> Announcement:
        """Return a claim on the images of a request that will come soon: until then they are worth keeping."""
        refs = {_key(ref, decoder): ref for ref in image_refs(request.messages)}
        return AnnouncedImages(self, request, decoder, refs) if refs else NoImages(request)

    def close(self) -> None:
        """End the threads; what is queued is not decoded."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _expect(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self._pooled.setdefault(key, PooledImage()).expected += 1

    def _forget(self, keys: Iterable[Key]) -> None:
        for key in keys:
            image = self._pooled[key]
            image.expected -= 1
            if not image.expected:
                self._drop(image)
                del self._pooled[key]
            elif not image.users and not image.kept:
                self._keep(image)

    async def _size(self, key: Key, ref: ImageRef, decoder: ImageDecoder) -> int:
        image = self._pooled[key]
        if image.size is None:
            image.size = asyncio.get_running_loop().run_in_executor(self._threads, decoder.measure, ref)
        return await asyncio.shield(image.size)

    async def _decoded(self, key: Key, ref: ImageRef, decoder: ImageDecoder) -> tuple[Picture, str]:
        image = self._pooled[key]
        if image.decoded is None:
            self.reads += 1
            image.decoded = asyncio.get_running_loop().run_in_executor(self._threads, decoder.decode, ref)
        return await asyncio.shield(image.decoded)

    def _use(self, keys: Iterable[Key]) -> None:
        for key in keys:
            image = self._pooled[key]
            image.users += 1
            self._no_longer_kept(image)

    def _unuse(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self._pooled[key].users -= 1

    def _keep(self, image: PooledImage) -> None:
        """Charge an image that nobody uses, or let it go."""
        if image.decoded is None or image.size is None:
            return
        size = image.size.result()
        if self.budget.try_acquire(size):
            image.kept = size
        else:
            self._drop(image)

    def _drop(self, image: PooledImage) -> None:
        """Give an image's memory back at once, whoever still has the empty object.

        vLLM leaves what it has rendered in a cycle of references, where it would lie until the garbage is collected.
        """
        decoded, image.decoded = image.decoded, None
        if decoded is not None and decoded.done() and not decoded.cancelled() and decoded.exception() is None:
            decoded.result()[0].close()
        self._no_longer_kept(image)

    def _no_longer_kept(self, image: PooledImage) -> None:
        kept, image.kept = image.kept, 0
        if kept:
            self.budget.release(kept)

    def _make_room(self, size: int) -> None:
        # What is needed soonest was announced first, so what was announced last is dropped first.
        for image in reversed(self._pooled.values()):
            if self.budget.used + size <= self.budget.total:
                return
            if image.kept:
                self._drop(image)


class Announcement(Protocol):
    """A claim on the images of one request, from `announce` to `forget`."""

    def ready(self) -> AbstractAsyncContextManager[Request]:
        """Return a context in which the request has its images decoded."""

    def forget(self) -> None:
        """Give the claim up: the request has had its images, or will not come after all. May be called twice."""


class NoImages:
    """The announcement of a request without images: it is ready as it is."""

    __slots__ = ("_request",)

    def __init__(self, request: Request) -> None:
        self._request = request

    def ready(self) -> AbstractAsyncContextManager[Request]:
        """Return a context that has nothing to do."""
        return nullcontext(self._request)

    def forget(self) -> None:
        """Do nothing: there is nothing to let go of."""


class AnnouncedImages:
    """The announcement of a request with images."""

    def __init__(self, pool: ImagePool, request: Request, decoder: ImageDecoder, refs: dict[Key, ImageRef]) -> None:
        self._pool, self._request, self._decoder, self._refs = pool, request, decoder, refs
        self._is_expected = False
        self._expect()

    def _expect(self) -> None:
        if not self._is_expected:
            self._is_expected = True
            self._pool._expect(self._refs)

    def forget(self) -> None:
        """Give the claim up; an image that nobody else waits for is dropped."""
        if self._is_expected:
            self._is_expected = False
            self._pool._forget(self._refs)

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[Request]:
        """Yield the request with its images decoded. Raises SampleError for one that can't be read.

        Their memory is held until the engine has made its own input of them, at the latest until the block ends. A
        request that the engine lost may come again.
        """
        pool, refs = self._pool, self._refs
        self._expect()
        with ExitStack() as holding:
            holding.callback(self.forget)
            await pool._ahead.acquire()
            holding.callback(pool._ahead.release)
            sizes = [await pool._size(key, ref, self._decoder) for key, ref in refs.items()]
            holding.callback(pool.budget.release, await pool.budget.acquire(sum(sizes)))
            pool._use(refs)
            holding.callback(pool._unuse, refs)
            decoded = {key: await pool._decoded(key, ref, self._decoder) for key, ref in refs.items()}
            ready = msgspec.structs.replace(self._request, on_images_done=holding.close)
            ready.messages = [_filled(message, self._decoder, decoded) for message in self._request.messages]
            del decoded
            holding.callback(_empty, ready, self._request)
            yield ready


def image_refs(messages: list[dict[str, Any]]) -> list[ImageRef]:
    """Return the images of a prompt that are not decoded yet, in order."""
    lists = (message["content"] for message in messages if not isinstance(message["content"], str))
    images = (part.get("image") for content in lists for part in content)
    return [image for image in images if isinstance(image, ImageRef)]


def _key(ref: ImageRef, decoder: ImageDecoder) -> Key:
    return Key(ref.path, ref.identity, decoder.max_pixels, decoder.max_bytes)


def _filled(message: dict[str, Any], decoder: ImageDecoder, decoded: dict[Key, tuple[Picture, str]]) -> dict[str, Any]:
    """Return a message with images in the place of their references."""
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
    """Take the decoded images out of the request: they must not live on with it."""
    ready.messages = request.messages
