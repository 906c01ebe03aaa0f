"""Read what servers say where they give no answer: each kind has its own form, and its own words for the same thing.

{"error": {"message", "type", "param", "code"}}      vLLM, OpenAI
{"object": "error", "message", "type", "code", "param"}      SGLang, LMDeploy
{"error": "Unauthorized"}      {"detail": "Not Found"}      a page of HTML
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import msgspec

from mathbatch.errors import ConfigError, JobError, SampleError
from mathbatch.fleet.servers.addresses import KEY, URLS, Address, Key
from mathbatch.fleet.servers.connection import Reply
from mathbatch.fleet.servers.dialects import LENGTHS
from mathbatch.fleet.servers.outcomes import Crowded, OtherLength, Unanswered, Unreachable
from mathbatch.fleet.servers.waits import asked_wait

# Characters of a message that are kept.
SHOWN = 600
# Prompt and answer are longer than the context, or the body than the server takes, in the words of each kind.
TOO_LONG = re.compile(
    r"maximum context length|longer than the model'?s context|context[_ ](?:length|window)[_ ]?(?:exceeded|limit)?"
    r"|requested token count exceeds|max_(?:completion_)?tokens must be at least 1, got -|input_tokens"
    r"|exceeds? the (?:model'?s )?(?:maximum|max|context)|prompt is too long|too many (?:input )?tokens"
    r"|string_above_max_length|input (?:length|is too long)",
    re.IGNORECASE,
)
NO_MODEL = re.compile(
    r"\bmodel\b.*\b(?:not exist|not found|unknown|not available|not supported)\b", re.IGNORECASE | re.DOTALL
)
NO_CREDIT = re.compile(r"insufficient[_ ](?:quota|balance|credit|funds)|exceeded your current quota", re.IGNORECASE)
MODERATED = re.compile(r"moderation|flagged|content[_ ](?:policy|filter)|data_inspection|safety", re.IGNORECASE)
# Statuses that may be gone at the next try: 408, 409, 423, 425, and all of the server's own errors.
AGAIN = (408, 409, 423, 425)
WRONG_PATH = (405, 410, 501)


class Complaint(msgspec.Struct, frozen=True):
    """Words of a server about a request, with the setting they are about and a code, where it names them."""

    message: str
    param: str = ""
    code: str = ""

    @property
    def words(self) -> str:
        """Return all that a rule may look for."""
        return f"{self.code} {self.param} {self.message}"


def complaint_of(body: bytes) -> Complaint:
    """Return the complaint in a body, of whatever form."""
    try:
        found: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Complaint(_plain(body))
    inner = found.get("error", found) if isinstance(found, dict) else found
    if not isinstance(inner, dict):
        return Complaint(str(inner)[:SHOWN])
    message = next((inner[name] for name in ("message", "detail", "msg") if inner.get(name)), inner)
    code = f"{inner.get('code') or ''} {inner.get('type') or ''}"
    return Complaint(str(message)[:SHOWN], str(inner.get("param") or ""), code)


def _plain(body: bytes) -> str:
    """Return what a person can read of a page."""
    text = body[: 1 << 16].decode(errors="replace")
    text = re.sub(r"(?is)<(script|style).{0,9999}?</\1>|<[^<>]{0,999}>", " ", text)
    return " ".join(text.split())[:SHOWN] or "nothing"


def refuse(reply: Reply, address: Address, key: Key, model: str, sent: Collection[str], length: str) -> Exception:
    """Return the error that a reply other than 200 means.

    `sent` are the names of the sampling parameters that were sent, and `length` that of the longest answer.
    Unanswered may be sent again, a SampleError is the sample's, a JobError that of its settings, and a ConfigError
    ends the run.
    """
    found = complaint_of(reply.body)
    said = f"{address.name} says {reply.status}: {key.hide(found.message)}"
    if reply.status == 401 or (reply.status == 403 and not MODERATED.search(found.words)):
        what = "refuses the key in" if key.is_set else "wants a key, and there is none in"
        return ConfigError(KEY, f"{address.name} {what} the variable {key.variable} ({said})", _key_fix(key))
    if reply.status == 402 or (reply.status == 429 and NO_CREDIT.search(found.words)):
        return ConfigError(
            KEY, f"the account has no credit left ({said})", "add some, and run again: what is saved is kept"
        )
    if reply.status == 429:
        return Crowded("rate_limited", said, asked_wait(reply.headers))
    if reply.status in AGAIN or (reply.status >= 500 and reply.status not in WRONG_PATH) or reply.status < 300:
        return Unanswered("server_error", said, asked_wait(reply.headers))
    if reply.status < 400 or reply.status in WRONG_PATH:
        return _elsewhere(reply, address, said)
    if (
        found.param == "model"
        or "model_not_found" in found.code
        or (reply.status == 404 and NO_MODEL.search(found.message))
    ):
        return ConfigError("model.path", f"{model} is no model there ({said})", f"see {address.models} for its names")
    if reply.status == 404:  # what stands before a server says so while that is put in its place
        return Unreachable("rejected", said, asked_wait(reply.headers))
    return _of_the_sample(reply, found, said, sent, length)


def _of_the_sample(reply: Reply, found: Complaint, said: str, sent: Collection[str], length: str) -> Exception:
    other = next(name for name in LENGTHS if name != length)
    is_overflow = reply.status == 413 or TOO_LONG.search(found.words) is not None
    if length in sent and other in found.message and length in found.words and not is_overflow:
        return OtherLength(said, other)
    if is_overflow:
        return SampleError("prompt_too_long", said)
    if found.param in sent and found.param not in LENGTHS:
        return JobError(f"sampling: {found.param} is refused ({said})")
    return SampleError("refused" if MODERATED.search(found.words) else "rejected", said)


def _elsewhere(reply: Reply, address: Address, said: str) -> ConfigError:
    if reply.status < 400:
        goal = reply.headers.get("location", "").partition("?")[0]
        problem = f"{address.name} sends on to {goal:.200}, where the key would go too"
        return ConfigError(URLS, problem, "name the address that answers")
    return ConfigError(URLS, f"there is nothing that answers prompts at {address.chat} ({said})", with_v1(address))


def with_v1(address: Address) -> str:
    """Return how to correct an address at which nothing answers."""
    return "correct the address" + ("" if address.url.endswith("/v1") else f"; most end in /v1: {address.url}/v1")


def _key_fix(key: Key) -> str:
    return f"export {key.variable}=…, or name another variable with {KEY}"
