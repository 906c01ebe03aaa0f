"""Tell time that grows with the input from time that explodes, on a machine of any speed."""

from __future__ import annotations

import functools
import gc
import sys
import time
from collections.abc import Callable

# What `growth` stays under for work that grows with its input: eight times the input takes it about eight times as
# long, and work that grows with the square of its input 64 times.
LINEAR = 24
# The same for work that may grow with the square of an input that is bounded: the cube takes it 512 times as long.
SQUARED = 192
ENOUGH_S = 0.05
FEWEST, MOST = 3, 50


def growth(work: Callable[[int], object], size: int, factor: int = 8) -> float:
    """Return how many times as long `work` takes for `factor * size` as for `size`, to be compared with LINEAR or
    SQUARED.

    Each is the shortest of several calls in processor time, so neither the speed of the machine nor what else it does
    changes the ratio much.
    """
    had_gc = gc.isenabled()
    # Otherwise the garbage of other tests would be collected within a call.
    gc.disable()
    try:
        work(size)
        short = _shortest(work, size)
        # What disturbs a call makes it longer: one that took no more than work that grows with its input is enough.
        return _shortest(work, factor * size, enough=1.5 * factor * short) / short
    finally:
        if had_gc:
            gc.enable()


def _shortest(work: Callable[[int], object], size: int, enough: float = 0.0) -> float:
    taken: list[float] = []
    # A short call is made more often, since the clock and the processor's own caches disturb it more.
    while len(taken) < FEWEST or (sum(taken) < ENOUGH_S and len(taken) < MOST):
        _forget()
        begun = time.process_time()
        work(size)
        taken.append(time.process_time() - begun)
        if taken[-1] <= enough:
            break
    # Never zero, so that it can divide: the clock counts in nanoseconds at best.
    return max(min(taken), 1e-9)


def _forget() -> None:
    """Empty the caches of the package, so that no call finds what one before has calculated."""
    for name, module in list(sys.modules.items()):
        if name.startswith("mathbatch."):
            for value in list(vars(module).values()):
                if isinstance(value, functools._lru_cache_wrapper):
                    value.cache_clear()
