"""Tell vLLM how to render the messages of a request with the chat template of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathbatch.config import ModelConfig
from mathbatch.models.dates import with_fixed_date
from mathbatch.models.engine_arguments import chat_template

if TYPE_CHECKING:
    from vllm.renderers.params import ChatParams


def chat_params(config: ModelConfig) -> ChatParams:
    """Return the parameters with which the engine, and what looks at prompts without one, render messages."""
    from vllm.renderers.params import ChatParams

    return ChatParams(
        chat_template=chat_template(config),
        chat_template_content_format=config.chat_template_content_format,
        chat_template_kwargs={"add_generation_prompt": True, **with_fixed_date(config.chat_template_kwargs)},
    )
