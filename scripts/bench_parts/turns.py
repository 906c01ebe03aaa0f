"""Put contenders in the order in which they are measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

Contender = TypeVar("Contender")


def turns(
    contenders: Sequence[Contender], repeats: int, slow: Contender, slow_repeats: int
) -> Iterator[tuple[int, Contender]]:
    """Return each contender in each repeat, `slow` in the first few only.

    Every other repeat goes backwards, so that a machine that grows faster or slower meanwhile favours none.
    """
    for repeat in range(repeats):
        for contender in contenders if repeat % 2 == 0 else reversed(contenders):
            if contender != slow or repeat < slow_repeats:
                yield repeat, contender
