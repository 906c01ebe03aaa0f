"""Keep the place of each picture visible in a prompt whose chat template would put pictures before the text."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

Message = dict[str, Any]
Part = dict[str, Any]

# After one of these a picture at the end of a message is not a part of the sentence, so no word is missing without it.
SENTENCE_ENDS = (".", "?", "!", "。", "？", "！")


def has_images_within_text(message: Message) -> bool:
    """Tell whether an image of the message stands after some of its text."""
    content = message["content"]
    after_text = itertools.dropwhile(lambda part: not _has_words(part), [] if isinstance(content, str) else content)
    return any(part["type"] == "image" for part in after_text)


def name_images(messages: list[Message]) -> list[Message]:
    """Return the messages with all images first and, in the places that they had in the text, words like `image 2`.

    The number is that of the image in the row, in which order the images of a message are put; images that have none
    get the numbers that are left. A message whose images all stand before its text stays as it is.
    """
    numbers = _numbers([part for message in messages for part in _images(message)])
    named = []
    for message in messages:
        own = list(itertools.islice(numbers, len(_images(message))))
        content = _named(message["content"], own) if has_images_within_text(message) else message["content"]
        named.append({**message, "content": content})
    return named


def write_placeholders(
    messages: list[Message], placeholder: Callable[[int], str], also_before_text: bool
) -> list[Message]:
    """Return the messages with all images first and, in the places that they had in the text, their placeholders.

    `placeholder` returns that of the image with a number in the request, counted from 1. The placeholder of an image
    that stands before the text is left to vLLM, which puts it first on a line of its own, unless `also_before_text`.
    """
    numbers = itertools.count(1)
    written = []
    for message in messages:
        own = list(itertools.islice(numbers, len(_images(message))))
        content = message["content"]
        if has_images_within_text(message) or (also_before_text and own):
            content = _written(content, [placeholder(number) for number in own], also_before_text)
        written.append({**message, "content": content})
    return written


def _images(message: Message) -> list[Part]:
    content = message["content"]
    return [] if isinstance(content, str) else [part for part in content if part["type"] == "image"]


def _has_words(part: Part) -> bool:
    return part["type"] == "text" and bool(part["text"].strip())


def _numbers(images: list[Part]) -> Iterator[int]:
    """Yield the number of each image: that which it has, or the lowest that is left."""
    taken = {image["number"] for image in images if "number" in image}
    free = (number for number in itertools.count(1) if number not in taken)
    return (image["number"] if "number" in image else next(free) for image in images)


def _named(content: list[Part], numbers: list[int]) -> list[Part]:
    last_text = max(at for at, part in enumerate(content) if _has_words(part))
    text, images, number = "", list[tuple[int, Part]](), iter(numbers)
    for at, part in enumerate(content):
        if part["type"] == "text":
            text = _joined(text, part["text"]) if images else text + part["text"]
            continue
        images.append((next(number), part))
        is_after_all = at > last_text and text.rstrip().endswith(SENTENCE_ENDS)
        # An image before the text that has no number of its own had no placeholder there.
        if (text.strip() or "number" in part) and not is_after_all:
            text = _joined(text, f"image {images[-1][0]}")
    images.sort(key=lambda image: image[0])
    return [*(part for _, part in images), {"type": "text", "text": text}]


def _joined(text: str, more: str) -> str:
    """Return two texts as one, with a space where two words would become one."""
    return f"{text} {more}" if text[-1:].isalnum() and more[:1].isalnum() else text + more


def _written(content: list[Part], placeholders: list[str], also_before_text: bool) -> list[Part]:
    text, is_in_text, placeholder = "", also_before_text, iter(placeholders)
    for part in content:
        if part["type"] == "text":
            text, is_in_text = text + part["text"], is_in_text or _has_words(part)
        else:
            mark = next(placeholder)
            text += mark if is_in_text else ""
    return [*(part for part in content if part["type"] == "image"), {"type": "text", "text": text}]
