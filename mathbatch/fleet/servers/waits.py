"""Say how long to wait before a request is sent again: as long as the server asks, or longer and longer."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

# Longest time that a server may ask for, in seconds. A limit for a day is better met by asking now and then.
MOST_S = 600.0


@dataclass(frozen=True)
class Waits:
    """Times in seconds before a request is sent again.

    `pauses_s` are those after its first failure, its second, and so on: there are so many, and one try more. A server
    that has too many requests and doesn't say how long to wait gets `crowded_s`; so does one request `crowded_tries`
    times at most. `jitter` is the share by which a wait may be longer, so that not all come back at once.
    """

    pauses_s: tuple[float, ...] = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
    crowded_s: float = 15.0
    crowded_tries: int = 30
    hangs: int = 3
    jitter: float = 0.25

    def pause(self, number: int, asked_s: float | None) -> float:
        """Return the wait after the first failure (1), the second, and so on, where the server asks for `asked_s`.

        One that asks for no time at all would otherwise be asked all times at once.
        """
        own_s = self.pauses_s[min(number, len(self.pauses_s)) - 1]
        return own_s if asked_s is None else max(own_s, asked_s)

    def spread(self, wait_s: float) -> float:
        """Return a wait, or a somewhat longer one."""
        return wait_s * (1 + self.jitter * random.random())


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait (RFC 9110, 10.2.3, and `retry-after-ms`); None if it doesn't."""
    for name, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        text = headers.get(name)
        if text is None:
            continue
        try:
            seconds = float(text) * unit
        except ValueError:
            seconds = _until(text, headers.get("date"))
        if math.isfinite(seconds):
            return min(max(seconds, 0.0), MOST_S)
    return None


def _until(text: str, now: str | None) -> float:
    """Return the seconds until a date, by the clock of the server if it tells it; NaN for what is no date."""
    try:
        then = parsedate_to_datetime(text).timestamp()
    except ValueError:
        return math.nan
    try:
        return then - (time.time() if now is None else parsedate_to_datetime(now).timestamp())
    except ValueError:
        return then - time.time()
