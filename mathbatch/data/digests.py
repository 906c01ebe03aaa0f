"""Digest the input of an answer, so that a stored answer is used only for the same prompt with the same pictures.

A picture in a file counts by its resolved path, size and times of change, so that a million rows are recognised without
opening one file. Where these differ it counts by its content: a dataset that was moved, copied or unpacked again keeps
its answers, and a picture that was replaced is asked about again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from mathbatch.base import BaseDataSaver
from mathbatch.records import ImageRef, Record, Request

_encode = msgspec.json.Encoder().encode


def digest_of(messages: list[dict[str, Any]], identity: Callable[[ImageRef], str] | None = None) -> str:
    """Return 16 hex digits over the messages of a prompt, in which an ImageRef counts by its stamp, or by `identity`.

    A decoded picture counts by the hash of its encoded data where that is known, else by its pixels.
    """
    count = identity or _stamp
    plain = [message if isinstance(message["content"], str) else _plain(message, count) for message in messages]
    return hashlib.blake2b(_encode(plain), digest_size=8).hexdigest()


def content_digest(messages: list[dict[str, Any]], hash_of: Callable[[ImageRef], str]) -> str:
    """Return the digest of a prompt in which an image in a file counts by its content, as `hash_of` gives its hash."""
    return digest_of(messages, lambda image: image.identity if image.path is None else hash_of(image))


def recognise(request: Request, saver: BaseDataSaver, rollouts: int) -> None:
    """Give a request the digest by which the store knows its input, if it knows it by another one than its own.

    That is so where a picture is the same by content, and in run folders of versions that went by path and size alone.
    """
    # A million rows come by here. Most have no files, and of most others the first rollout is known.
    if not _has_files(request.messages) or saver.state(request.id, 0, request.digest) is not None:
        return
    if _is_known(request.id, request.digest, saver, rollouts):
        return
    earlier = {last.content: last.digest for last in _last_with_files(request.id, saver, rollouts)}
    # Files are opened only where there is something to compare them with. One that is gone is told when it is decoded.
    with suppress(OSError):
        if earlier and (digest := earlier.get(content_digest(request.messages, _hash_of_file))) is not None:
            request.digest = digest
            return
    before = digest_of(request.messages, lambda image: image.identity)
    if _is_known(request.id, before, saver, rollouts):
        request.digest = before


def _is_known(id: str, digest: str, saver: BaseDataSaver, rollouts: int) -> bool:
    return any(saver.state(id, rollout, digest) is not None for rollout in range(rollouts))


def _last_with_files(id: str, saver: BaseDataSaver, rollouts: int) -> list[Record]:
    found = (saver.last_with_files(id, rollout) for rollout in range(rollouts))
    return [record for record in found if record is not None]


def _has_files(messages: list[dict[str, Any]]) -> bool:
    for message in messages:
        content = message["content"]
        if not isinstance(content, str):
            images = (part.get("image") for part in content)
            if any(isinstance(image, ImageRef) and image.path is not None for image in images):
                return True
    return False


def _plain(message: dict[str, Any], identity: Callable[[ImageRef], str]) -> dict[str, Any]:
    return {"role": message["role"], "content": [_plain_part(part, identity) for part in message["content"]]}


def _plain_part(part: dict[str, Any], identity: Callable[[ImageRef], str]) -> Any:
    image = part.get("image")
    if image is None:
        return part
    if isinstance(image, ImageRef):
        return {"image": identity(image)}
    return {"image": hashlib.blake2b(image.tobytes(), digest_size=16).hexdigest(), "size": image.size}


def _stamp(image: ImageRef) -> str:
    return image.stamp or image.identity


def _hash_of_file(image: ImageRef) -> str:
    """Return the hash of a file's content, as the decoder makes it. Raise OSError if it can't be read."""
    assert image.path is not None
    with open(image.path, "rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
