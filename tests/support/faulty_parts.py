"""Define parts as users may write them: each does something wrong in its own way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from mathbatch.base import BaseDataSaver, BaseInferenceModel, BaseScorer, BaseSummary
from mathbatch.config import DatasetConfig, ModelConfig
from mathbatch.data.batchers import StreamDataBatcher
from mathbatch.data.filters import PendingDataFilter
from mathbatch.data.loaders import FileDataLoader
from mathbatch.data.processors import ChatDataProcessor
from mathbatch.data.saver import JsonLinesDataSaver
from mathbatch.errors import SampleError
from mathbatch.models.scripted import ScriptedModel, text_of
from mathbatch.records import BadRow, RawRow, Record, Request, Response, Sample, Score

HERE = "support.faulty_parts"
GOOD = Response("four", "stop")


def error(raised: BaseException) -> Any:
    """Raise it, in an expression."""
    raise raised


class Unspeakable(Exception):
    """Has no message that can be read."""

    def __str__(self) -> str:
        raise RuntimeError


class OwnText(str):
    """Text of a class of its own, as NumPy has them."""


def on_seven(request: Request, raised: BaseException) -> Response:
    """Raise the error for the samples with a 7, and answer the others."""
    return error(raised) if "7" in text_of(request.messages[-1]["content"]) else GOOD


# What `FaultyModel` does, by the name in `model.engine.do`.
ANSWERS: dict[str, Callable[[Request], Any]] = {
    "some raise": lambda request: on_seven(request, TimeoutError("no reply")),
    "some are cancelled": lambda request: on_seven(request, asyncio.CancelledError()),
    "some exit": lambda request: on_seven(request, SystemExit(0)),
    "some interrupt": lambda request: on_seven(request, KeyboardInterrupt()),
    "some raise half a pair": lambda request: on_seven(request, ValueError("x\ud83d")),
    "some refuse": lambda request: on_seven(request, SampleError("too_odd", "sevens are odd")),
    "raise": lambda request: error(KeyError("choices")),
    "raise several": lambda request: error(BaseExceptionGroup("both", [LookupError("the first"), KeyboardInterrupt()])),
    "raise unspeakably": lambda request: error(Unspeakable()),
    "reject": lambda request: error(SampleError("rejected", "temperature must not be inf")),
    "none": lambda request: None,
    "text": lambda request: "four",
    "number for a text": lambda request: Response(4),  # type: ignore[arg-type]
    "bytes for a text": lambda request: Response(b"4"),  # type: ignore[arg-type]
    "no text": lambda request: Response(None),  # type: ignore[arg-type]
    "less than no tokens": lambda request: Response("four", output_tokens=-3),
    "text of another class": lambda request: Response(OwnText("four"), finish_reason=OwnText("length")),
    "half a token": lambda request: Response("four", output_tokens=0.5),  # type: ignore[arg-type]
    "list for a reasoning": lambda request: Response("four", reasoning=["so"]),  # type: ignore[arg-type]
    "coroutine": lambda request: asyncio.sleep(0, GOOD),
    "half a pair": lambda request: Response("4\ud83d", reasoning="\ud83d\ude00"),
    "odd reason": lambda request: Response("four", "end_of_turn"),
    "change the request": lambda request: request.messages.append({}) or setattr(request, "id", "other") or GOOD,
}


class FaultyModel(BaseInferenceModel):
    """Does what `model.engine.do` says."""

    async def generate(self, request: Request) -> Response:
        found: Response = ANSWERS[self.config.engine["do"]](request)
        return found


class PlainModel(FaultyModel):
    def generate(self, request: Request) -> Response:  # type: ignore[override]
        return GOOD


class YieldingModel(FaultyModel):
    async def generate(self, request: Request) -> AsyncIterator[Response]:  # type: ignore[override]
        yield GOOD


class ClosedModel(ScriptedModel):
    async def open(self) -> None:
        raise ConnectionError("nobody listens")


class LeavingModel(ScriptedModel):
    async def open(self) -> None:
        raise SystemExit(0)


class RoomlessModel(ScriptedModel):
    async def open(self) -> None:
        self.capacity = None  # type: ignore[assignment]


class UnclosableModel(ScriptedModel):
    async def close(self) -> None:
        raise OSError("the socket is gone")


class NeverClosed(ScriptedModel):
    async def close(self) -> None:
        await asyncio.Event().wait()


class BlockingModel(ScriptedModel):
    """Blocks the whole process at one sample, and says so by the file `blocking`."""

    async def generate(self, request: Request) -> Response:
        if "is 7 +" in text_of(request.messages[-1]["content"]):
            _block()
        return GOOD


def _block() -> None:
    Path("blocking").touch()
    time.sleep(1e6)


class Forgetful(ScriptedModel):
    def __init__(self, config: ModelConfig) -> None:
        self.says = "forgets its config"


SAMPLES: dict[str, Callable[[int], Any]] = {
    "dicts": lambda at: {"id": str(at)},
    "none": lambda at: None,
    "numbers for ids": lambda at: Sample(at, at, {}, "?"),  # type: ignore[arg-type]
    "half a pair in an id": lambda at: Sample("\ud83d", at, {}, "?"),
    "lists of images": lambda at: Sample(str(at), at, {}, "?", ["a.png"]),  # type: ignore[arg-type]
    "bad rows without a message": lambda at: BadRow(str(at), at, {}, "odd", None),  # type: ignore[arg-type]
    "an error": lambda at: error(ValueError("row 3 is odd")) if at == 3 else Sample(str(at), at, {}, "?"),
    "an exit": lambda at: error(SystemExit(0)) if at == 3 else Sample(str(at), at, {}, "?"),
    "the same id": lambda at: Sample("one", at, {"at": at}, f"What is {at}?"),
    "an object in a row": lambda at: Sample(str(at), at, {"at": object() if at == 3 else at}, f"What is {at}?"),
}


class FaultyLoader(FileDataLoader):
    """Yields five of what `of` says."""

    def __init__(self, dataset: DatasetConfig, of: str) -> None:
        super().__init__(dataset)
        self._make = SAMPLES[of]

    def __iter__(self) -> Iterator[Sample | BadRow]:
        return (self._make(at) for at in range(1, 6))


class BareLoader(FileDataLoader):
    def __init__(self, dataset: DatasetConfig) -> None:
        pass


class FaultyRows(FileDataLoader):
    def rows(self) -> Iterator[RawRow]:
        yield {"id": "1"}  # type: ignore[misc]


class Uncounting(FileDataLoader):
    def count(self) -> int | None:
        return "many"  # type: ignore[return-value]


def request_with(**message: Any) -> Request:
    """Return a request of one message."""
    return Request("", [{"role": "user", "content": "?"} | message])


REQUESTS: dict[str, Callable[[Sample], Any]] = {
    "none": lambda sample: None,
    "raise": lambda sample: error(ValueError("no prompt")),
    "exit": lambda sample: error(SystemExit(0)),
    "text for messages": lambda sample: Request("", "What?"),  # type: ignore[arg-type]
    "no content": lambda sample: request_with(content=None),
    "no messages": lambda sample: Request("", []),
    "bytes for an image": lambda sample: request_with(content=[{"type": "image", "image": b"png"}]),
    "an object": lambda sample: request_with(name=object()),
}


class FaultyProcessor(ChatDataProcessor):
    """Makes what `of` says, of the samples with `only` in their ids."""

    def __init__(self, of: str, only: object = "", system_prompt: str | None = None) -> None:
        super().__init__(system_prompt)
        self._make, self._only = REQUESTS[of], str(only)

    def process(self, sample: Sample) -> Request:
        found: Request = self._make(sample) if self._only in sample.id else super().process(sample)
        return found


class SharingProcessor(ChatDataProcessor):
    """Makes all requests of one object, and changes the row that it is given."""

    shared = Request("", [{"role": "user", "content": ""}])

    def process(self, sample: Sample) -> Request:
        sample.row["query_cot"] = "changed"
        self.shared.id, self.shared.messages[0]["content"] = "other", sample.query
        return self.shared


class BareProcessor(ChatDataProcessor):
    def __init__(self, system_prompt: str | None = None) -> None:
        pass


class FaultyFilter(PendingDataFilter):
    """Does what `does` says to the samples with `only` in their ids."""

    def __init__(self, does: str, only: object = "", retry_failures: bool = True) -> None:
        super().__init__(retry_failures)
        self._does, self._only = does, str(only)

    def pending(self, request: Request, saver: BaseDataSaver) -> bool:
        if self._only not in request.id:
            return super().pending(request, saver)
        if self._does == "raise":
            raise RuntimeError("no idea")
        return {"leave out": False, "none": None}[self._does]  # type: ignore[return-value]


class FaultyBatcher(StreamDataBatcher):
    def __init__(self, lets_in: Any, batch_size: int | None = None, image_budget_gib: float = 1.0) -> None:
        super().__init__(batch_size, image_budget_gib)
        self._lets_in = lets_in

    def in_flight(self, capacity: int) -> int:
        found: int = self._lets_in
        return found


class LosingBatcher(StreamDataBatcher):
    def order(self, requests: Iterable[Request]) -> Iterator[Request]:
        return iter(list(requests)[1:])


class Budgetless(StreamDataBatcher):
    def __init__(self, batch_size: int | None, image_budget_gib: float) -> None:
        self.batch_size = batch_size


class FullSaver(JsonLinesDataSaver):
    """Has room for two records."""

    def append(self, record: Record) -> None:
        if self.answered == 2:
            raise OSError("the quota is used up")
        super().append(record)


class BrokenSaver(JsonLinesDataSaver):
    def append(self, record: Record) -> None:
        raise KeyError("table")


class EmptySaver(JsonLinesDataSaver):
    def append(self, record: Record) -> None:
        """Keep nothing."""


SCORES: dict[str, Callable[[Sample], Any]] = {
    "true": lambda sample: True,
    "none": lambda sample: None,
    "raise": lambda sample: 1 / 0,
    "exit": lambda sample: error(SystemExit(0)),
    "another verdict": lambda sample: Score("right", None, None, "so"),
    "a number for the answer": lambda sample: Score("correct", 4, None, "so"),  # type: ignore[arg-type]
    "some raise": lambda sample: 1 / 0 if "7" in sample.id else Score("correct", "4", None, "so"),
}


class FaultyScorer(BaseScorer):
    """Returns what `of` says."""

    def __init__(self, of: str) -> None:
        self._make = SCORES[of]

    def score(self, sample: Sample, response: str) -> Score:
        found: Score = self._make(sample)
        return found


class Summing(FaultyScorer):
    """Has a summary that is none, or one whose metrics are none."""

    def __init__(self, summary: str) -> None:
        super().__init__("some raise")
        self._summary = summary

    def summary(self) -> BaseSummary | None:
        return "all" if self._summary == "text" else Uncounted()  # type: ignore[return-value]


class Uncounted(BaseSummary):
    def add(self, sample: Sample, scores: Any) -> None:
        """Count nothing."""

    def facts(self) -> dict[str, Any]:
        return {"mean": object()}
