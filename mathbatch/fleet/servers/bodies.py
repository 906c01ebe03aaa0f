"""Write the body of a request: messages with their pictures in place, and sampling parameters by the server's names.

{"model": "qwen", "temperature": 0.0, "max_tokens": 1024, "seed": 7, "messages": [{"role": "user", "content": [
    {"type": "image_url", "image_url": {"url": "data:image/png;base64,…"}}, {"type": "text", "text": "How many?"}]}]}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, NamedTuple

import msgspec

from mathbatch.config import ModelConfig
from mathbatch.config.schema import SamplingConfig
from mathbatch.data.images.wire import WireImage
from mathbatch.errors import ConfigError
from mathbatch.fleet.servers.dialects import LENGTHS, Dialect
from mathbatch.records import Request

# Variable of chat templates that is a function in the engine's process, and that no body can hold.
DATE = "strftime_now"
# Keys of a body that are ours: with another value each request would get other answers than one.
OURS = ("model", "messages", "stream", "stream_options", "n", "best_of")

_encode = msgspec.json.Encoder().encode


class Head(NamedTuple):
    """Beginning of a body, up to the messages; names of the sampling parameters in it, and of the longest answer."""

    json: bytes
    sent: frozenset[str]
    length: str


class BodyWriter:
    """Writes the bodies for one model. What requests have in common is encoded once."""

    def __init__(self, config: ModelConfig) -> None:
        """Raise ConfigError for settings that can't be sent."""
        self._model, self._extra = config.path, dict(config.extra_body)
        self._template = dict(config.chat_template_kwargs)
        _refuse_extra(self._extra)
        if self._template.get(DATE) is not None:
            raise ConfigError(f"model.chat_template_kwargs.{DATE}", "a server writes its own date", "leave it out")
        self._heads: dict[tuple[str, str, bytes], Head] = {}

    def head(self, values: Mapping[str, Any], dialect: Dialect, length: str) -> Head:
        """Return the beginning of the bodies with these sampling parameters. `seed` comes later.

        `length` is the name of the longest answer. Raise ConfigError for what the server doesn't take.
        """
        known = values
        if "seed" in values:
            known = {name: value for name, value in values.items() if name != "seed"}
        key = (dialect.kind, length, _encode(known))
        if (head := self._heads.get(key)) is None:
            head = self._heads[key] = self._new_head(known, dialect, length)
        return head

    def _new_head(self, values: Mapping[str, Any], dialect: Dialect, length: str) -> Head:
        sampling = dialect.body(values)
        if LENGTHS[0] in sampling:
            sampling[length] = sampling.pop(LENGTHS[0])
        template = {"chat_template_kwargs": self._template} if self._template else {}
        if template and not dialect.takes_template:
            problem = f"{dialect} has no variables for chat templates"
            raise ConfigError("model.chat_template_kwargs", problem, "leave them out, or set model.server")
        whole = {"model": self._model, **sampling, **template, **self._extra}
        return Head(_encode(whole).removesuffix(b"}"), frozenset({*sampling, "seed"}), length)

    def body(self, head: Head, request: Request) -> bytes:
        """Return the body of a request whose images are WireImages."""
        seed = request.sampling.get("seed")
        seeded = b"" if seed is None else b',"seed":%d' % seed
        messages = _encode(
            [message if type(message["content"]) is str else _sent(message) for message in request.messages]
        )
        return b"".join((head.json, seeded, b',"messages":', messages, b"}"))

    def shortest(self, length: str) -> bytes:
        """Return the body that asks for one token."""
        messages = [{"role": "user", "content": "1 + 1 ="}]
        return _encode({"model": self._model, length: 1, **self._extra, "messages": messages})


def _sent(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message of parts in the form of the protocol."""
    return {"role": message["role"], "content": [_part(part) for part in message["content"]]}


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    image = part.get("image")
    if isinstance(image, WireImage):
        return {"type": "image_url", "image_url": {"url": msgspec.Raw(image.json)}}
    return {"type": "text", "text": part["text"]}


def _refuse_extra(extra: Mapping[str, Any]) -> None:
    """Raise ConfigError for what a body has by another setting, or must not have."""
    settings = {one.name for one in fields(SamplingConfig)} - {"n"} | {LENGTHS[1]}
    for name in extra:
        path = f"model.extra_body.{name}"
        if name in settings:
            own = "max_tokens" if name in LENGTHS else name
            raise ConfigError(path, "has a key of its own", f"set sampling.{own}")
        if name in OURS:
            raise ConfigError(path, "is for MathBatch to say", "leave it out; sampling.n asks for several answers")
