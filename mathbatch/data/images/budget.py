"""Share a limited number of bytes among tasks that wait for them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class ByteBudget:
    """Number of bytes that tasks claim and release, first come, first served.

    A claim for more than the total waits until it is alone. `make_room(size)` is called before a claim has to wait, and
    may release memory that is held only in case it is needed again. `used` is the number of bytes claimed now, `peak`
    its maximum so far.
    """

    def __init__(self, total: int, make_room: Callable[[int], None] = lambda size: None) -> None:
        self.total = total
        self.used = 0
        self.peak = 0
        self._make_room = make_room
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def acquire(self, size: int) -> int:
        """Claim `size` bytes as soon as they are free. Return the number of bytes to release later."""
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
        """Claim `size` bytes if they are free and nobody waits. Return whether they were claimed."""
        if self._waiting or self.used + size > self.total:
            return False
        self._claim(size)
        return True

    def release(self, size: int) -> None:
        """Release the number of bytes that `acquire` returned."""
        self.used -= size
        self._serve_waiting()

    def _serve_waiting(self) -> None:
        while self._waiting and self.used + self._waiting[0][0] <= self.total:
            size, turn = self._waiting.popleft()
            if not turn.cancelled():
                self._claim(size)
                turn.set_result(None)

    def _claim(self, size: int) -> None:
        self.used += size
        self.peak = max(self.peak, self.used)

    def _abandon(self, size: int, turn: asyncio.Future[None]) -> None:
        """Withdraw a claim whose task was cancelled while it waited, or just after it was served."""
        if turn.done() and not turn.cancelled():
            self.release(size)
        elif (size, turn) in self._waiting:
            self._waiting.remove((size, turn))
            self._serve_waiting()
