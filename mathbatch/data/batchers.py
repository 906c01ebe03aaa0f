"""Batchers: how much is in flight. The engine forms the batches, so there is nothing to wait for at their end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mathbatch.base import BaseDataBatcher
from mathbatch.records import Request

AHEAD = 2
"""Units in flight for each sequence that the engine runs: while one runs, the next is rendered and waits."""


class StreamDataBatcher(BaseDataBatcher):
    """File order; `batch_size` units in flight, or what keeps the engine full; pictures within a budget in bytes."""

    def __init__(self, batch_size: int | None, image_budget_gib: float) -> None:
        self.batch_size = batch_size
        self.image_budget_bytes = int(image_budget_gib * 2**30)

    def order(self, requests: Iterable[Request]) -> Iterator[Request]:
        return iter(requests)

    def in_flight(self, capacity: int) -> int:
        return self.batch_size or AHEAD * capacity
