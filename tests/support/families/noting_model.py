"""Define the real engine, which notes what it is asked as it is rendered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from mathbatch.models.vllm import VllmModel
from mathbatch.records import Request

NOTING = f"model._target_={__name__}.NotingModel"


@dataclass(frozen=True)
class Prompt:
    """Prompt of one request.

    `images` are vLLM's names of its pictures in order, `texts` what stands before, between and behind them, without
    special tokens, and `whole` is everything.
    """

    whole: str
    texts: list[str]
    images: list[str]


class NotingModel(VllmModel):
    """Answers with vLLM. `prompts` has what was asked last, by the id of the sample."""

    prompts: ClassVar[dict[str, Prompt]] = {}

    async def _render(self, engine: Any, request: Request) -> Any:
        found = await super()._render(engine, request)
        self.prompts[request.id] = _prompt(engine.get_tokenizer(), found)
        return found


def _prompt(tokenizer: Any, rendered: Any) -> Prompt:
    tokens = rendered["prompt_token_ids"]
    texts, images, end = [], [], 0
    for name, place in _places(rendered):
        texts.append(tokenizer.decode(tokens[end : place.offset], skip_special_tokens=True))
        images.append(name)
        end = place.offset + place.length
    texts.append(tokenizer.decode(tokens[end:], skip_special_tokens=True))
    return Prompt(tokenizer.decode(tokens), texts, images)


def _places(rendered: Any) -> list[tuple[str, Any]]:
    names = rendered.get("mm_hashes", {}).get("image", [])
    places = rendered.get("mm_placeholders", {}).get("image", [])
    return sorted(zip(names, places, strict=True), key=lambda pair: pair[1].offset)
