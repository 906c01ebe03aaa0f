"""From a sample to chat messages. Pictures stand where the prompt has placeholders for them, the others before it."""

from __future__ import annotations

import re
from typing import Any

from mathbatch.base import BaseDataProcessor
from mathbatch.records import ImageRef, Request, Sample

PLACEHOLDER = re.compile(r"<image(?:[ _]?(\d{1,4}))?>")
"""`<image>`, `<image1>`, `<image 1>` and `<image_1>`; not so many digits that they could not be made a number."""


class ChatDataProcessor(BaseDataProcessor):
    """One user message, after a system message where one is set."""

    def process(self, sample: Sample) -> Request:
        content = _content(sample.query, sample.images) if sample.images else sample.query
        messages: list[dict[str, Any]] = [{"role": "user", "content": content}]
        if self.system_prompt is not None:
            messages.insert(0, {"role": "system", "content": self.system_prompt})
        return Request(sample.id, messages, row_number=sample.row_number)


def _content(query: str, images: tuple[ImageRef, ...]) -> list[dict[str, Any]]:
    """Text and pictures in order. A numbered placeholder takes that picture, a bare one the next that is not placed.

    A placeholder that is left over (some benchmarks merge their pictures into one) stays as words: `image 2`.
    """
    parts: list[dict[str, Any]] = []
    text, placed, end = "", set[int](), 0
    for match in PLACEHOLDER.finditer(query):
        text += query[end : match.start()]
        end = match.end()
        at = _picture_at(match[1], placed, len(images))
        if at is None:
            text += f"image {match[1]}" if match[1] else "image"
            continue
        parts += [_text(text)] if text else []
        parts.append(_image(images[at]))
        placed.add(at)
        text = ""
    text += query[end:]
    parts += [_text(text)] if text else []
    return [_image(image) for at, image in enumerate(images) if at not in placed] + parts


def _picture_at(number: str | None, placed: set[int], count: int) -> int | None:
    if number is not None:
        at = int(number) - 1
        return at if 0 <= at < count and at not in placed else None
    return next((at for at in range(count) if at not in placed), None)


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _image(image: ImageRef) -> dict[str, Any]:
    return {"type": "image", "image": image}
