"""Simulate a fleet: members with a number of slots, whose answers take as long as those of models that reason.

`model.engine` has `members`, `slots`, `mean_s`, and `report`: the file that gets what was seen. Times are log-normal
with this mean and a spread of SIGMA, each drawn from its prompt, and end at LONGEST times the mean, as a limit of
tokens ends thoughts.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mathbatch.fleet.member import Member
from mathbatch.fleet.model import FleetModel
from mathbatch.records import Request, Response

# Standard deviation of the logarithm: one answer in forty takes more than four times the mean.
SIGMA = 0.8
LONGEST = 8


class SimulatedMember(Member):
    """Runs as many requests at once as it has slots; the others wait."""

    def __init__(self, number: int, slots: int, mean_s: float) -> None:
        self.name, self.capacity = f"member {number}", slots
        self._slots = asyncio.Semaphore(slots)
        self._mu, self._longest = math.log(mean_s) - SIGMA**2 / 2, LONGEST * mean_s
        # When each answer began and ended; they are no memory of the run that is measured, so they are kept small.
        self.starts, self.ends = array("d"), array("d")
        self.last_arrival = 0.0

    async def start(self, say: Callable[[str], object]) -> None: ...

    async def answer(self, request: Request) -> Response:
        seconds = min(self._longest, random.Random(request.prompt).lognormvariate(self._mu, SIGMA))
        self.last_arrival = time.monotonic()
        async with self._slots:
            started = time.monotonic()
            await asyncio.sleep(seconds)
        # What a timer is late is time that a real engine would have used.
        self.starts.append(started)
        self.ends.append(started + seconds)
        return Response(text="\\boxed{1}", finish_reason="stop", prompt_tokens=10, output_tokens=10)

    async def stop(self) -> None: ...

    def spans(self) -> Iterator[tuple[float, float]]:
        """Yield when each answer began and ended."""
        return zip(self.starts, self.ends, strict=True)


class SimulatedFleet(FleetModel):
    """Members that only wait. At its end it writes how busy their slots were."""

    async def members(self) -> Sequence[Member]:
        options = self.config.engine
        self._simulated = [
            SimulatedMember(number, int(options["slots"]), float(options["mean_s"]))
            for number in range(int(options["members"]))
        ]
        self._started = time.monotonic()
        return self._simulated

    async def close(self) -> None:
        await super().close()
        await asyncio.to_thread(Path(self.config.engine["report"]).write_text, json.dumps(self._seen()))

    def _seen(self) -> dict[str, float]:
        """Return the share of slot time that was used until the last request came, and how long the rest took.

        The rest is compared with the longest answer, which no schedule can shorten.
        """
        members = self._simulated
        began = min(min(member.starts, default=math.inf) for member in members)
        tail = max(member.last_arrival for member in members)
        slots = sum(member.capacity for member in members)
        used = sum(max(0.0, min(end, tail) - start) for member in members for start, end in member.spans())
        longest = max(end - start for member in members for start, end in member.spans())
        last = max(end for member in members for _, end in member.spans())
        return {
            "busy": used / (slots * (tail - began)),
            "until_tail_s": tail - began,
            "tail_s": last - tail,
            "longest_answer_s": longest,
        }
