"""Let vLLM look at a configuration before it loads the weights: at what it would ignore, or refuse for every request.

Only the part of vLLM that takes requests in is made: tokenizer, chat template, image processor. That needs neither
weights nor memory of a GPU; the import of vLLM takes ten seconds, which the load would take anyway.
"""

from __future__ import annotations

import functools
import inspect
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import jinja2
import msgspec
from jinja2 import meta

from mathbatch.config import ModelConfig
from mathbatch.errors import ConfigError, nearest
from mathbatch.models import dates
from mathbatch.models.adapter_fit import check_fit
from mathbatch.models.adapters import Adapter
from mathbatch.models.conversion import vllm_sampling
from mathbatch.models.engine_arguments import vllm_engine_arguments
from mathbatch.models.processor_names import SCOPES, names_read_by
from mathbatch.models.thoughts import MARKS_NEEDED, Thoughts

# Tags of transformers that mark the assistant's part of a prompt; Jinja itself does not know them.
GENERATION = re.compile(r"\{%-?\s*(?:end)?generation\s*-?%\}")
# Parts of vLLM's messages that tell users nothing: the name of the parameter once more, and pydantic's web address.
NOISE = re.compile(r"\(parameter=.*\)$|\[type=[^\]]*\]|For further information visit \S+", re.DOTALL)
# Variables of a chat template that are not for the user to set.
NOT_THE_USERS = {"messages", "tools", "add_generation_prompt", "raise_exception", "strftime_now", "namespace"}
# What keeps vLLM from looking at a configuration keeps it from loading it too, and is told then.
CANT_LOOK = (ValueError, RuntimeError, OSError, ImportError, TypeError, LookupError, AttributeError, AssertionError)
# Sampling parameters whose values the schema has checked as vLLM does. Any other gives reason to ask vLLM.
CHECKED = {
    "temperature", "top_p", "top_k", "min_p", "max_tokens", "min_tokens", "repetition_penalty", "presence_penalty",
    "frequency_penalty", "seed", "stop", "ignore_eos", "include_stop_str_in_output", "skip_special_tokens",
    "spaces_between_special_tokens",
}  # fmt: skip
# vLLM takes no higher one since 0.32.
HIGHEST_TEMPERATURE = 2.0
PROMPT = [1]


def is_worth_a_trial(config: ModelConfig, folder: Path, values: Mapping[str, Any]) -> bool:
    """Tell whether there is anything that vLLM may ignore or refuse, so that its import is worth ten seconds."""
    is_unusual = not values.keys() <= CHECKED or values.get("temperature", 0) > HIGHEST_TEMPERATURE
    # How many tokens there may be is then for vLLM to say.
    is_unusual |= values.get("max_tokens") is None and values.get("min_tokens", 0) > 0
    named = config.mm_processor_kwargs or config.chat_template_kwargs or config.chat_template or config.reasoning
    return is_unusual or bool(named) or not _has_template(folder)


def _has_template(folder: Path) -> bool:
    """Tell whether the files of a checkpoint hold a chat template."""
    if (folder / "chat_template.jinja").is_file():
        return True
    for name in ("tokenizer_config.json", "chat_template.json", "processor_config.json"):
        if (folder / name).is_file() and "chat_template" in json.loads((folder / name).read_text("utf-8")):
            return True
    return False


def try_before_load(
    config: ModelConfig,
    arguments: Mapping[str, Any],
    template: str | None,
    values: Mapping[str, Any],
    adapter: Adapter | None = None,
) -> None:
    """Raise ConfigError for a name that vLLM would ignore, and for a value that it would refuse for every request."""
    shared = asdict(replace(config, lora=None))
    with without_output():
        try:
            trial = _trial_of(msgspec.json.encode([shared, arguments, template], enc_hook=str))
            trial.check_sampling(values)
            if adapter is not None:
                trial.check_adapter(adapter)
        except ConfigError:
            raise
        except CANT_LOOK:
            return


@functools.lru_cache(maxsize=1)
def _trial_of(encoded: bytes) -> Trial:
    """Return the trial of a model whose names are checked. The cells of a sweep share one."""
    config, arguments, template = msgspec.json.decode(encoded)
    trial = Trial(ModelConfig(**config), arguments, template)
    trial.check_template()
    trial.check_processor()
    trial.check_reasoning(arguments)
    return trial


def forget_trial() -> None:
    """Free the memory of tokenizer and processor."""
    _trial_of.cache_clear()


class Trial:
    """Part of vLLM that takes requests in, for one configuration of a model. Raises one of CANT_LOOK if it fails."""

    def __init__(self, config: ModelConfig, arguments: Mapping[str, Any], template: str | None) -> None:
        from vllm.usage.usage_lib import UsageContext
        from vllm.v1.engine.input_processor import InputProcessor

        self._config, self._given_template = config, template
        # What the names are checked against must not depend on them.
        unchecked = {"mm_processor_kwargs": None, "reasoning_parser": "", "reasoning_config": None}
        engine = vllm_engine_arguments({**arguments, **unchecked})
        self._inputs = InputProcessor(engine.create_engine_config(UsageContext.LLM_CLASS))

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
        # A group sets the date for all chat templates of its family, some of which don't ask for it.
        known = read | _named_parameters(PreTrainedTokenizerBase.apply_chat_template) | {dates.NAME}
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

    def check_reasoning(self, arguments: Mapping[str, Any]) -> None:
        """Raise ConfigError if the reasoning parser is not for this checkpoint. Let vLLM know the marks of thoughts."""
        from vllm.config.reasoning import ReasoningConfig

        if self._config.reasoning is not None:
            Thoughts(self._config, self._inputs.renderer.get_tokenizer())
        name, marks = arguments.get("reasoning_parser") or "", arguments.get("reasoning_config") or {}
        if name or marks:
            known = ReasoningConfig(**{**marks, "reasoning_parser": name})
            known.initialize_token_ids(self._inputs.model_config)
            self._inputs.vllm_config.reasoning_config = known

    def check_adapter(self, adapter: Adapter) -> None:
        """Raise ConfigError for a LoRA adapter that vLLM would refuse, or leave out in parts."""
        check_fit(adapter, self._inputs.model_config, self._config)

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
        if at_fault == "thinking_token_budget" and "reasoning_config" in problem:
            problem = f"vLLM must know the marks around thoughts to end them, and {self._config.reasoning} tells none"
            raise ConfigError(path, problem, MARKS_NEEDED)
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
