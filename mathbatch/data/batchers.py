"""Decide how many requests are in flight at once.

The engine forms the batches itself and takes in new requests continuously, so none waits for a batch to end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mathbatch.base import BaseDataBatcher
from mathbatch.records import Request

# While the engine runs a sequence, the next request is rendered and waits, so that the engine is never idle.
REQUESTS_PER_SEQUENCE = 2


class StreamDataBatcher(BaseDataBatcher):
    """Keeps the order of the file, with `batch_size` requests in flight and `image_budget_gib` for decoded images.

    If `batch_size` is None, there are as many requests in flight as keep the engine full.
    """

    def __init__(self, batch_size: int | None, image_budget_gib: float) -> None:
        self.batch_size = batch_size
        self.image_budget_bytes = int(image_budget_gib * 2**30)

    def order(self, requests: Iterable[Request]) -> Iterator[Request]:
        return iter(requests)

    def in_flight(self, capacity: int) -> int:
        return self.batch_size or REQUESTS_PER_SEQUENCE * capacity
