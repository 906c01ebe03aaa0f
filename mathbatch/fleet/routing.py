"""Choose the member for a request: the least loaded one, or one that has met its input before."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from math import inf

from mathbatch.fleet.seat import Seat
from mathbatch.records import ImageRef, Request

# Inputs whose member is remembered.
MAX_KNOWN_INPUTS = 1 << 16
# Load of a member that has met the input, as a share of its capacity, above that of the least loaded one.
AFFINITY_SLACK = 0.125


class Router:
    """Chooses among members. Those that met an input have its pictures and its prefix in their caches."""

    def __init__(self, seats: Sequence[Seat]) -> None:
        self._seats = seats
        self._known: OrderedDict[Hashable, Seat] = OrderedDict()

    def choose(self, request: Request) -> Seat | None:
        """Return the member for a request, None if none has room."""
        best, least = None, inf
        for seat in self._seats:
            if seat.has_room and (load := len(seat.cohort.aboard) / seat.member.capacity) < least:
                best, least = seat, load
        if best is None:
            return None
        if len(self._seats) == 1:
            return best
        key = _input_of(request)
        known = self._known.get(key)
        if known is not None and known is not best and known.has_room and known.load <= least + AFFINITY_SLACK:
            best = known
        self._known[key] = best
        self._known.move_to_end(key)
        if len(self._known) > MAX_KNOWN_INPUTS:
            self._known.popitem(last=False)
        return best


def _input_of(request: Request) -> Hashable:
    """Return the first image of a request, or its prompt: what members keep in their caches."""
    for message in request.messages:
        content = message["content"]
        if not isinstance(content, str):
            for part in content:
                image = part.get("image")
                if isinstance(image, ImageRef):
                    return image.identity
    return request.prompt
