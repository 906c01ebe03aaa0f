"""Make the request of a sample by the processor, and check it where the processor is of a user's own class."""

from __future__ import annotations

import msgspec

from mathbatch.base import BaseDataProcessor
from mathbatch.data.digests import keyed, prompt_hash
from mathbatch.errors import MathBatchError, SampleError
from mathbatch.parts.checks import article, shown
from mathbatch.parts.faults import PartFailure, failure, is_ours, returned
from mathbatch.records import ImageRef, Request, Sample

# Kind of the failure of a sample on which a user's own processor fails.
PROCESSOR_ERROR = "processor_error"


def request_of(sample: Sample, processor: BaseDataProcessor, run: int) -> Request:
    """Return the request for a sample with its digest by the key of the run.

    Raise SampleError, with the row, if no prompt can be made.
    """
    place = f"row {sample.row_number}: "
    try:
        request = processor.process(sample) if is_ours(processor) else _checked_request(sample, processor, place)
        request.id, request.row_number = sample.id, sample.row_number
        request.prompt, request.run = prompt_hash(request.messages), run
        request.digest = keyed(request.prompt, run)
        return request
    except PartFailure:
        raise
    except SampleError as error:
        raise SampleError(error.kind, f"{place}{error}") from error
    except UnicodeEncodeError as error:
        raise SampleError("bad_prompt", f"{place}the prompt has half a surrogate pair") from error


def _checked_request(sample: Sample, processor: BaseDataProcessor, place: str) -> Request:
    """Return a request of its own with what the processor made, so that neither can change the other later.

    Raise PartFailure for an error that the processor raises, and for what is no request.
    """
    own = msgspec.structs.replace(sample, row=dict(sample.row), fields=dict(sample.fields))
    try:
        made = processor.process(own)
    except MathBatchError:
        raise
    except (Exception, SystemExit) as error:
        raise failure(processor, "process", error, PROCESSOR_ERROR, place) from error
    wrong = _what_is_wrong(made)
    if wrong is not None:
        fault = returned(processor, "process", wrong)
        raise PartFailure(PROCESSOR_ERROR, f"{place}{fault.sentence()}", fault)
    messages = [
        {**message, "content": message["content"] if isinstance(message["content"], str) else [*message["content"]]}
        for message in made.messages
    ]
    return Request(id=sample.id, messages=messages)


def _what_is_wrong(made: object) -> str | None:
    """Return what is wrong with a request, as far as its digest and the engine depend on it; None if nothing is."""
    if not isinstance(made, Request):
        return f"{shown(made)}, not a Request"
    if not isinstance(made.messages, list) or not made.messages:
        seen = "an empty list" if made.messages == [] else shown(made.messages)
        return f"a Request whose messages are {seen}, not a list of messages"
    for message in made.messages:
        if not isinstance(message, dict) or not isinstance(message.get("role"), str) or "content" not in message:
            return f"a Request with {shown(message)} for a message, not a dict with role and content"
        content = message["content"]
        if not isinstance(content, str | list):
            return f"a Request with {shown(content)} for the content of a message, not a text or a list of parts"
        parts = [] if isinstance(content, str) else content
        wrong = next((found for part in parts if (found := _wrong_part(part)) is not None), None)
        if wrong is not None:
            return f"a Request with {wrong}"
    try:
        prompt_hash(made.messages)
    except TypeError as error:  # as msgspec says of what is no JSON
        return f"a Request whose messages can't be told apart: {error}"
    except UnicodeEncodeError:  # a failure of its own kind
        return None
    return None


def _wrong_part(part: object) -> str | None:
    if not isinstance(part, dict) or part.get("type") not in ("text", "image"):
        return f"{shown(part)} for a part of a message, not a text or image part"
    if part["type"] == "text":
        return None if isinstance(part.get("text"), str) else f"{shown(part.get('text'))} for the text of a part"
    from PIL import Image

    image = part.get("image")
    if isinstance(image, ImageRef | Image.Image):
        return None
    return f"{article(type(image).__name__)} for an image, not an ImageRef or a PIL image"
