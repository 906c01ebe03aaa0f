"""Render prompts as the model will see them and count their tokens, by vLLM's own renderer.

No engine is loaded. Images are stood in for by blank ones of the same size, which become as many tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from PIL import Image

from mathbatch.config import ModelConfig
from mathbatch.config.vllm_arguments import vllm_folder
from mathbatch.errors import SampleError
from mathbatch.models.checkpoint.folder import local_checkpoint
from mathbatch.models.image_tokens import EXTREMES, STAND_IN, Size, TokenFormula
from mathbatch.models.limits import VLLM, refuse_small_memory
from mathbatch.models.packages import missing_package
from mathbatch.models.renderer import PromptRenderer, RenderedPrompt
from mathbatch.models.start_errors import CANT_LOAD
from mathbatch.models.trial import without_output
from mathbatch.records import ImageRef

# An image side is never this long, so a processor's `longest_edge` from here on is a number of pixels.
LONGEST_SIDE = 1 << 16


class ChatRenderer:
    """Renders prompts by the checkpoint's own files, from a folder or the hub's cache.

    `why_not` says why that is impossible, None if it is possible. `context_length` is that of the engine, in tokens.
    """

    def __init__(self, config: ModelConfig) -> None:
        self._config = config
        self._renderer: PromptRenderer | None = None
        # Sizes of images that vLLM has preprocessed, and those of which it made the whole image smaller.
        self._seen: set[Size] = set()
        self._resized: set[Size] = set()
        self._cuts_tiles = False
        self._is_extreme_tried = False
        self._formula = TokenFormula(None)
        self.why_not = self._load()
        self.context_length = config.max_model_len if self._renderer is None else self._renderer.context_length

    def _load(self) -> str | None:
        """Make vLLM's renderer. Return why it can't be made, None if it was."""
        if self._config.base_urls:
            return "the servers make the prompts, by a chat template and a tokenizer that are not here"
        if vllm_folder() is None:
            return "vLLM is not installed here"
        folder = local_checkpoint(self._config)
        if folder is None:
            return f"the model's files are not here: {self._config.path} is no folder, and not in the hub's cache"
        refuse_small_memory(VLLM, "vLLM takes")
        try:
            with without_output():
                self._renderer = PromptRenderer(self._config, folder)
                self._formula = TokenFormula(self._renderer.processor)
                # Some packages are imported for the first picture only, so one is tried before the rows.
                if self._config.max_images and self._renderer.processor is not None:
                    with suppress(SampleError):
                        self._try(STAND_IN)
        except CANT_LOAD as error:
            return missing_package(error) or f"vLLM can't read the model's files: {_in_one_line(error)}"
        return None

    def render(self, messages: list[dict[str, Any]], size_of: Callable[[ImageRef], Size]) -> RenderedPrompt:
        """Return the whole prompt. Raises SampleError if a run would refuse it."""
        parts = [part for message in messages if isinstance(message["content"], list) for part in message["content"]]
        sizes = [size_of(part["image"]) for part in parts if part["type"] == "image"]
        new = {size for size in sizes if size not in self._seen} if self._formula_holds() else set()
        return self._render(messages, sizes, [STAND_IN if size in new else size for size in sizes])

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
        """Tell whether the image processor makes whole images of this size smaller, of which one was in a prompt.

        Processors that cut images in tiles lose little by that, and are left out.
        """
        return size in self._resized

    def _render(self, messages: list[dict[str, Any]], sizes: list[Size], drawn: list[Size]) -> RenderedPrompt:
        """Render messages with images of the sizes `drawn`, and count the tokens as if they had `sizes`."""
        assert self._renderer is not None
        blanks = map(_blank, drawn)

        def filled(content: Any) -> Any:
            if isinstance(content, str):
                return content
            return [part if part["type"] == "text" else part | next(blanks) for part in content]

        prompt = self._renderer.render([{**message, "content": filled(message["content"])} for message in messages])
        if len(prompt.image_tokens) == len(prompt.tiles) == len(sizes):
            for at, (size, drawn_size) in enumerate(zip(sizes, drawn, strict=True)):
                self._note_image(prompt, at, size, is_drawn=size == drawn_size)
        return prompt

    def _note_image(self, prompt: RenderedPrompt, at: int, size: Size, is_drawn: bool) -> None:
        """Learn what became of an image; correct the numbers of tokens if another one stood in for it."""
        tokens, tiles = prompt.image_tokens[at], prompt.tiles[at]
        if not is_drawn:
            prompt.image_tokens[at] = self._formula.tokens(size)
            prompt.tokens += prompt.image_tokens[at] - tokens
            is_whole = not self._cuts_tiles
        elif tiles is not None and size not in self._seen:
            self._seen.add(size)
            self._formula.learn(size, tokens)
            self._cuts_tiles |= tiles > 1
            is_whole = tiles <= 1
        else:
            return
        if is_whole and self._is_over_limits(size):
            self._resized.add(size)

    def _formula_holds(self) -> bool:
        """Tell whether the formula was right about enough images, and is about extreme ones too."""
        if self._formula.holds and not self._is_extreme_tried:
            self._is_extreme_tried = True
            for size in EXTREMES:
                try:
                    self._try(size)
                except SampleError:
                    self._formula = TokenFormula(None)
        return self._formula.holds

    def _try(self, size: Size) -> None:
        """Render a prompt with one image of this size, to learn what becomes of it."""
        content = [{"type": "image"}, {"type": "text", "text": "1 + 1"}]
        self._render([{"role": "user", "content": content}], [size], [size])

    def _is_over_limits(self, size: Size) -> bool:
        assert self._renderer is not None
        limits = getattr(getattr(self._renderer.processor, "image_processor", None), "size", None)
        if limits is None:
            return False
        width, height = size
        longest, shortest, most = limits.get("longest_edge"), limits.get("shortest_edge"), limits.get("max_pixels")
        # The processors of Qwen models have a number of pixels there.
        if longest is not None and longest >= LONGEST_SIDE:
            longest, most = None, longest
        if longest is None and most is None and shortest is not None:
            return bool(min(size) > shortest)
        bounds = limits.get("width") or longest, limits.get("height") or longest
        over = any(bound is not None and side > bound for side, bound in zip((width, height), bounds, strict=True))
        return over or (most is not None and width * height > most)


def _blank(size: Size) -> dict[str, Any]:
    """Return the part of a message with a blank image. vLLM preprocesses images of one name only once."""
    return {"type": "image", "image": Image.new("RGB", size), "uuid": f"blank {size[0]} x {size[1]}"}


def _in_one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split()):.300}"
