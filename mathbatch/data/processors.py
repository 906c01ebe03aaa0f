"""Make chat messages from samples.

An image stands where the prompt has a placeholder for it. Images without a placeholder stand before the text.
"""

from __future__ import annotations

import re
from typing import Any

from mathbatch.base import BaseDataProcessor
from mathbatch.records import ImageRef, Request, Sample

# Placeholders are `<image>`, `<image1>`, `<image 1>` and `<image_1>`. Digits are limited because Python refuses to
# convert very long numbers.
PLACEHOLDER = re.compile(r"<image(?:[ _]?(\d{1,4}))?>")


class ChatDataProcessor(BaseDataProcessor):
    """Makes one user message, preceded by a system message if a system prompt is set."""

    def process(self, sample: Sample) -> Request:
        content = _content(sample.query, sample.images) if sample.images else PLACEHOLDER.sub(_in_words, sample.query)
        messages: list[dict[str, Any]] = [{"role": "user", "content": content}]
        if self.system_prompt is not None:
            messages.insert(0, {"role": "system", "content": self.system_prompt})
        return Request(id=sample.id, messages=messages, row_number=sample.row_number)


def _content(query: str, images: tuple[ImageRef, ...]) -> list[dict[str, Any]]:
    """Return the text and image parts of a message in order.

    A numbered placeholder stands for the image with that number, one without a number for the next image that is not
    placed yet. A placeholder without an image stays as words such as `image 2`, since some benchmarks merge several
    images into one.
    """
    parts: list[dict[str, Any]] = []
    text, placed, end = "", set[int](), 0
    for match in PLACEHOLDER.finditer(query):
        text += query[end : match.start()]
        end = match.end()
        at = _index_of_image(match[1], placed, len(images))
        if at is None:
            text += _in_words(match)
            continue
        parts += [_text_part(text)] if text else []
        # Chat templates that put images before the text leave no other sign of which image stood here.
        parts.append(_image_part(images[at]) | {"number": at + 1})
        placed.add(at)
        text = ""
    text += query[end:]
    parts += [_text_part(text)] if text else []
    return [_image_part(image) for at, image in enumerate(images) if at not in placed] + parts


def _in_words(placeholder: re.Match[str]) -> str:
    """Return the words that stand for a placeholder without an image."""
    return f"image {placeholder[1]}" if placeholder[1] else "image"


def _index_of_image(number: str | None, placed: set[int], count: int) -> int | None:
    """Return the index of the image for a placeholder with this number, or None if there is none left for it."""
    if number is not None:
        at = int(number) - 1
        return at if 0 <= at < count and at not in placed else None
    return next((at for at in range(count) if at not in placed), None)


def _text_part(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _image_part(image: ImageRef) -> dict[str, Any]:
    return {"type": "image", "image": image}
