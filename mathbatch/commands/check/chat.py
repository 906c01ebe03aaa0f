"""Render prompts as the model will see them and count their tokens, by the checkpoint's own processor.

No engine is loaded.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from mathbatch.config import ModelConfig
from mathbatch.config.paths import locate
from mathbatch.models.limits import TRANSFORMERS, refuse_small_memory

# Width and height of an image, in pixels.
Size = tuple[int, int]
# An image side is never this long, so a processor's `longest_edge` from here on is a number of pixels.
LONGEST_SIDE = 1 << 16


class ChatRenderer:
    """Renders prompts by the checkpoint's tokenizer and image processor, from local files or the hub's cache.

    `why_not` says why these can't be loaded, None if they are loaded. Without them nothing is rendered or counted.
    """

    def __init__(self, config: ModelConfig) -> None:
        self._config = config
        self.why_not: str | None = None
        self._processor: Any = None
        self._tokenizer: Any = None
        refuse_small_memory(TRANSFORMERS, "transformers takes")
        try:
            self._load()
        except (OSError, ValueError, ImportError, KeyError) as error:
            self.why_not = f"{type(error).__name__}: {str(error).splitlines()[0]:.200}"

    def _load(self) -> None:
        os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
        from transformers import AutoProcessor, AutoTokenizer

        config = self._config
        path = locate(config.path, "model.path")
        options: dict[str, Any] = {"revision": config.revision, "trust_remote_code": config.trust_remote_code}
        options["local_files_only"] = True  # a check must not download a model
        name = str(path) if path.exists() else config.path
        self._tokenizer = AutoTokenizer.from_pretrained(name, **options)
        if config.max_images:
            self._processor = AutoProcessor.from_pretrained(name, **options, **config.mm_processor_kwargs)
        if config.chat_template is not None:
            template = locate(config.chat_template, "model.chat_template").read_text("utf-8")
            for part in (self._tokenizer, self._processor):
                if part is not None:
                    part.chat_template = template

    def render(self, messages: list[dict[str, Any]]) -> str:
        """Return the whole prompt as text, with a placeholder for each image. Raises what the chat template raises."""
        renderer = self._processor or self._tokenizer
        texts = [_without_images(message, as_parts=self._processor is not None) for message in messages]
        found = renderer.apply_chat_template(
            texts, tokenize=False, add_generation_prompt=True, **self._config.chat_template_kwargs
        )
        return str(found)

    def text_tokens(self, text: str) -> int:
        """Return the number of tokens of a rendered prompt, in which each placeholder is one token."""
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def image_tokens(self, sizes: Sequence[Size]) -> int | None:
        """Return the number of tokens for images of these sizes; None if the processor can't tell."""
        count = getattr(self._processor, "_get_num_multimodal_tokens", None)
        if count is None or not sizes:
            return None if sizes else 0
        try:
            found = count(image_sizes=[(height, width) for width, height in sizes])
        except (NotImplementedError, TypeError, AttributeError):
            return None
        return int(sum(found["num_image_tokens"]))

    def is_resized(self, size: Size) -> bool:
        """Tell whether the image processor makes an image of this size smaller."""
        limits = getattr(getattr(self._processor, "image_processor", None), "size", None)
        if limits is None:
            return False
        width, height = size
        longest, most = limits.get("longest_edge"), limits.get("max_pixels")
        # The processors of Qwen models have a number of pixels there.
        if longest is not None and longest >= LONGEST_SIDE:
            longest, most = None, longest
        bounds = limits.get("width") or longest, limits.get("height") or longest
        over = any(bound is not None and side > bound for side, bound in zip((width, height), bounds, strict=True))
        return over or (most is not None and width * height > most)


def _without_images(message: dict[str, Any], as_parts: bool) -> dict[str, Any]:
    """Return the message with a mark in the place of each image. With `as_parts`, text becomes a list of parts."""
    content = message["content"]
    if isinstance(content, str):
        return {**message, "content": [{"type": "text", "text": content}]} if as_parts else message
    parts = [part if part["type"] == "text" else {"type": "image"} for part in content]
    return {**message, "content": parts}
