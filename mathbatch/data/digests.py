"""Digest the input of an answer, so that a stored answer is used only for the same prompt with the same pictures.

Each run has a key, and its records have their digests by that key: where the segment of another run is copied over, its
records are not known, though they answer the same prompts.

A picture in a file counts by its resolved path, size and times of change, so that a million rows are recognised without
opening one file. Where these differ it counts by its content: a dataset that was moved, copied or unpacked again keeps
its answers, and a picture that was replaced is asked about again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any

import msgspec

from mathbatch.base import BaseDataSaver
from mathbatch.records import ImageRef, Record, Request

_encode = msgspec.json.Encoder().encode


class RunKey(msgspec.Struct, frozen=True, dict=True):
    """Name of a run, by which its records and figures are known; two runs that may answer otherwise have two names.

    `has_unkeyed` tells that an earlier version began the run, so that what bears no name may be its own, too.
    """

    name: str
    has_unkeyed: bool = False

    @cached_property
    def value(self) -> int:
        """Return the 64 bits that make digests those of this run."""
        return int.from_bytes(hashlib.blake2b(self.name.encode(errors="surrogateescape"), digest_size=8).digest())

    def owns(self, values: Mapping[str, Any]) -> bool:
        """Tell whether a document that a run has written, a manifest or figures, is of this run."""
        return bool(values["run"] == self.name) if "run" in values else self.has_unkeyed


def keyed(hash: int, key: int) -> str:
    """Return the digest, 16 hex digits, that an input with this hash has in records of the run with this key."""
    return (hash ^ key).to_bytes(8).hex()


def prompt_hash(messages: list[dict[str, Any]], identity: Callable[[ImageRef], str] | None = None) -> int:
    """Return 64 bits over the messages of a prompt, in which an ImageRef counts by its stamp, or by `identity`.

    A decoded picture counts by the hash of its encoded data where that is known, else by its pixels.
    """
    count = identity or _stamp
    plain = [message if isinstance(message["content"], str) else _plain(message, count) for message in messages]
    return int.from_bytes(hashlib.blake2b(_encode(plain), digest_size=8).digest())


def content_hash(messages: list[dict[str, Any]], hash_of: Callable[[ImageRef], str]) -> int:
    """Return the hash of a prompt in which an image in a file counts by its content, as `hash_of` gives that one's."""
    return prompt_hash(messages, lambda image: image.identity if image.path is None else hash_of(image))


def recognise(request: Request, saver: BaseDataSaver, rollouts: int, has_unkeyed: bool) -> None:
    """Give a request the digest by which the store knows its input, if it knows it by another one than its own.

    That is so where a picture is the same by content. In a run folder that an earlier version began (`has_unkeyed`) it
    is so where the digest has no key, and where a picture went by path and size alone.
    """
    # A million rows come by here. Most have no files, and of most others the first rollout is known.
    has_files = _has_files(request.messages)
    if not (has_files or has_unkeyed) or saver.state(request.id, 0, request.digest) is not None:
        return
    if _is_known(request.id, request.digest, saver, rollouts):
        return
    if has_unkeyed and _is_known(request.id, unkeyed := keyed(request.prompt, 0), saver, rollouts):
        request.digest = unkeyed
    elif has_files:
        request.digest = _digest_by_files(request, saver, rollouts, has_unkeyed) or request.digest


def _digest_by_files(request: Request, saver: BaseDataSaver, rollouts: int, has_unkeyed: bool) -> str | None:
    # Files are opened only where there is something to compare them with. One that is gone is told when it is decoded.
    with suppress(OSError):
        if _last_with_files(request.id, saver, rollouts) is not None:
            content = content_hash(request.messages, _hash_of_file)
            for key in (request.run, 0) if has_unkeyed else (request.run,):
                if (record := _last_with_files(request.id, saver, rollouts, keyed(content, key))) is not None:
                    return record.digest
    before = keyed(prompt_hash(request.messages, lambda image: image.identity), 0)
    return before if has_unkeyed and _is_known(request.id, before, saver, rollouts) else None


def _is_known(id: str, digest: str, saver: BaseDataSaver, rollouts: int) -> bool:
    return any(saver.state(id, rollout, digest) is not None for rollout in range(rollouts))


def _last_with_files(id: str, saver: BaseDataSaver, rollouts: int, content: str | None = None) -> Record | None:
    found = (saver.last_with_files(id, rollout, content) for rollout in range(rollouts))
    return next((record for record in found if record is not None), None)


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
