"""Pictures made ready just ahead of the engine: decoded in threads, within a budget in bytes."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from mathbatch.data.images import ImageDecoder
from mathbatch.records import ImageRef, Request

MAX_WORKERS = 8
"""More threads than this wait for each other: resizing and copying hold Python's lock."""
AHEAD = 2
"""Requests with decoded pictures for each thread: one engine takes them one by one, so more would only fill memory."""


class ByteBudget:
    """First come, first served. A claim larger than the whole budget waits until it has the budget for itself."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.used = 0
        self.peak = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def acquire(self, size: int) -> int:
        """Wait for room; returns the size to give back."""
        size = min(size, self.total)
        if self._waiting or self.used + size > self.total:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append((size, turn))
            try:
                await turn
            except asyncio.CancelledError:
                self._abandon(size, turn)
                raise
        else:
            self._take(size)
        return size

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


class Pictures:
    """Turns the ImageRefs of a request into RGB pictures."""

    def __init__(self, decoder: ImageDecoder, budget_bytes: int, workers: int | None) -> None:
        self.decoder = decoder
        self.budget = ByteBudget(budget_bytes)
        workers = workers or min(MAX_WORKERS, os.cpu_count() or 1)
        self._ahead = asyncio.Semaphore(AHEAD * workers)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="decode")

    @asynccontextmanager
    async def ready(self, request: Request) -> AsyncIterator[Request]:
        """The request with its pictures decoded. Their memory is held until the engine has made its own input of them,
        at the latest until the block ends. Raises SampleError for a picture that can't be read.
        """
        refs = image_refs(request.messages)
        if not refs:
            yield request
            return
        loop = asyncio.get_running_loop()
        await self._ahead.acquire()
        held = 0

        def give_back() -> None:
            ready.messages = request.messages  # the decoded pictures must not live on with the request
            self._ahead.release()
            self.budget.release(held)

        ready = msgspec.structs.replace(request, on_images_done=give_back)
        try:
            size = await loop.run_in_executor(self._threads, self._measure, refs)
            held = await self.budget.acquire(size)
            ready.messages = await loop.run_in_executor(self._threads, self._decode, request.messages)
            yield ready
        finally:
            ready.drop_images()

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _measure(self, refs: list[ImageRef]) -> int:
        return sum(self.decoder.measure(ref) for ref in refs)

    def _decode(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [self._decode_message(message) for message in messages]

    def _decode_message(self, message: dict[str, Any]) -> dict[str, Any]:
        content = message["content"]
        if isinstance(content, str):
            return message
        return {**message, "content": [self._decode_part(part) for part in content]}

    def _decode_part(self, part: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(part.get("image"), ImageRef):
            return part
        picture, uuid = self.decoder.decode(part["image"])
        return {**part, "image": picture, "uuid": uuid}


def image_refs(messages: list[dict[str, Any]]) -> list[ImageRef]:
    """The pictures of a prompt that are not decoded yet, in order."""
    lists = (message["content"] for message in messages if not isinstance(message["content"], str))
    images = (part.get("image") for content in lists for part in content)
    return [image for image in images if isinstance(image, ImageRef)]
