"""Render prompts as the model will see them and count their tokens, by vLLM's own renderer.

No engine is loaded. Images are stood in for by blank ones of the same size, which become as many tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from mathbatch.config import ModelConfig, hub
from mathbatch.config.paths import locate
from mathbatch.config.vllm_arguments import vllm_folder
from mathbatch.models.limits import VLLM, refuse_small_memory
from mathbatch.models.missing_packages import missing_package
from mathbatch.models.renderer import PromptRenderer, RenderedPrompt
from mathbatch.models.trial import CANT_LOOK, without_output
from mathbatch.records import ImageRef

# Width and height of an image, in pixels.
Size = tuple[int, int]
# An image side is never this long, so a processor's `longest_edge` from here on is a number of pixels.
LONGEST_SIDE = 1 << 16


class ChatRenderer:
    """Renders prompts by the checkpoint's own files, from a folder or the hub's cache.

    `why_not` says why that is impossible, None if it is possible. `context_length` is that of the engine, in tokens.
    """

    def __init__(self, config: ModelConfig) -> None:
        self._config = config
        self._renderer: PromptRenderer | None = None
        self._is_resized: dict[Size, bool] = {}
        self.why_not = self._load()
        self.context_length = config.max_model_len if self._renderer is None else self._renderer.context_length

    def _load(self) -> str | None:
        """Make vLLM's renderer. Return why it can't be made, None if it was."""
        if vllm_folder() is None:
            return "vLLM is not installed here"
        folder = _folder(self._config)
        if folder is None:
            return f"the model's files are not here: {self._config.path} is no folder, and not in the hub's cache"
        refuse_small_memory(VLLM, "vLLM takes")
        try:
            with without_output():
                self._renderer = PromptRenderer(self._config, folder)
        except CANT_LOOK as error:
            return missing_package(error) or f"vLLM can't read the model's files: {_in_one_line(error)}"
        return None

    def render(self, messages: list[dict[str, Any]], size_of: Callable[[ImageRef], Size]) -> RenderedPrompt:
        """Return the whole prompt. Raises SampleError if a run would refuse it."""
        assert self._renderer is not None
        sizes: list[Size] = []

        def blank(part: dict[str, Any]) -> dict[str, Any]:
            if part["type"] != "image":
                return part
            size = size_of(part["image"])
            sizes.append(size)
            # vLLM preprocesses images of one name once.
            return {**part, "image": Image.new("RGB", size), "uuid": f"blank {size[0]} x {size[1]}"}

        contents = [message["content"] for message in messages]
        blanks = [content if isinstance(content, str) else [blank(part) for part in content] for content in contents]
        prompt = self._renderer.render(
            [{**message, "content": content} for message, content in zip(messages, blanks, strict=True)]
        )
        for size, tiles in zip(sizes, prompt.tiles, strict=False):
            if tiles is not None:
                self._is_resized[size] = tiles <= 1 and self._is_over_limits(size)
        return prompt

    def changes(self, messages: list[dict[str, Any]]) -> dict[str, str]:
        """Return what arrives otherwise than the messages have it, as kinds of findings with examples."""
        assert self._renderer is not None
        found, form = {}, self._renderer.form
        if words := form.special_words(messages):
            found["special tokens"] = ", ".join(words)
        if form.moves_images(messages):
            found["moved picture"] = "pictures first, and words such as `image 1` in their places"
        if form.changes_system(messages):
            found["system prompt"] = "lost, or not as it is written"
        return found

    def is_resized(self, size: Size) -> bool:
        """Tell whether the image processor makes a whole image of this size smaller, which has been in a prompt.

        Processors that cut images in tiles lose little by that, and are left out.
        """
        return self._is_resized.get(size, False)

    def _is_over_limits(self, size: Size) -> bool:
        assert self._renderer is not None
        limits = getattr(self._renderer.image_processor, "size", None)
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


def _folder(config: ModelConfig) -> Path | None:
    """Return the folder of the model's files, None if they are not on this machine."""
    path = locate(config.path, "model.path")
    return path if path.exists() else hub.cached_snapshot(hub.MODEL, config.path, config.revision)


def _in_one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split()):.300}"
