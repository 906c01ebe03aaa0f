"""Let threads use a fixed amount of memory together."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Memory:
    """Bytes that are free. Whoever wants more than there are at all gets them alone."""

    def __init__(self, size: int) -> None:
        self._size = self._free = size
        self._changed = threading.Condition()

    def take(self, wanted: int) -> int:
        """Wait until so many bytes are free; return how many were taken, for `give_back`."""
        taken = min(wanted, self._size)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= taken)
            self._free -= taken
        return taken

    def give_back(self, taken: int) -> None:
        """Free what was taken."""
        with self._changed:
            self._free += taken
            self._changed.notify_all()

    @contextmanager
    def held(self, wanted: int) -> Iterator[None]:
        """Hold so many bytes within the block."""
        taken = self.take(wanted)
        try:
            yield
        finally:
            self.give_back(taken)
