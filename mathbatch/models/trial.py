"""Let vLLM look at a configuration before it loads the weights: at what it can't load, would ignore, or refuse.

Only the part of vLLM that takes requests in is made: tokenizer, chat template, image processor. That needs neither
weights nor memory of a GPU; the import of vLLM takes ten seconds, which the load would take anyway.
"""

from __future__ import annotations

import functools
import inspect
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import jinja2
import msgspec
from jinja2 import meta
from PIL import Image

from mathbatch.config import ModelConfig
from mathbatch.errors import ConfigError, nearest
from mathbatch.models.chat_params import chat_params
from mathbatch.models.conversion import vllm_sampling
from mathbatch.models.engine_arguments import chat_template, engine_arguments
from mathbatch.models.no_text import no_text_error, refuse_no_text
from mathbatch.models.processor_names import SCOPES, names_read_by
from mathbatch.models.start_errors import NOISE, is_about_the_machine, start_error, words_of

if TYPE_CHECKING:
    from vllm.v1.engine.input_processor import InputProcessor

# Tags of transformers that mark the assistant's part of a prompt; Jinja itself does not know them.
GENERATION = re.compile(r"\{%-?\s*(?:end)?generation\s*-?%\}")
# Variables of a chat template that are not for the user to set.
NOT_THE_USERS = {"messages", "tools", "add_generation_prompt", "raise_exception", "strftime_now", "namespace"}
# Errors that vLLM and the code of checkpoints raise for what they can't load.
CANT_LOOK = (ValueError, RuntimeError, OSError, ImportError, TypeError, LookupError, AttributeError, AssertionError)
# Errors for a prompt that can't be made.
PROMPT_ERRORS = (*CANT_LOOK, ArithmeticError, jinja2.TemplateError)
PROMPT = [1]
# Width and height of the picture in a trial, in pixels.
BLANK = (224, 224)


def try_before_load(
    config: ModelConfig, found_at: str, seeded: bool, values: Mapping[str, Any], most_images: int
) -> None:
    """Raise ConfigError for what vLLM can't load, would ignore, or would refuse for every request.

    `values` are the sampling parameters; `most_images` is the largest number of images in a row, as far as is known.
    """
    with without_output():
        if (trial := look(config, found_at, seeded)) is not None:
            trial.check_images(most_images)
            trial.check_sampling(values)


def look(config: ModelConfig, found_at: str, seeded: bool) -> Trial | None:
    """Return the trial of the checkpoint in the folder, or with the hub id, `found_at`. Raise ConfigError as it does.

    It is None on a machine where vLLM could load nothing.
    """
    try:
        key = [asdict(config), found_at, seeded, chat_template(config)]
        return _trial_of(msgspec.json.encode(key, enc_hook=str))
    except CantLook:
        return None


@functools.lru_cache(maxsize=1)
def _trial_of(encoded: bytes) -> Trial:
    """Return the trial of a model that can be loaded and whose names are checked. The cells of a sweep share one."""
    config, folder, seeded, template = msgspec.json.decode(encoded)
    trial = Trial(ModelConfig(**config), folder, seeded, template)
    trial.check_kind()
    trial.check_template()
    trial.check_processor()
    trial.check_vocabulary()
    return trial


def forget_trial() -> None:
    """Free the memory of tokenizer and processor."""
    _trial_of.cache_clear()


def _inputs_of(config: ModelConfig, folder: str, seeded: bool) -> InputProcessor:
    """Make the part of vLLM that takes requests in. Raises one of CANT_LOOK where vLLM can't load the model."""
    from vllm import AsyncEngineArgs
    from vllm.usage.usage_lib import UsageContext
    from vllm.v1.engine.input_processor import InputProcessor

    # What the names of processor arguments are checked against must not depend on them.
    arguments = engine_arguments(config, folder, seeded) | {"mm_processor_kwargs": None}
    return InputProcessor(AsyncEngineArgs(**arguments).create_engine_config(UsageContext.LLM_CLASS))


class CantLook(Exception):
    """Machine without what vLLM runs on, such as the one from which a job is sent to a cluster."""


class Trial:
    """Part of vLLM that takes requests in, for one configuration of a model.

    Making it raises ConfigError if vLLM can't load the model, and CantLook where it could load none.
    """

    def __init__(self, config: ModelConfig, folder: str, seeded: bool, template: str | None) -> None:
        self._config, self._given_template = config, template

        def is_refused(other: ModelConfig) -> bool:
            try:
                _inputs_of(other, folder, seeded)
            except CANT_LOOK:
                return True
            return False

        refuse_no_text(config, folder)
        try:
            self._inputs = _inputs_of(config, folder, seeded)
        except ConfigError:
            raise
        except CANT_LOOK as error:
            if is_about_the_machine(error):
                raise CantLook from error
            raise start_error(error, config, is_refused) from error

    def check_kind(self) -> None:
        """Raise ConfigError for a model that generates no text, and for sizes that don't go together."""
        model, path = self._inputs.model_config, self._config.path
        if model.runner_type != "generate":
            raise no_text_error(self._config, model.hf_config.model_type, list(model.architectures))
        if (problem := _odd_sizes(model.hf_text_config)) is not None:
            fix = "take config.json and weights of the same checkpoint"
            raise ConfigError("model.path", f"in the config.json of {path}, {problem}", fix)

    def check_template(self) -> None:
        """Raise ConfigError if there is no chat template, it can't be read, or does not read a variable given for it.

        Models whose prompts vLLM makes by code of its own have none.
        """
        from transformers import PreTrainedTokenizerBase
        from vllm.renderers.hf import HfRenderer, resolve_chat_template

        renderer, config = self._inputs.renderer, self._inputs.model_config
        if not isinstance(renderer, HfRenderer):
            return
        tokenizer = renderer.get_tokenizer()
        template = resolve_chat_template(tokenizer, self._given_template, None, model_config=config)
        if template is None:
            fix = "set it to a file with one, or take the checkpoint that was made for chat"
            raise ConfigError("model.chat_template", f"{self._config.path} has no chat template", fix)
        try:
            read = variables_of(template)
        except jinja2.TemplateSyntaxError as error:
            where = f"line {error.lineno}: {error.message}"
            raise ConfigError("model.chat_template", f"it is no Jinja template: {where}", "correct it") from error
        known = read | _named_parameters(PreTrainedTokenizerBase.apply_chat_template)
        for name in self._config.chat_template_kwargs:
            if name not in known:
                hint = nearest(name, read - NOT_THE_USERS - set(tokenizer.special_tokens_map))
                raise ConfigError(
                    f"model.chat_template_kwargs.{name}", "the chat template reads no such variable", hint
                )

    def check_processor(self) -> None:
        """Raise ConfigError for an argument that the checkpoint's processor does not read."""
        given = self._config.mm_processor_kwargs
        if not given:
            return
        if not self._inputs.model_config.is_multimodal_model:
            problem = f"{self._config.path} reads text only, and has no processor of pictures"
            raise ConfigError("model.mm_processor_kwargs", problem, "leave it out")
        if (processor := self._inputs.renderer.mm_processor) is None:
            return
        names = names_read_by(processor.info.get_hf_processor(), processor.info)
        if names is None:
            return
        known, shown = names
        flat = [(name, name) for name in given]
        scoped = [(f"{scope}.{name}", name) for scope in SCOPES for name in given.get(scope) or {}]
        for path, name in flat + scoped:
            if name not in known:
                raise ConfigError(
                    f"model.mm_processor_kwargs.{path}", "the processor has no such argument", nearest(name, shown)
                )

    def check_vocabulary(self) -> None:
        """Raise ConfigError for a tokenizer with tokens that the model does not have: they would end the engine."""
        renderer, size = self._inputs.renderer, self._inputs.model_config.get_vocab_size()
        if (tokenizer := renderer.tokenizer) is None:
            return
        most = getattr(tokenizer, "vocab_size", 0)
        if (prompt := self._prompt("1 + 1")) is not None:
            most = max(most, 1 + max(prompt["prompt_token_ids"]))
        if most > size:
            problem = (
                f"the tokenizer of {self._config.path} has {most:,} tokens, and its config.json vocab_size={size:,}"
            )
            raise ConfigError("model.path", problem, "take tokenizer, config.json and weights of the same checkpoint")

    def check_images(self, most: int) -> None:
        """Raise ConfigError if the model can't take as many images in a prompt as it is told to, or none at all."""
        if not self._config.max_images:
            return
        processor = self._inputs.renderer.mm_processor
        limit = 0 if processor is None else processor.info.supported_mm_limits.get("image", 0)
        path, pictures = self._config.path, "1 picture" if limit == 1 else f"{limit} pictures"
        if limit == 0 and most:
            fix = "choose another model, or set dataset.image_field=null to ask without pictures"
            raise ConfigError("dataset.image_field", f"rows have pictures, and {path} reads text only", fix)
        if limit and limit < self._config.max_images:
            raise ConfigError(
                "model.max_images", f"{path} takes at most {pictures} in one prompt", f"set it to {limit}"
            )
        if most and self._prompt("1 + 1") is not None:
            try:
                self._render(
                    [{"type": "text", "text": "1 + 1"}, {"type": "image_pil", "image_pil": Image.new("RGB", BLANK)}]
                )
            except PROMPT_ERRORS as error:
                problem = f"{path} can't take a prompt with a picture: {words_of(error)}"
                raise ConfigError(
                    "model.path", problem, "take tokenizer, processor and config.json of the same checkpoint"
                ) from error

    def _prompt(self, text: str) -> Any:
        """Return the engine's input for this text. None if the template refuses it: it may demand what rows have."""
        try:
            return self._render(text)
        except PROMPT_ERRORS:
            return None

    def _render(self, content: Any) -> Any:
        _, [prompt] = self._inputs.renderer.render_chat(
            [[{"role": "user", "content": content}]], chat_params(self._config)
        )
        return prompt

    def check_sampling(self, values: Mapping[str, Any]) -> None:
        """Raise ConfigError for a value that vLLM would refuse for every request."""
        problem = self._refusal(values)
        if problem is None or self._refusal({}) is not None:
            return
        at_fault = next((name for name in values if not self._refusal(_without(values, name))), None)
        inner = values.get(at_fault) if at_fault is not None else None
        path = ".".join(["sampling", *filter(None, [at_fault])])
        if isinstance(inner, Mapping) and len(inner) == 1:
            path += f".{next(iter(inner))}"
        raise ConfigError(path, f"vLLM refuses it: {problem}", "correct it")

    def _refusal(self, values: Mapping[str, Any]) -> str | None:
        """Return why vLLM refuses a request with these values, None if it takes it."""
        from vllm.exceptions import VLLMClientError

        prompt = {"type": "token", "prompt_token_ids": PROMPT}
        try:
            self._inputs.process_inputs("trial", prompt, vllm_sampling(values), supported_tasks=("generate",))
        except (VLLMClientError, *CANT_LOOK) as error:
            return " ".join(NOISE.sub("", str(error)).split()) or type(error).__name__
        return None


def _odd_sizes(text: Any) -> str | None:
    """Return which sizes in a configuration of transformers don't go together, None if all do."""
    names = ("num_attention_heads", "num_key_value_heads", "hidden_size", "head_dim")
    heads, shared, width, each = (getattr(text, name, None) for name in names)
    if not isinstance(heads, int) or heads < 1:
        return None
    # Some architectures have a list, with a number for each layer.
    if isinstance(shared, int) and shared > 0 and heads % shared:
        return f"num_key_value_heads={shared} does not divide num_attention_heads={heads}"
    if isinstance(width, int) and width % heads and not each:
        return f"num_attention_heads={heads} does not divide hidden_size={width}"
    return None


def variables_of(template: str) -> set[str]:
    """Return the variables that a chat template reads and does not set itself."""
    environment = jinja2.Environment(extensions=["jinja2.ext.loopcontrols"], autoescape=False)  # only parsed
    return set(meta.find_undeclared_variables(environment.parse(GENERATION.sub("", template))))


def _named_parameters(function: Any) -> set[str]:
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    found = {name for name, parameter in inspect.signature(function).parameters.items() if parameter.kind not in kinds}
    return found - {"self", "chat_template", "tokenize"}


def _without(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}


@contextmanager
def without_output() -> Iterator[None]:
    """Discard what this process and its children print: the load prints the same again, to `run.log`."""
    saved = os.dup(1), os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os.close(null)
    try:
        yield
    finally:
        for number, original in enumerate(saved, 1):
            os.dup2(original, number)
            os.close(original)
