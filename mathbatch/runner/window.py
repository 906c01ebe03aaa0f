"""Limit how many units are in flight, by a number that may change meanwhile."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class Window:
    """Places for units in flight. `size` is asked at each release: fleets grow and shrink while they work."""

    def __init__(self, size: Callable[[], int]) -> None:
        self._size = size
        self._taken = 0
        self._waiting = deque[asyncio.Future[None]]()

    async def acquire(self) -> None:
        """Take a place, once there is one."""
        if not self._waiting and self._taken < self._size():
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
        size = self._size() if self._waiting else 0
        while self._waiting and self._taken < size:
            place = self._waiting.popleft()
            if not place.done():
                self._taken += 1
                place.set_result(None)
