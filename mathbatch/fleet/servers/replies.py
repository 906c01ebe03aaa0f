"""Make a response of what a server has answered."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgspec

from mathbatch.errors import SampleError
from mathbatch.fleet.servers.outcomes import Unanswered
from mathbatch.models.reasoning import split_reasoning
from mathbatch.parts.checks import writable
from mathbatch.records import Response

# What servers call the end of an answer, beside `stop`, `length` and vLLM's `repetition`.
CUT = ("max_tokens", "model_length", "max_output_tokens", "token_limit")
FILTERED = ("content_filter", "sensitive", "safety", "recitation")
# The server has dropped the request, for reasons of its own.
DROPPED = ("error", "abort", "insufficient_system_resource", "network_error")


class Message(msgspec.Struct):
    """Message of an answer. `reasoning` is vLLM's and OpenRouter's name, `reasoning_content` that of all others."""

    content: Any = None
    reasoning: Any = None
    reasoning_content: Any = None
    refusal: Any = None


class Choice(msgspec.Struct):
    """Answer, and why it ended."""

    message: Message
    finish_reason: Any = None


class Completion(msgspec.Struct):
    """Body of a reply, as far as it is read."""

    choices: list[Choice] | None = None
    usage: msgspec.Raw = msgspec.Raw()
    error: Any = None


class Details(msgspec.Struct):
    """Parts of the tokens of a prompt or of an answer."""

    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


class Usage(msgspec.Struct):
    """Tokens of a request. Servers name those of a thought, and those that they had in a cache, in several ways."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: Details | None = None
    completion_tokens_details: Details | None = None
    reasoning_tokens: int | None = None
    prompt_cache_hit_tokens: int | None = None


_decode = msgspec.json.Decoder(Completion).decode
_decode_usage = msgspec.json.Decoder(Usage).decode


def response_of(body: bytes, pair: tuple[str, str] | None, content: str | None) -> Response:
    """Return the response in a body. `pair` are marks around thoughts, `content` the digest of the input by content.

    Raise Unanswered for a body that is no answer, and SampleError for an answer that a filter has stopped.
    """
    completion = _completion(body)
    if not completion.choices:
        said = "an error within an answer" if completion.error else "an answer without choices"
        raise Unanswered("bad_reply", f"{said}: {body[:200].decode(errors='replace')}")
    choice = completion.choices[0]
    reason = _finish_reason(choice.finish_reason)
    reasoning, text = _split(choice.message, pair)
    usage = _usage(completion.usage)
    cached = usage.prompt_tokens_details and usage.prompt_tokens_details.cached_tokens
    thought = usage.completion_tokens_details and usage.completion_tokens_details.reasoning_tokens
    return Response(
        text=text,
        reasoning=reasoning,
        finish_reason=reason,
        prompt_tokens=_count(usage.prompt_tokens),
        output_tokens=_count(usage.completion_tokens),
        cached_tokens=_count(cached or usage.prompt_cache_hit_tokens),
        reasoning_tokens=_count(thought or usage.reasoning_tokens),
        content=content,
    )


def _completion(body: bytes) -> Completion:
    """Decode a body; half of a surrogate pair, which msgspec refuses, is no reason to lose an answer."""
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode(body)
    try:
        whole = _written(json.loads(body))
        usage = whole.pop("usage", None) if isinstance(whole, dict) else None
        made = msgspec.convert(whole, Completion)
        made.usage = msgspec.Raw(msgspec.json.encode(usage))
    except (ValueError, TypeError, RecursionError) as error:
        start = " ".join(body[:200].decode(errors="replace").split())
        raise Unanswered("bad_reply", f"the answer is no JSON of the protocol: {start or 'nothing'}") from error
    return made


def _written(value: Any) -> Any:
    if isinstance(value, dict):
        return {writable(name): _written(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_written(inner) for inner in value]
    return writable(value) if isinstance(value, str) else value


def _usage(raw: msgspec.Raw) -> Usage:
    """Return the counts; none of them where a server writes them otherwise, which costs no answer."""
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_usage(raw) if bytes(raw) not in (b"", b"null") else Usage()
    return Usage()


def _count(value: int | None) -> int | None:
    return value if value is not None and value >= 0 else None


def _split(message: Message, pair: tuple[str, str] | None) -> tuple[str | None, str]:
    """Return the thought, None if there is none, and the answer."""
    text = _text(message.content) or _text(message.refusal)
    thought = _text(message.reasoning) or _text(message.reasoning_content) or _thinking(message.content)
    if thought.strip():
        return thought.strip(), text.strip()
    return split_reasoning(text, pair=pair)


def _text(content: Any) -> str:
    """Return the text of a content: a text, or a list of parts with texts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(str(part["text"]) for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))


def _thinking(content: Any) -> str:
    """Return the thought within a list of parts, as Mistral writes it: {"type": "thinking", "thinking": [parts]}."""
    parts = content if isinstance(content, list) else []
    return "".join(_text(part.get("thinking")) for part in parts if isinstance(part, dict))


def _finish_reason(found: Any) -> str | None:
    """Return why an answer ended, in our words. Raise SampleError or Unanswered where it has not come to its end."""
    if found is None or found in ("stop", "length", "repetition"):
        return found if isinstance(found, str) else None
    word = str(found).lower()
    if word in FILTERED:
        raise SampleError("refused", f"the server's filter stopped the answer ({word})")
    if word in DROPPED:
        raise Unanswered("server_error", f"the server dropped the request ({word:.60})")
    return "length" if word in CUT else "stop"
