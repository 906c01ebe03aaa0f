"""Members of a fleet that are lost when a test says so."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterable
from typing import ClassVar

from mathbatch.errors import EngineError
from mathbatch.fleet.member import Member, MemberLost
from mathbatch.records import Request, Response


class FakeMember(Member):
    """Answers after some turns of the event loop. A request whose id is in `culprits` ends it."""

    pauses_s: ClassVar[tuple[float, ...]] = (0.0, 0.0, 0.0)

    def __init__(self, name: str = "fake", capacity: int = 8, culprits: Iterable[str] = (), turns: int = 3) -> None:
        self.name, self.capacity = name, capacity
        self.culprits = set(culprits)
        self.turns = turns
        self.refuses: EngineError | None = None
        self.seen: Counter[str] = Counter()
        self.most_aboard = 0
        self._gone: asyncio.Future[None] | None = None
        self._aboard = 0

    async def start(self, say: Callable[[str], object]) -> None:
        self.say = say
        await asyncio.sleep(0)
        if self.refuses is not None:
            raise self.refuses
        self._gone = asyncio.get_running_loop().create_future()

    async def answer(self, request: Request) -> Response:
        gone = self._gone
        if gone is None:
            raise MemberLost("not up", had_it=False)
        self._aboard += 1
        self.seen[request.id] += 1
        self.most_aboard = max(self.most_aboard, self._aboard)
        try:
            for _ in range(self.turns):
                await asyncio.sleep(0)
                if gone.done():
                    raise MemberLost("killed")
            if request.id in self.culprits:
                self.kill()
                raise MemberLost("killed by a request")
        finally:
            self._aboard -= 1
        return Response(text=request.id, output_tokens=1)

    def kill(self) -> None:
        """Lose all that is aboard."""
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)
        self._gone = None

    async def stop(self) -> None:
        self.kill()


async def kill_at_random(members: list[FakeMember], draws: random.Random, kills: int) -> None:
    """Kill one member after another, each after a number of turns that is drawn."""
    for _ in range(kills):
        for _ in range(draws.randrange(1, 60)):
            await asyncio.sleep(0)
        draws.choice(members).kill()
