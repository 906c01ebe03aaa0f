"""Find out how many requests a server takes at once, by its word that these were too many (HTTP 429).

It starts low, doubles with each round of answers until the server complains, then goes down by a fifth and grows by one
a round. All complaints about requests that were sent before it went down are one episode. The same way is gone by
inspect_ai; Chiu and Jain (1989) show why additive growth and multiplicative decrease end at a fair share.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

# Requests at once to a server that is not known yet.
FIRST_LIMIT = 20
SHRINK = 0.8
# Share of the limit that has to be in use for it to grow. Of answers that come together, each leaves a place.
IN_USE = 0.5


class Pace:
    """Limit of the requests that a server has at once, and the time until which it wants none.

    `on_growth` is called when one more may come.
    """

    def __init__(self, on_growth: Callable[[], object]) -> None:
        self._on_growth = on_growth
        self._limit = float(FIRST_LIMIT)
        self._sent = 0
        self._episode = 0
        self._rests_until = 0.0
        self._waiting = deque[asyncio.Future[None]]()

    @property
    def limit(self) -> int:
        """Return how many requests the server may have now."""
        return int(self._limit)

    async def enter(self, spread: Callable[[float], float]) -> int:
        """Wait until a request may be sent; return the episode in which it is. Call `leave` after it.

        `spread` makes the rest of the server somewhat longer for each request, so that not all come back at once.
        """
        while True:
            if self._rests_until and (wait_s := self._rests_until - _now()) > 0:
                await asyncio.sleep(spread(wait_s))
            elif self._sent < int(self._limit):
                self._sent += 1
                return self._episode
            else:
                await self._place()

    async def _place(self) -> None:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            self._wake()
            raise

    def leave(self) -> None:
        """Note that a request has been answered, in whatever way."""
        self._sent -= 1
        self._wake()

    def note_success(self, aboard: int) -> None:
        """Grow, if the server has nearly as many requests as it may: `aboard` is how many, this one included."""
        if aboard < self.limit * IN_USE:
            return
        before = self.limit
        self._limit += 1.0 if not self._episode else 1.0 / self._limit
        if self.limit > before:
            self._wake()
            self._on_growth()

    def note_crowded(self, episode: int, wait_s: float) -> None:
        """Shrink, once for each episode, and let the server rest."""
        self._rests_until = max(self._rests_until, _now() + wait_s)
        if episode == self._episode:
            self._episode += 1
            self._limit = max(1.0, self._limit * SHRINK)

    def _wake(self) -> None:
        free = int(self._limit) - self._sent
        while self._waiting and free > 0:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                free -= 1


def _now() -> float:
    return asyncio.get_running_loop().time()
