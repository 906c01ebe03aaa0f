"""Find out by a few short prompts how a chat template takes pictures and system prompts, and write messages to suit it.

Templates differ by more than their family, since finetunes bring their own, so none is known by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from mathbatch.errors import SampleError
from mathbatch.models.picture_places import Message, has_images_within_text, name_images, write_placeholders

if TYPE_CHECKING:
    from vllm.renderers.base import BaseRenderer
    from vllm.renderers.hf import HfRenderer
    from vllm.renderers.params import ChatParams

# Texts that no template holds by itself. A list that is printed as Python has the end of a line as two characters.
FIRST, SECOND = "Quartz", "Feldspar"
TEXTS = {"system": "Mica\nBasalt", "user": f"{FIRST}\n{SECOND}"}
IMAGE_TOKEN_KEYS = ("image_token_id", "image_token_index")


@dataclass(frozen=True)
class Style:
    """One way to give messages to a chat template: vLLM's parameters, and how images after text are written.

    `placeholder` returns that of the image with a number in the request: None where the template does that itself, or
    can't. `moves_images` tells that the template puts images first, so that words have to stand in their places.
    """

    params: ChatParams
    moves_images: bool = False
    placeholder: Callable[[int], str] | None = None
    also_before_text: bool = False

    def written(self, messages: list[Message]) -> list[Message]:
        """Return the messages in a form that keeps the places of their images."""
        if self.moves_images:
            return name_images(messages)
        if self.placeholder is not None:
            return write_placeholders(messages, self.placeholder, self.also_before_text)
        return messages


@dataclass(frozen=True)
class TemplateForm:
    """Knowledge about a chat template: the style for requests with a system message, and that for others.

    `marks` are the tokens that stand for an image, `special` all that are no text to the model. `keeps_system` tells
    that a system prompt arrives as it is written.
    """

    plain: Style
    with_system: Style
    marks: tuple[str, ...] = ()
    special: tuple[str, ...] = ()
    keeps_system: bool = True

    def prepare(self, messages: list[Message]) -> tuple[list[Message], ChatParams]:
        """Return the messages as the template needs them, and the parameters to render them with.

        Raises SampleError if vLLM would put an image where the text only has a token for images as words.
        """
        style = self.with_system if _has_system(messages) else self.plain
        written = style.written(messages)
        self._refuse_marks(written if style.moves_images else messages, style.placeholder)
        return written, style.params

    def moves_images(self, messages: list[Message]) -> bool:
        """Tell whether images will not stand where the messages have them."""
        style = self.with_system if _has_system(messages) else self.plain
        return style.moves_images and any(map(has_images_within_text, messages))

    def changes_system(self, messages: list[Message]) -> bool:
        """Tell whether there is a system prompt that will not arrive as it is written."""
        return not self.keeps_system and _has_system(messages)

    def special_words(self, messages: list[Message]) -> list[str]:
        """Return what the texts of the messages hold of words that are special tokens to the model."""
        texts = [part["text"] for part in _parts(messages) if part["type"] == "text"]
        return [word for word in self.special if any(word in text for text in texts)]

    def _refuse_marks(self, messages: list[Message], placeholder: Callable[[int], str] | None) -> None:
        """Raise SampleError for a mark in the text that vLLM would take for one of the images.

        It takes the first marks in the prompt, and where it writes placeholders itself, any that it finds.
        """
        parts = list(_parts(messages))
        images = sum(part["type"] == "image" for part in parts)
        own = [] if placeholder is None else [placeholder(number) for number in range(1, images + 1)]
        seen = 0
        for part in parts:
            if part["type"] == "image":
                seen += 1
                continue
            marks = [*own, *self.marks] if seen < images else own
            if (found := next((mark for mark in marks if mark in part["text"]), None)) is not None:
                raise SampleError("rejected", f"{found} in the text is what stands for a picture to this model")


def find_form(renderer: BaseRenderer[Any], params: ChatParams, max_images: int) -> TemplateForm:
    """Return how the chat template of a renderer takes messages. Other renderers than for templates need nothing."""
    from vllm.renderers.hf import HfRenderer

    if not isinstance(renderer, HfRenderer):
        return TemplateForm(Style(params), Style(params))
    probe = _Probe(renderer, max_images)
    plain, _ = probe.delivering(params, "user")
    with_system, is_kept = probe.delivering(params, "system", "user")
    special = tuple(renderer.get_tokenizer().all_special_tokens)
    return TemplateForm(probe.style(plain), probe.style(with_system), probe.marks(params), special, is_kept)


class _Probe:
    """Renders short prompts with a chat template."""

    def __init__(self, renderer: HfRenderer, max_images: int) -> None:
        self._renderer = renderer
        self._takes_images = max_images > 0 and renderer.model_config.is_multimodal_model

    def delivering(self, params: ChatParams, *roles: str) -> tuple[ChatParams, bool]:
        """Return parameters with which messages of these roles arrive, and whether they do.

        They are those given, or the same in the other content format if that is not configured. Messages that are
        refused count as if they arrived, since that is told row by row.
        """
        arrive = self._arrive(params, roles)
        if not arrive and params.chat_template_content_format == "auto":
            other = "openai" if self._detected(params) == "string" else "string"
            changed = replace(params, chat_template_content_format=other)
            if self._arrive(changed, roles):
                return changed, True
        return params, arrive is not False

    def style(self, params: ChatParams) -> Style:
        """Return how images have to be written with these parameters."""
        if not self._takes_images or (between := self._between(params)) is None or between:
            return Style(params)
        detected = self._detected(params)
        given = params.chat_template_content_format
        if (detected if given == "auto" else given) == "string" and (mark := self._placeholder()) is not None:
            # Where the template itself would take parts, nothing stands between an image and the text after it.
            return Style(params, placeholder=mark, also_before_text=detected == "openai")
        return Style(params, moves_images=True)

    def marks(self, params: ChatParams) -> tuple[str, ...]:
        """Return the tokens that stand for an image in a prompt."""
        if not self._takes_images:
            return ()
        tokenizer = self._renderer.get_tokenizer()
        mark = self._placeholder()
        written = (self._between(params) or "") + ("" if mark is None else mark(1))
        config = self._renderer.model_config.hf_config
        ids = {getattr(config, key, None) for key in IMAGE_TOKEN_KEYS}
        known = tokenizer.get_added_vocab()
        return tuple(token for token, id in known.items() if token.strip() and (token in written or id in ids))

    def _arrive(self, params: ChatParams, roles: Sequence[str]) -> bool | None:
        """Tell whether the texts of messages arrive as they are written, None if the template refuses them."""
        text = self._render([{"role": role, "content": TEXTS[role]} for role in roles], params)
        return None if text is None else all(TEXTS[role] in text for role in roles)

    def _between(self, params: ChatParams) -> str | None:
        """Return what an image between two texts adds there, None if the template does not render them."""
        image = {"type": "image_pil", "image_pil": _blank(), "uuid": None}
        texts = [{"type": "text", "text": FIRST}, {"type": "text", "text": SECOND}]
        found = []
        for content in ([texts[0], image, texts[1]], texts):
            text = self._render([{"role": "user", "content": content}], params) or ""
            start, end = text.find(FIRST), text.find(SECOND)
            if not 0 <= start < end:
                return None
            found.append(text[start + len(FIRST) : end])
        with_image, without = found
        return "" if with_image == without else with_image

    def _placeholder(self) -> Callable[[int], str] | None:
        """Return vLLM's placeholder of an image by its number; None for a model whose processor sets it by itself."""
        from vllm.model_executor.model_loader import get_model_cls

        text_of: Any = partial(get_model_cls(self._renderer.model_config).get_placeholder_str, "image")
        return text_of if text_of(1) else None

    def _detected(self, params: ChatParams) -> str:
        from vllm.renderers.hf import resolve_chat_template_content_format

        renderer = self._renderer
        return str(
            resolve_chat_template_content_format(
                params.chat_template, None, "auto", renderer.get_tokenizer(), model_config=renderer.model_config
            )
        )

    def _render(self, messages: list[Any], params: ChatParams) -> str | None:
        """Return a prompt as text, None if it is refused."""
        from vllm.exceptions import VLLMClientError

        as_text = replace(params, chat_template_kwargs={**params.chat_template_kwargs, "tokenize": False})
        try:
            _, prompt = self._renderer.render_messages(messages, as_text)
        except (VLLMClientError, ValueError):
            return None
        return str(prompt.get("prompt", ""))


def _has_system(messages: list[Message]) -> bool:
    return any(message["role"] == "system" for message in messages)


def _parts(messages: list[Message]) -> Iterator[dict[str, Any]]:
    for message in messages:
        content = message["content"]
        yield from [{"type": "text", "text": content}] if isinstance(content, str) else content


def _blank() -> Any:
    from PIL import Image

    return Image.new("RGB", (32, 32))
