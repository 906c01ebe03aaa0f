"""Render prompts as the engine does, by the part of vLLM that needs no weights, no engine process and no GPU.

That part holds the chat template, the tokenizer and the image processor of a checkpoint, so its text and its number of
tokens are those of a run, for every model that vLLM can load. vLLM's own `vllm launch render` is made the same way.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from mathbatch.config import ModelConfig, hub
from mathbatch.errors import SampleError
from mathbatch.models.chat_params import chat_params
from mathbatch.models.checkpoint.folder import config_of
from mathbatch.models.conversion import vllm_messages
from mathbatch.models.engine_arguments import engine_arguments, environment
from mathbatch.models.start_errors import import_model
from mathbatch.models.template_probe import find_form

if TYPE_CHECKING:
    from vllm import AsyncEngineArgs
    from vllm.config import ModelConfig as VllmModelConfig

# Errors that chat templates and image processors raise on input that they can't handle.
RENDER_ERRORS = (
    *(ValueError, TypeError, LookupError, RuntimeError, ArithmeticError, OSError),
    *(AssertionError, AttributeError, MemoryError),
)
# Engine arguments that change no prompt, but take memory of the card or share memory between processes.
OF_THE_ENGINE = {"mm_processor_cache_gb", "mm_processor_cache_type", "mm_ipc_gpu_memory_gb"}
COLOURS = 3


@dataclass
class RenderedPrompt:
    """Prompt as text with one placeholder for each image, and the numbers of its tokens.

    `image_tokens` has those of each image, in the order of the prompt. `tiles` has the number of pictures that the
    processor made of each image: several if it cuts it in tiles, None if it was not asked again about the same image.
    """

    text: str
    tokens: int
    image_tokens: list[int]
    tiles: list[int | None]


class PromptRenderer:
    """Renders messages by the files of a checkpoint in `folder`. Nothing is downloaded.

    Making one raises whatever vLLM raises for files that are missing or wrong.
    """

    def __init__(self, config: ModelConfig, folder: Path) -> None:
        os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
        os.environ.update(environment(config))
        from vllm import AsyncEngineArgs
        from vllm.config import DeviceConfig, VllmConfig
        from vllm.renderers import renderer_from_config

        # Otherwise vLLM prints warnings in between, about each refused prompt.
        logging.getLogger("vllm").setLevel(logging.ERROR)
        given = engine_arguments(config, str(folder), seeded=False)
        with hub.without_network():
            arguments = AsyncEngineArgs(**{name: value for name, value in given.items() if name not in OF_THE_ENGINE})
            model = _model_config(arguments, folder)
            # Whether this machine's processor can compute with it does not matter here.
            model.quantization = None
            self._renderer = renderer_from_config(VllmConfig(model_config=model, device_config=DeviceConfig("cpu")))
            multimodal = self._renderer.mm_processor
            processor = None if multimodal is None else multimodal.info.get_hf_processor()
        self.processor: Any = processor
        self.context_length: int = model.max_model_len
        self.form = find_form(self._renderer, chat_params(config), config.max_images)
        # Prompts over the context length are counted in full.
        self._tokenizing = replace(self._renderer.default_chat_tok_params, max_total_tokens=None)

    def render(self, messages: list[dict[str, Any]]) -> RenderedPrompt:
        """Return the prompt of these messages, whose images are PIL images. Raises SampleError if vLLM refuses it.

        Images with the same `uuid` are preprocessed once.
        """
        prepared, params = self.form.prepare(messages)
        converted, _ = vllm_messages(prepared)
        try:
            _, prompt = self._renderer.render_messages(converted, params)
            text = prompt.get("prompt")
            [made] = self._renderer.render_cmpl([prompt], self._tokenizing)
        except render_errors() as error:
            raise refusal(error) from error
        if text is None:  # of tokenizers that make no text on the way, such as Mistral's
            text = self._renderer.get_tokenizer().decode(prompt["prompt_token_ids"])
        places = [place for of_kind in made.get("mm_placeholders", {}).values() for place in of_kind]
        items = [item for of_kind in made.get("mm_kwargs", {}).values() for item in of_kind]
        return RenderedPrompt(
            text=str(text),
            tokens=len(made["prompt_token_ids"]),
            image_tokens=[place.length for place in places],
            tiles=[None if item is None else sum(_pictures(item.get_data())) for item in items],
        )


def _model_config(arguments: AsyncEngineArgs, folder: Path) -> VllmModelConfig:
    """Return vLLM's configuration of the model. Raises ModuleNotFoundError if the code of the model lacks a package.

    vLLM imports that code in another process first, and says then only that this failed.
    """
    try:
        found = arguments.create_model_config()
    except ValueError:
        for name in config_of(folder).get("architectures") or ():
            import_model(name)
        raise
    if found.is_multimodal_model:
        import_model(found.architecture)
    return found


def render_errors() -> tuple[type[Exception], ...]:
    """Return the errors that vLLM raises for a prompt that it refuses, and those of the code that it calls."""
    from vllm.exceptions import VLLMClientError

    return (VLLMClientError, jinja2.TemplateError, *RENDER_ERRORS)


def refusal(error: Exception) -> SampleError:
    """Return the failure of a sample for one of `render_errors`, which was raised for its prompt."""
    from vllm.exceptions import VLLMValidationError

    if isinstance(error, VLLMValidationError):
        too_long = error.parameter in ("input_tokens", "input_text")
        return SampleError("prompt_too_long" if too_long else "rejected", str(error))
    return SampleError("rejected", f"the prompt can't be rendered: {type(error).__name__}: {error}")


def _pictures(data: Any) -> Iterator[int]:
    """Yield the number of pictures in each array of what a processor has made of one image."""
    shape = getattr(data, "shape", None)
    if shape is not None:
        # Arrays of other shapes are numbers about the picture, or a list of its patches.
        if len(shape) >= COLOURS and shape[-3] == COLOURS:
            yield math.prod(shape[:-3])
    elif isinstance(data, (Mapping, list, tuple)):
        for part in data.values() if isinstance(data, Mapping) else data:
            yield from _pictures(part)
