"""Refuse checkpoints that vLLM loads and that could answer nothing: embeddings, tokens without weights, no pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from PIL import Image

from mathbatch.config import ModelConfig
from mathbatch.config.model_limits import LIMITS
from mathbatch.errors import ConfigError, nearest
from mathbatch.models.chat_params import chat_params
from mathbatch.models.checkpoint.no_text import no_text_error, refuse_no_generator
from mathbatch.models.checkpoint.values import MIXED, odd_value
from mathbatch.models.renderer import render_errors
from mathbatch.models.start_errors import words_of

if TYPE_CHECKING:
    from vllm.v1.engine.input_processor import InputProcessor

# Prompts, and width and height of a picture in pixels, that every model for chats takes.
SYSTEM, TEXT, OTHER_TEXT, BLANK = "Calculate.", "1 + 1", "2 + 3", (224, 224)


def refuse_unsound(config: ModelConfig, found_at: str, inputs: InputProcessor) -> None:
    """Raise ConfigError for a model that does not go on a text, and for values that don't go together.

    The weights are looked at if `found_at` is a folder.
    """
    model = inputs.model_config
    if model.runner_type != "generate":
        raise no_text_error(config, model.hf_config.model_type, list(model.architectures))
    if model.registry.is_transcription_only_model(model.architectures, model):
        problem = f"{config.path} writes down what is said in a recording, and takes no question"
        raise ConfigError("model.path", problem, "take a model for chats")
    if model.using_transformers_backend():
        refuse_no_generator(config, model.architectures)
    folder = Path(found_at) if config.engine.get("load_format") != "dummy" else None
    if (odd := odd_value(model.hf_text_config, folder)) is not None:
        problem, fix = odd
        raise ConfigError("model.path", f"in the config.json of {config.path}, {problem}", fix)
    # An engine that gets a token without weights ends, and on a GPU says nothing that helps.
    size, tokens = model.get_vocab_size(), getattr(inputs.renderer.tokenizer, "vocab_size", 0)
    if (prompt := _prompt(config, inputs)) is not None:
        tokens = max([tokens, *(1 + token for token in prompt["prompt_token_ids"])])
    if tokens > size:
        problem = f"the tokenizer of {config.path} has {tokens:,} tokens, and its config.json vocab_size={size:,}"
        raise ConfigError("model.path", problem, MIXED)


def refuse_unknown_words(config: ModelConfig, inputs: InputProcessor) -> None:
    """Raise ConfigError for words in engine arguments that vLLM takes and ignores, as it knows none such."""
    from vllm.config.model import ModelImpl
    from vllm.inputs import MultiModalDataBuiltins

    made_by = config.engine.get("model_impl", "auto")
    if made_by not in get_args(ModelImpl):
        hint = nearest(str(made_by), get_args(ModelImpl))
        raise ConfigError("model.engine.model_impl", f"{made_by!r} is none of vLLM's ways to make a model", hint)
    processor = inputs.renderer.mm_processor
    own = {} if processor is None else processor.info.supported_mm_limits
    known = {*MultiModalDataBuiltins.__annotations__, *own}
    for name in config.engine.get(LIMITS) or {}:
        if name not in known:
            raise ConfigError(
                f"model.engine.{LIMITS}.{name}", "no model knows items of this kind", nearest(name, known)
            )


def refuse_images(config: ModelConfig, inputs: InputProcessor, most: int) -> None:
    """Raise ConfigError if the model takes fewer images in a prompt than it is told to, or no image of these rows.

    `most` is the largest number of images in a row, as far as is known.
    """
    if not config.max_images:
        return
    processor = inputs.renderer.mm_processor
    limit = 0 if processor is None else processor.info.supported_mm_limits.get("image", 0)
    if limit == 0 and most:
        problem = f"rows have pictures, and {config.path} reads text only"
        fix = "choose another model, or set dataset.image_field=null to ask without pictures"
        raise ConfigError("dataset.image_field", problem, fix)
    if limit and limit < config.max_images:
        pictures = "1 picture" if limit == 1 else f"{limit} pictures"
        problem = f"{config.path} takes at most {pictures} in one prompt"
        raise ConfigError("model.max_images", problem, f"set it to {limit}")
    if not most or _prompt(config, inputs) is None:
        return
    failure = _refusal_of_picture(config, inputs, {})
    if failure is not None:
        raise ConfigError("model.path", f"{config.path} can't take a prompt with a picture: {failure}", MIXED)
    given = config.mm_processor_kwargs
    failure = _refusal_of_picture(config, inputs, given) if given else None
    if failure is not None:
        words = f"the processor of {config.path} fails with it: {failure}"
        raise ConfigError("model.mm_processor_kwargs", words, "correct it")


def _refusal_of_picture(config: ModelConfig, inputs: InputProcessor, arguments: dict[str, Any]) -> str | None:
    """Return why a prompt with a picture can't be made with these arguments of the processor, None if it can."""
    inputs.model_config.get_multimodal_config().mm_processor_kwargs = arguments
    # By its name vLLM knows a picture again, whatever the arguments are.
    picture = {"type": "image_pil", "image_pil": Image.new("RGB", BLANK), "uuid": f"blank {arguments}"}
    try:
        _render(config, inputs, [picture, {"type": "text", "text": TEXT}])
    except _prompt_errors() as error:
        return words_of(error.__cause__ or error)
    return None


def _prompt_errors() -> tuple[type[Exception], ...]:
    """Return the errors for a prompt that can't be made: a package may be imported for the first picture only."""
    return (*render_errors(), ImportError)


def refuse_no_question(config: ModelConfig, inputs: InputProcessor) -> None:
    """Raise ConfigError if the chat template makes the same prompt of different questions."""
    for before in ([], [{"role": "system", "content": SYSTEM}]):
        one, other = (_prompt(config, inputs, text, *before) for text in (TEXT, OTHER_TEXT))
        if one is None or other is None or one["prompt_token_ids"] != other["prompt_token_ids"]:
            return
    problem = "the prompts that it makes are without the question"
    raise ConfigError("model.chat_template", problem, "set it to a file with a template that writes all messages")


def _prompt(config: ModelConfig, inputs: InputProcessor, text: str = TEXT, *before: dict[str, Any]) -> Any:
    """Return the engine's input for a short text. None if the template refuses it: it may demand what rows have."""
    try:
        return _render(config, inputs, text, *before)
    except _prompt_errors():
        return None


def _render(config: ModelConfig, inputs: InputProcessor, content: Any, *before: dict[str, Any]) -> Any:
    message = {"role": "user", "content": content}
    _, [prompt] = inputs.renderer.render_chat([[*before, message]], chat_params(config))
    return prompt
