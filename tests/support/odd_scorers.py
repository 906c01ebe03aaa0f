"""Define scorers as users may write them: some of their comparisons hang, crash or return nonsense."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from pathlib import Path
from typing import Any

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score


class Awkward(Exception):
    """Can be pickled, but not read again."""

    def __init__(self, *, needed: str) -> None:
        super().__init__(needed)


def _forever() -> Any:
    while True:
        time.sleep(1)


def _without_end() -> Any:
    held = []
    while True:
        held.append(bytearray(1 << 24))


def _raise(error: BaseException) -> Any:
    raise error


ODDITIES = {
    "hangs in C": lambda: 5**5**5**5,
    "sleeps": _forever,
    "waits for others": lambda: time.sleep(6) or Score("correct", "late", None, "in the end"),
    "allocates": _without_end,
    "raises": lambda: 1 / 0,
    "raises awkwardly": lambda: _raise(Awkward(needed="x")),
    "exits": lambda: _raise(SystemExit(0)),
    "interrupts": lambda: _raise(KeyboardInterrupt()),
    "is gone": lambda: os._exit(0),
    "crashes": lambda: ctypes.string_at(0),
    "has no score": lambda: None,
    "has a number": lambda: Score("correct", 5, None, "no text"),  # type: ignore[arg-type]
    "has an object": lambda: Score("correct", object(), None, "no text"),  # type: ignore[arg-type]
    "has a surrogate": lambda: Score("correct", "\ud800", None, "half a pair"),
}


class OddScorer(BaseScorer):
    """Does what the response says, else compares."""

    def score(self, sample: Sample, response: str) -> Score:
        if response in ODDITIES:
            found: Score = ODDITIES[response]()
            return found
        return Score("correct" if response == sample.gold else "wrong", response, sample.gold, "compared")


class OddGoldScorer(OddScorer):
    """Does what the gold answer says already where that is tried."""

    def gold_as_response(self, sample: Sample) -> str:
        return sample.gold or ""


class BrokenScorer(BaseScorer):
    """Can be made where the configuration is read, but not in a worker."""

    def __init__(self) -> None:
        if os.environ.get("ODD_PARENT") != str(os.getpid()):
            os._exit(7)

    def score(self, sample: Sample, response: str) -> Score:
        raise NotImplementedError


class HangingScorer(BaseScorer):
    """Never comes to an end, and says so by the file `hanging`."""

    def score(self, sample: Sample, response: str) -> Score:
        Path("hanging").touch()
        return Score("wrong", str(5**5**5**5), None, "never")


class StubbornScorer(HangingScorer):
    """No signal ends it either: somebody must kill it."""

    def score(self, sample: Sample, response: str) -> Score:
        signal.setitimer(signal.ITIMER_PROF, 0)
        return super().score(sample, response)


class HeavyScorer(StubbornScorer):
    """Scorer whose workers take long to start."""

    preload = ("pandas",)


class HeldScorer(StubbornScorer):
    """Never ends while there is a file `hold` in the working folder, then finds everything right."""

    def score(self, sample: Sample, response: str) -> Score:
        return super().score(sample, response) if os.path.exists("hold") else Score("correct", response, None, "held")


class AlwaysTooHardScorer(BaseScorer):
    """Takes more memory than a worker has, whatever the response."""

    def score(self, sample: Sample, response: str) -> Score:
        found: Score = _without_end()
        return found


class CountingScorer(BaseScorer):
    """Waits until a folder has some files: "990 folder". With "0 file" it adds a file, and waits for nothing."""

    def score(self, sample: Sample, response: str) -> Score:
        count, _, path = response.partition(" ")
        if count == "0":
            Path(path).touch()
        while Path(path).is_dir() and len(os.listdir(path)) < int(count):
            time.sleep(0.01)
        return Score("correct", response, sample.gold, "counted")
