"""Share a number of bytes among those who wait for them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class ByteBudget:
    """A number of bytes to share, first come, first served. A claim larger than all of it waits until it is alone.

    `make_room(size)` is called before a claim has to wait: it may give back what is kept only in case.
    """

    def __init__(self, total: int, make_room: Callable[[int], None] = lambda size: None) -> None:
        self.total = total
        self.used = 0
        self.peak = 0
        self._make_room = make_room
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def acquire(self, size: int) -> int:
        """Wait for room; return the size to give back."""
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
        """Give back what `acquire` returned."""
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
