"""Run one engine in a process of its own, with its pictures and its supervisor. Ray makes it an actor.

Requests come and answers go in batches, encoded here: Ray's own pickling costs several times as much for each.
"""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import socket
import traceback
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from mathbatch.base import BaseInferenceModel
from mathbatch.config import ModelConfig
from mathbatch.data.images.decode import ImageDecoder
from mathbatch.data.images.malloc import share_one_arena
from mathbatch.data.images.pool import ImagePool, image_refs
from mathbatch.errors import MathBatchError, SampleError
from mathbatch.models.build import build_model
from mathbatch.models.supervisor import Supervisor
from mathbatch.parts.faults import PartError, in_words
from mathbatch.records import Request, Response

# Answers are sent once there are so many, or these seconds after the first: a message costs as much as many answers.
# Meanwhile the engine has others of those that wait for it.
MOST_REPLIES, COLLECT_S = 128, 0.05


@dataclass(frozen=True)
class ReplicaSettings:
    """What a replica is made of. Relative paths start from `folder`, where the machine has it.

    Variables of `environment` are set in its process unless that has them. `image_budget_bytes` is its own share of the
    memory for decoded images.
    """

    config: ModelConfig
    folder: str
    environment: dict[str, str]
    seeded: bool
    adapters: frozenset[str]
    most_images: int
    image_budget_bytes: int
    image_workers: int | None


class Reply(Struct, frozen=True, array_like=True):
    """Answer to the request with this number, or the error that it got, pickled."""

    number: int
    response: Response | None
    error: bytes | None = None


class Mail(Struct, frozen=True, array_like=True):
    """What a replica sends at once: replies, news for the user, and its counts of images so far."""

    replies: list[Reply]
    news: list[str]
    images_read: int
    images_preprocessed: int | None


class Replica:
    """Engine that answers what `submit` brings; `mail` yields the replies."""

    def __init__(self, settings: bytes) -> None:
        self._settings = settings
        self._model: BaseInferenceModel
        self._images: ImagePool
        self._supervisor: Supervisor
        self._tasks: set[asyncio.Task[None]] = set()
        self._replies: list[Reply] = []
        self._news: list[str] = []
        self._has_mail, self._is_full = asyncio.Event(), asyncio.Event()

    async def open(self) -> int:
        """Build and load the model; return its capacity. Raise ConfigError, EngineError or PartError."""
        made: ReplicaSettings = pickle.loads(self._settings)
        _settle_in(made)
        self._model = build_model(made.config)
        self._model.seeded, self._model.adapters = made.seeded, made.adapters
        self._model.most_images = made.most_images
        self._images = ImagePool(made.image_budget_bytes, made.image_workers)
        self._supervisor = Supervisor(self._model)
        self._supervisor.begin_stream(self._tell, asyncio.Event())
        await self._supervisor.open()
        gc.freeze()  # what was imported stays, and to search it all for garbage again and again takes long
        return self._model.capacity

    async def submit(self, batch: bytes) -> None:
        """Begin to answer requests: a pickled list of pairs of number and Request."""
        for number, request in pickle.loads(batch):
            task = asyncio.create_task(self._answer(number, request))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def mail(self) -> AsyncGenerator[bytes, None]:
        """Yield encoded Mail for as long as the replica lives."""
        while True:
            await self._has_mail.wait()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_full.wait(), COLLECT_S)
            self._has_mail.clear()
            self._is_full.clear()
            replies, news = self._replies, self._news
            self._replies, self._news = [], []
            yield msgspec.msgpack.encode(Mail(replies, news, self._images.reads, self._model.images_preprocessed))

    async def close(self) -> None:
        """End the engine and its processes."""
        for task in list(self._tasks):
            task.cancel()
        self._images.close()
        await self._supervisor.close()

    async def _answer(self, number: int, request: Request) -> None:
        images = self._images.announce(request, ImageDecoder(*request.image_limits))
        response, error = None, None
        try:
            response = await self._supervisor.answer(request, images.ready)
            if request.content is not None:
                response = msgspec.structs.replace(response, content=request.content)
        except SampleError as failure:
            error = pickle.dumps(_with_machine(failure, request))
        except MathBatchError as failure:
            error = pickle.dumps(failure)
        except Exception as defect:  # noqa: BLE001 - told and saved by the run, which would wait for ever
            traceback.print_exception(defect)
            error = pickle.dumps(PartError(f"an error within a replica, told in run.log: {in_words(defect)}"))
        finally:
            images.forget()
        self._replies.append(Reply(number, response, error))
        self._has_mail.set()
        if len(self._replies) >= MOST_REPLIES:
            self._is_full.set()

    def _tell(self, news: str) -> None:
        self._news.append(news)
        self._has_mail.set()


def _settle_in(made: ReplicaSettings) -> None:
    share_one_arena()
    os.environ |= {name: value for name, value in made.environment.items() if name not in os.environ}
    if os.path.isdir(made.folder):
        os.chdir(made.folder)


def _with_machine(error: SampleError, request: Request) -> SampleError:
    """Return the error, which names the machine where that lacks a file of the request."""
    lacking = [
        ref.path for ref in image_refs(request.messages) if ref.path is not None and not os.path.exists(ref.path)
    ]
    if not lacking:
        return error
    fix = "keep pictures where all machines of the cluster see them under the same path"
    return SampleError("image_not_on_machine", f"{lacking[0]} is not on the machine {socket.gethostname()}: {fix}")
