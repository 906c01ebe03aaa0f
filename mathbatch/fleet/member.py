"""Define what a fleet is made of: members, each an engine somewhere that answers requests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from math import inf
from typing import ClassVar

from mathbatch.errors import EngineDied
from mathbatch.records import Request, Response


class MemberLost(EngineDied):
    """Loss of a member while it had the request. The request is sent to another one.

    `had_it` is False where the member was gone before: that is no sign against the request.
    """

    def __init__(self, reason: str, had_it: bool = True) -> None:
        super().__init__(reason)
        self.had_it = had_it


class Member(ABC):
    """Engine of a fleet: a replica in a process of its own, or a server.

    Requests come with their images as ImageRefs, and with `image_limits`: a member reads them itself.
    """

    name: str
    """Short name for messages and the progress line, such as `replica 3` or `gpu-7:8000`."""
    capacity: int = 256
    """Number of sequences that it runs together. Valid once it has started."""
    limit: float = inf
    """Largest number of requests that it may have at this moment. It may change at any time: see `on_room`."""
    pauses_s: ClassVar[tuple[float, ...]] = (0.0, 2.0, 10.0, 30.0)
    """Pauses in seconds before it is started again, after the first failure in a row, the second, and so on. When all
    were waited for in vain, it is given up."""
    images_read: int = 0
    images_preprocessed: int | None = None
    on_room: Callable[[], None] = staticmethod(lambda: None)
    """Call this when `limit` has grown."""

    @abstractmethod
    async def start(self, say: Callable[[str], object]) -> None:
        """Make it ready, from nothing or after a loss. Tell news by `say`.

        Raise ConfigError for a setting with which it can never start, and EngineError where it may start later.
        """

    @abstractmethod
    async def answer(self, request: Request) -> Response:
        """Return the answer to a request. Called for many requests at once.

        Raise SampleError if this request can't be answered, and MemberLost if the member is gone. JobError, EngineError
        and PartError end the job or the run as those of any model do.
        """

    @abstractmethod
    async def stop(self) -> None:
        """Free what it holds. Also called after a loss, and before it was started."""
