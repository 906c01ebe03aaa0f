"""Call a model, which may be of a user's own class, and turn what it does wrong into errors that say so."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from types import CoroutineType

import msgspec

from mathbatch.base import BaseInferenceModel
from mathbatch.errors import EngineError, MathBatchError
from mathbatch.parts.checks import checked, shown, whole_number, writable
from mathbatch.parts.faults import PartError, failure, is_ours, raised, returned
from mathbatch.records import Request, Response

# Kind of the failure of a sample on which the model raises an error.
MODEL_ERROR = "model_error"
# Seconds that a model of a user's own may take to close. All is saved by then, and the run would never end.
CLOSE_S = 30
# Above all counts of tokens, and below the numbers that JSON can't hold.
MAX_COUNT = 1 << 53
FINISH_REASONS = {None, "stop", "length", "repetition"}


class GuardedModel:
    """Model whose errors and answers are looked at. `say` gets news of what was mended in an answer, once each.

    One of a user's own is waited for `close_s` seconds to close.
    """

    def __init__(self, model: BaseInferenceModel, say: Callable[[str], object], close_s: float = CLOSE_S) -> None:
        self._model, self._say, self._close_s = model, say, close_s
        self._is_trusted = is_ours(model)
        self._said: set[str] = set()

    async def open(self) -> None:
        """Open it. Raise EngineError for whatever it raises, PartError for a capacity that is no number."""
        try:
            await self._call("open")
        except (Exception, SystemExit, asyncio.CancelledError) as error:
            if self._is_trusted or not _is_its_own(error):
                raise
            raise EngineError(raised(self._model, "open", error).sentence()) from error
        whole_number(self._model.capacity, self._model, "capacity")

    async def close(self) -> None:
        """Close it. Raise PartError for whatever it raises, and where it takes too long."""
        limit = asyncio.timeout(None if self._is_trusted else self._close_s)
        try:
            async with limit:
                await self._call("close")
        except (Exception, SystemExit, asyncio.CancelledError) as error:
            if self._is_trusted or not _is_its_own(error):
                raise
            told = raised(self._model, "close", error)
            if limit.expired():
                told = returned(self._model, "close", f"{self._close_s:g} s", "did not end within")
            raise PartError(told.sentence()) from error

    async def generate(self, request: Request) -> Response:
        """Return its response. Raise PartFailure for an error that it raises, PartError for what is no Response."""
        if not self._is_trusted:  # the record is made from the request, whatever a model does to its own
            request = msgspec.structs.replace(request, messages=[{**message} for message in request.messages])
        try:
            made = self._model.generate(request)
            if type(made) is not CoroutineType and not inspect.isawaitable(made):
                raise self._refused(f"{shown(made)}, not an awaitable: write `async def generate`", request)
            response = await made
        except BaseException as error:
            if not _is_its_own(error):
                raise
            raise failure(self._model, "generate", error, MODEL_ERROR) from error
        return response if self._is_trusted else self._checked(response, request)

    async def _call(self, name: str) -> None:
        made = getattr(self._model, name)()
        if inspect.isawaitable(made):
            await made

    def _checked(self, response: Response, request: Request) -> Response:
        """Return the response in a form that can be saved. Raise PartError if there is none."""
        if inspect.iscoroutine(response):
            response.close()
            raise self._refused("a coroutine, not a Response: an `await` is missing", request)
        response = checked(response, Response, self._model, "generate", about=f", for {request.label}")
        for name in ("prompt_tokens", "output_tokens"):
            count = getattr(response, name)
            if count is not None and not 0 <= count < MAX_COUNT:
                raise self._refused(f"a Response whose {name} is {shown(count)}, which is no count of tokens", request)
        reason, text = response.finish_reason, writable(response.text)
        reasoning = None if response.reasoning is None else writable(response.reasoning)
        if (text, reasoning) != (response.text, response.reasoning):
            self._say_once("gave half a surrogate pair, which is no text and is saved as U+FFFD")
        if reason not in FINISH_REASONS:
            self._say_once(f"gave the finish reason {shown(reason)}, which is saved as 'stop': 'length' means cut off")
            reason = "stop"
        return msgspec.structs.replace(response, text=text, reasoning=reasoning, finish_reason=reason)

    def _refused(self, what: str, request: Request) -> PartError:
        return PartError(returned(self._model, "generate", what).sentence(f", for {request.label}"))

    def _say_once(self, what: str) -> None:
        if what not in self._said:
            self._said.add(what)
            self._say(returned(self._model, "generate", "", what).sentence())


def _is_its_own(error: BaseException) -> bool:
    """Tell whether the model raised this error itself, and not MathBatch, nor who cancels the task."""
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is None or not task.cancelling()
    return not isinstance(error, MathBatchError | GeneratorExit)
