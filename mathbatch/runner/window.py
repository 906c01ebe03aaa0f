"""Limit how many units are in flight, by a number that may change meanwhile."""

from __future__ import annotations

import asyncio
from collections import deque


class Window:
    """Places for units in flight, so many as `size` at once. Fleets grow and shrink while they work: see `resize`."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._taken = 0
        self._waiting = deque[asyncio.Future[None]]()

    async def acquire(self) -> None:
        """Take a place, once there is one."""
        if self._taken < self._size and not self._waiting:
            self._taken += 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.release()
            raise

    def release(self) -> None:
        """Give a place back, and let in as many as there is room for."""
        self._taken -= 1
        self._let_in()

    def resize(self, size: int) -> None:
        """Change the number of places. What is in flight beyond it stays there."""
        self._size = size
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._taken < self._size:
            place = self._waiting.popleft()
            if not place.done():
                self._taken += 1
                place.set_result(None)
