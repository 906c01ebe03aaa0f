"""Show the counts of one or many jobs: as one tqdm line on a terminal, as plain lines elsewhere."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NoReturn, TextIO

from tqdm import tqdm

from mathbatch.data.counts import Counts
from mathbatch.fleet.seat import MemberFigures

TERMINAL_INTERVAL_S = 0.5
PLAIN_INTERVAL_S = 10.0
JOBS_SHOWN = 12
MEMBERS_SHOWN = 8


class Progress:
    """Shows the counts of all jobs on `stream` until it is closed, and those of the `members` of a fleet."""

    def __init__(self, jobs: Sequence[Counts], stream: TextIO) -> None:
        self._jobs = jobs
        self._stream = stream
        self._started: float | None = None
        self._bar: tqdm[NoReturn] | None = None
        self.members: Callable[[], Sequence[MemberFigures]] = tuple
        self._tokens_before: dict[str, int] = {}

    @property
    def is_of_several(self) -> bool:
        """Tell whether it shows more than one job."""
        return len(self._jobs) > 1

    @property
    def in_flight(self) -> int:
        """Return how many units of all jobs are in flight."""
        return sum(counts.in_flight for counts in self._jobs)

    @property
    def done(self) -> int:
        """Return how many units of all jobs have a record."""
        return sum(counts.done for counts in self._jobs)

    @property
    def total(self) -> int | None:
        """Return how many units there are, None while a job does not know."""
        totals = [counts.total for counts in self._jobs if counts.total is not None]
        return sum(totals) if len(totals) == len(self._jobs) else None

    def start(self) -> None:
        """Let time count from here: after the first engine has loaded."""
        if self._started is not None:
            return
        self._started = time.monotonic()
        self._tokens_before = {one.name: one.output_tokens for one in self.members()}
        if self._stream.isatty():
            self._bar = tqdm(total=self.total, initial=self.done, file=self._stream, unit="sample", dynamic_ncols=True)

    async def show_regularly(self) -> None:
        """Show the counts again and again, until it is cancelled."""
        while True:
            await asyncio.sleep(PLAIN_INTERVAL_S if self._bar is None else TERMINAL_INTERVAL_S)
            self.show()

    def show(self) -> None:
        """Show the counts as they are now."""
        if self._bar is None:
            self.say(self._plain())
            return
        self._bar.total = self.total
        self._bar.set_postfix_str(", ".join([f"{self._token_rate():,.0f} tokens/s", *self._state()]), refresh=False)
        with suppress(OSError):
            self._bar.update(self.done - self._bar.n)
            self._bar.refresh()

    def say(self, message: str) -> None:
        """Show a line of text, above the progress line where there is one."""
        with suppress(OSError):  # a terminal that is gone must not end the run
            if self._bar is not None:
                tqdm.write(message, file=self._stream)
            else:
                print(message, file=self._stream, flush=True)

    def close(self) -> None:
        """Show the counts a last time and end the progress line."""
        if self._bar is not None:
            self.show()
            with suppress(OSError):
                self._bar.close()
            self._bar = None

    @property
    def _elapsed_s(self) -> float:
        return max(time.monotonic() - (self._started or time.monotonic()), 1e-9)

    def _token_rate(self) -> float:
        return sum(counts.output_tokens for counts in self._jobs) / self._elapsed_s

    def _state(self) -> list[str]:
        """Return failures, what is in flight, and for several jobs how far each has come."""
        state = [f"{sum(counts.failed for counts in self._jobs)} failed", f"{self.in_flight} in flight"]
        state += self._state_of_members()
        if len(self._jobs) == 1:
            return state
        going = [counts.share for counts in self._jobs if counts.total is None or counts.done < counts.total]
        shown = " ".join(going[:JOBS_SHOWN]) + (" …" if len(going) > JOBS_SHOWN else "")
        return [*state, f"{len(self._jobs) - len(going)} of {len(self._jobs)} jobs done", *filter(None, [shown])]

    def _state_of_members(self) -> list[str]:
        """Return how many engines of a fleet are up, and what each of them does."""
        members = self.members()
        if not members:
            return []
        shown = [
            f"{one.name}: {one.in_flight} in flight, {self._tokens_of(one) / self._elapsed_s:,.0f} tokens/s"
            + (f", lost {one.losses} x" if one.losses else "")
            if one.state == "up"
            else f"{one.name}: {one.state}"
            for one in members[:MEMBERS_SHOWN]
        ]
        more = " …" if len(members) > MEMBERS_SHOWN else ""
        up = sum(one.state == "up" for one in members)
        return [f"{up} of {len(members)} engines up ({'; '.join(shown)}{more})"]

    def _tokens_of(self, one: MemberFigures) -> int:
        return one.output_tokens - self._tokens_before.get(one.name, 0)

    def _plain(self) -> str:
        done, total = self.done, self.total
        rate = (done - sum(counts.before for counts in self._jobs)) / self._elapsed_s
        state = [f"{done}/{total or '?'} samples", f"{rate:,.1f} samples/s", f"{self._token_rate():,.0f} tokens/s"]
        state += self._state()
        if total is not None and rate > 0:
            state.append(f"{tqdm.format_interval((total - done) / rate)} left")
        return ", ".join(state)
