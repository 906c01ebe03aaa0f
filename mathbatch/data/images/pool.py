"""Decode images in threads, just ahead of the engine, within a memory budget, and once for all requests that show them.

The images of a request are announced as soon as the request is known, and decoded when its turn comes:

    announcement = pool.announce(request, decoder)
    async with announcement.ready() as request_with_images:
        await model.generate(request_with_images)
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, nullcontext
from typing import Any, NamedTuple, Protocol

import msgspec

from mathbatch.data.digests import content_hash, keyed
from mathbatch.data.images.budget import ByteBudget
from mathbatch.records import ImageRef, Request

# More threads than this wait for each other: resizing and copying hold Python's lock.
MAX_WORKERS = 8
# The engine takes requests one by one, so decoding for more of them at once would only fill memory.
REQUESTS_PER_WORKER = 2


class Image(Protocol):
    """Image in the form in which requests show it."""

    def close(self) -> None:
        """Free its memory."""


class Decoder(Protocol):
    """Reads images in threads: ImageDecoder, or one that gives them another form."""

    max_pixels: int
    max_bytes: int

    def measure(self, ref: ImageRef) -> int:
        """Return the memory that reading the image takes at its peak, in bytes. Raise SampleError."""

    def decode(self, ref: ImageRef) -> tuple[Image, str]:
        """Return the image and a hash of its encoded data. Raise SampleError."""


class ImageKey(NamedTuple):
    """Identity of an image: references with the same key are the same image under the same limits."""

    path: str | None
    identity: str
    max_pixels: int
    max_bytes: int


class PooledImage:
    """State of one image in the pool, counted for all requests that show it.

    `expected` requests have announced it and not let go of it, and `users` of them hold it at this moment. `kept` is
    the number of bytes that it takes of the budget while nobody holds it; otherwise the claims of its users cover it.
    """

    def __init__(self) -> None:
        self.expected = 0
        self.users = 0
        self.kept = 0
        self.size: asyncio.Future[int] | None = None
        self.decoded: asyncio.Future[tuple[Image, str]] | None = None


class ImagePool:
    """Decodes the images of requests, and keeps an image for later requests as long as the budget has room for it.

    `budget_bytes` limits the memory for decoded images; `workers` is the number of threads, by default one per core and
    at most 8. `reads` counts how often an image was read. The methods from `expect` to `end_use` are for
    `AnnouncedImages` only.
    """

    def __init__(self, budget_bytes: int, workers: int | None) -> None:
        self.budget = ByteBudget(budget_bytes, self._make_room)
        self.reads = 0
        workers = workers or min(MAX_WORKERS, os.cpu_count() or 1)
        # Limits the number of requests whose images are decoded or in use.
        self.slots = asyncio.Semaphore(REQUESTS_PER_WORKER * workers)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="decode")
        self._pooled: dict[ImageKey, PooledImage] = {}

    def announce(self, request: Request, decoder: Decoder) -> Announcement:
        """Return an announcement for the images of a request. The pool keeps them for it if it can."""
        refs = {_key(ref, decoder): ref for ref in image_refs(request.messages)}
        return AnnouncedImages(self, request, decoder, refs) if refs else NoImages(request)

    def close(self) -> None:
        """End the threads. Images that are still queued are not decoded."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def expect(self, keys: Iterable[ImageKey]) -> None:
        """Count one more request that will show these images."""
        for key in keys:
            self._pooled.setdefault(key, PooledImage()).expected += 1

    def stop_expecting(self, keys: Iterable[ImageKey]) -> None:
        """Count one request less that will show these images, and drop the images that no other request will show."""
        for key in keys:
            image = self._pooled[key]
            image.expected -= 1
            if not image.expected:
                self._drop(image)
                del self._pooled[key]
            elif not image.users and not image.kept:
                self._keep(image)

    async def measure(self, key: ImageKey, ref: ImageRef, decoder: Decoder) -> int:
        """Return the memory in bytes that decoding the image takes. The image is measured only once."""
        image = self._pooled[key]
        if image.size is None:
            image.size = asyncio.get_running_loop().run_in_executor(self._threads, decoder.measure, ref)
        return await asyncio.shield(image.size)

    async def decode(self, key: ImageKey, ref: ImageRef, decoder: Decoder) -> tuple[Image, str]:
        """Return the RGB image and a hash of its data. The image is decoded only once as long as it is kept."""
        image = self._pooled[key]
        if image.decoded is None:
            self.reads += 1
            image.decoded = asyncio.get_running_loop().run_in_executor(self._threads, decoder.decode, ref)
        return await asyncio.shield(image.decoded)

    def begin_use(self, keys: Iterable[ImageKey]) -> None:
        """Count one more user of these images, whose own claim on the budget covers their memory."""
        for key in keys:
            image = self._pooled[key]
            image.users += 1
            self._release_kept(image)

    def end_use(self, keys: Iterable[ImageKey]) -> None:
        """Count one user of these images less."""
        for key in keys:
            self._pooled[key].users -= 1

    def _keep(self, image: PooledImage) -> None:
        """Claim the memory of an image that nobody uses, or drop the image if there is no room."""
        if image.decoded is None or image.size is None:
            return
        size = image.size.result()
        if self.budget.try_acquire(size):
            image.kept = size
        else:
            self._drop(image)

    def _drop(self, image: PooledImage) -> None:
        """Free the memory of an image at once, even if someone still refers to the object.

        vLLM leaves rendered prompts in reference cycles, so without this the memory would stay in use until Python
        collects its garbage.
        """
        decoded, image.decoded = image.decoded, None
        if decoded is not None and decoded.done() and not decoded.cancelled() and decoded.exception() is None:
            decoded.result()[0].close()
        self._release_kept(image)

    def _release_kept(self, image: PooledImage) -> None:
        kept, image.kept = image.kept, 0
        if kept:
            self.budget.release(kept)

    def _make_room(self, size: int) -> None:
        """Drop images that nobody uses until `size` bytes are free."""
        # Images are needed in the order in which they were announced, so the last one can be spared most easily.
        for image in reversed(self._pooled.values()):
            if self.budget.used + size <= self.budget.total:
                return
            if image.kept:
                self._drop(image)


class Announcement(Protocol):
    """Announcement of the images of one request, valid until `forget` is called."""

    def ready(self) -> AbstractAsyncContextManager[Request]:
        """Return a context that yields the request with its images decoded."""

    def forget(self) -> None:
        """Withdraw the announcement, because the request was answered or will not come. May be called twice."""


class NoImages:
    """Announcement of a request whose images are not to be decoded here, which is ready as it is."""

    __slots__ = ("_request",)

    def __init__(self, request: Request) -> None:
        self._request = request

    def ready(self) -> AbstractAsyncContextManager[Request]:
        """Return a context that yields the unchanged request."""
        return nullcontext(self._request)

    def forget(self) -> None:
        """Do nothing, since no image is expected."""


class AnnouncedImages:
    """Announcement of a request with images. `refs` are its images by their keys."""

    def __init__(self, pool: ImagePool, request: Request, decoder: Decoder, refs: dict[ImageKey, ImageRef]) -> None:
        self._pool, self._request, self._decoder, self._refs = pool, request, decoder, refs
        self._is_expected = False
        self._expect()

    def _expect(self) -> None:
        if not self._is_expected:
            self._is_expected = True
            self._pool.expect(self._refs)

    def forget(self) -> None:
        """Withdraw the announcement. Images that no other request will show are dropped."""
        if self._is_expected:
            self._is_expected = False
            self._pool.stop_expecting(self._refs)

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[Request]:
        """Yield the request with its images decoded. Raise SampleError if an image can't be read.

        The memory is held until the engine calls `Request.drop_images`, at the latest until the context ends. The
        context may be entered again if the engine lost the request.
        """
        pool, refs = self._pool, self._refs
        self._expect()
        with ExitStack() as held:
            held.callback(self.forget)
            await pool.slots.acquire()
            held.callback(pool.slots.release)
            sizes = [await pool.measure(key, ref, self._decoder) for key, ref in refs.items()]
            held.callback(pool.budget.release, await pool.budget.acquire(sum(sizes)))
            pool.begin_use(refs)
            held.callback(pool.end_use, refs)
            decoded = {key: await pool.decode(key, ref, self._decoder) for key, ref in refs.items()}
            ready = msgspec.structs.replace(self._request, on_images_done=held.close)
            ready.messages = [_with_images(message, self._decoder, decoded) for message in self._request.messages]
            if any(key.path is not None for key in refs):
                hashes = {key: hash for key, (_, hash) in decoded.items()}
                messages, decoder = self._request.messages, self._decoder
                content = content_hash(messages, lambda ref: hashes[_key(ref, decoder)])
                self._request.content = keyed(content, self._request.run)
            del decoded
            held.callback(_remove_images, ready, self._request)
            yield ready


def image_refs(messages: list[dict[str, Any]]) -> list[ImageRef]:
    """Return the images of a prompt that are not decoded yet, in order."""
    lists = (message["content"] for message in messages if not isinstance(message["content"], str))
    images = (part.get("image") for content in lists for part in content)
    return [image for image in images if isinstance(image, ImageRef)]


def _key(ref: ImageRef, decoder: Decoder) -> ImageKey:
    return ImageKey(ref.path, ref.identity, decoder.max_pixels, decoder.max_bytes)


def _with_images(
    message: dict[str, Any], decoder: Decoder, decoded: dict[ImageKey, tuple[Image, str]]
) -> dict[str, Any]:
    """Return a message with decoded images in place of their references. `uuid` is the hash of an image's data."""
    if isinstance(message["content"], str):
        return message
    content = []
    for part in message["content"]:
        if isinstance(part.get("image"), ImageRef):
            image, uuid = decoded[_key(part["image"], decoder)]
            part = {**part, "image": image, "uuid": uuid}
        content.append(part)
    return {**message, "content": content}


def _remove_images(ready: Request, request: Request) -> None:
    """Put the references back, since otherwise the decoded images would live on with the request."""
    ready.messages = request.messages
