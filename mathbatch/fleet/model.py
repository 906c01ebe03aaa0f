"""Let a fleet of engines be one model: whoever runs jobs does not know how many there are."""

from __future__ import annotations

import asyncio
import gc
from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path

from mathbatch.base import BaseInferenceModel
from mathbatch.config import ModelConfig
from mathbatch.fleet.member import Member
from mathbatch.fleet.pool import Pool
from mathbatch.fleet.seat import MemberFigures
from mathbatch.models.supervisor import Ready
from mathbatch.records import Request, Response


class FleetModel(BaseInferenceModel):
    """Answers requests with several engines. Its members read the images.

    It needs no Supervisor, as it starts lost members again itself. `on_capacity` is called when `capacity` has changed.
    """

    reads_images = True
    image_budget_bytes: int = 1 << 31
    """Memory for images, in bytes, where it reads them in this process. Set before it is opened."""
    image_workers: int | None = None
    """Number of threads that read images in this process. None: one per core, at most 8."""

    log_folder = Path()
    """Folder for files with what its members say. Set before it is opened."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self._pool: Pool | None = None
        self.on_capacity: Callable[[], object] = lambda: None
        self._stream: tuple[Callable[[str], object], asyncio.Event] = print, asyncio.Event()

    @abstractmethod
    async def members(self) -> Sequence[Member]:
        """Return the members to start with. Raise ConfigError or EngineError if there can't be any."""

    def begin_stream(self, say: Callable[[str], object], stop: asyncio.Event) -> None:
        """Tell news by `say` from now on. Once `stop` is set, no member is started again."""
        self._stream = say, stop
        if self._pool is not None:
            self._pool.begin_stream(say, stop)

    async def open(self) -> None:
        self._pool = Pool(await self.members(), lambda: self.on_capacity())
        self._pool.begin_stream(*self._stream)
        await self._pool.open()
        gc.freeze()  # what was imported stays, and to search it all for garbage again and again takes long

    async def generate(self, request: Request) -> Response:
        assert self._pool is not None
        return await self._pool.answer(request)

    async def answer(self, request: Request, ready: Ready) -> Response:
        """Return the response, as a Supervisor does. `ready` has nothing to do: the members read the images."""
        return await self.generate(request)

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()

    @property
    def capacity(self) -> int:  # type: ignore[override]
        """Return the number of sequences that all members run together. It changes while they come and go."""
        return (self._pool.capacity if self._pool is not None else 0) or BaseInferenceModel.capacity

    @property
    def images_read(self) -> int:  # type: ignore[override]
        """Return how many images the members have read."""
        return sum(member.images_read for member in self._members)

    @property
    def images_preprocessed(self) -> int | None:  # type: ignore[override]
        """Return how many images the members have preprocessed, None where one does not know."""
        counts = [member.images_preprocessed for member in self._members]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    def figures(self) -> list[MemberFigures]:
        """Return what each member has done so far."""
        return self._pool.figures() if self._pool is not None else []

    @property
    def _members(self) -> Sequence[Member]:
        return self._pool.members if self._pool is not None else ()
