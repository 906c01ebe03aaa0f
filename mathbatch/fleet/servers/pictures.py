"""Have the bodies of requests made, with pictures that are read just ahead of it, within a limit of memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from mathbatch.data.images.budget import ByteBudget
from mathbatch.data.images.pool import ImagePool
from mathbatch.data.images.wire import WireEncoder
from mathbatch.records import Request


class Pictures:
    """Reads the pictures of all requests to servers.

    `budget_bytes` limits the memory for those that are being read, and once more that for bodies in flight.
    """

    def __init__(self, budget_bytes: int, workers: int | None) -> None:
        self._pool = ImagePool(budget_bytes, workers)
        self._bodies = ByteBudget(budget_bytes)

    @property
    def reads(self) -> int:
        """Return how many pictures were read."""
        return self._pool.reads

    @asynccontextmanager
    async def body(self, request: Request, write: Callable[[Request], bytes]) -> AsyncIterator[bytes]:
        """Yield the body that `write` makes of the request with its pictures. Raise SampleError for one of these.

        The digest by content is noted in the request. A body keeps its memory until the context ends: it may have to
        be sent again.
        """
        announced = self._pool.announce(request, WireEncoder(*request.image_limits))
        try:
            async with announced.ready() as shown:
                body = write(shown)
                claimed = await self._bodies.acquire(len(body))
        finally:
            announced.forget()
        try:
            yield body
        finally:
            self._bodies.release(claimed)

    def close(self) -> None:
        """End the threads."""
        self._pool.close()
