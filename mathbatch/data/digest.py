"""The digest of a rendered input: a record is an answer to the row as it is now only if the digests are the same."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from mathbatch.records import ImageRef

_encode = msgspec.json.Encoder().encode


def digest(messages: list[dict[str, Any]]) -> str:
    """16 hex digits over the messages; a picture counts by its identity, not by its pixels."""
    plain = [message if isinstance(message["content"], str) else _plain(message) for message in messages]
    return hashlib.blake2b(_encode(plain), digest_size=8).hexdigest()


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    return {"role": message["role"], "content": [_part(part) for part in message["content"]]}


def _part(part: dict[str, Any]) -> Any:
    image = part.get("image")
    if image is None:
        return part
    if isinstance(image, ImageRef):
        return {"image": image.identity}
    return {"image": hashlib.blake2b(image.tobytes(), digest_size=16).hexdigest(), "size": image.size}
