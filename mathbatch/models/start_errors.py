"""Say in one sentence, with the key to set, why vLLM can't start with a checkpoint or with a setting.

vLLM and transformers answer with pages: 6 KB of names for an architecture that they don't have. `CAUSES` knows their
words by patterns. For what it does not know, settings are taken away one after another until vLLM no longer objects.
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from mathbatch.config import ModelConfig
from mathbatch.errors import ConfigError
from mathbatch.models.checkpoint.no_text import architectures
from mathbatch.models.packages import package_needed

# Errors that vLLM and the code of checkpoints raise for what they can't load.
CANT_LOAD = (ValueError, RuntimeError, OSError, ImportError, TypeError, LookupError, AttributeError, AssertionError)
# Characters of vLLM's own words that are shown at most.
LONGEST_WORDS = 300
# Parts of messages that tell users nothing: the name of the parameter once more, and pydantic's web address.
NOISE = re.compile(r"\(parameter=.*\)$|\[type=[^\]]*\]|For further information visit \S+", re.DOTALL)
# Words about the machine, which may be another than that of the run.
OF_THE_MACHINE = re.compile(r"Failed to infer device type|CUDA (error|driver)|NVML")
NOT_INSPECTED = r"Model architectures (\[.*?\]) failed to be inspected"
SHOWN_NAMES = 3
LIKE_ENOUGH = 0.7

# Tells whether vLLM objects to a configuration.
IsRefused = Callable[[ModelConfig], bool]


@dataclasses.dataclass(frozen=True)
class Case:
    """One error of vLLM with all that it may come from: its words, what was configured, and what vLLM was asked."""

    words: str
    found: re.Match[str]
    config: ModelConfig
    is_refused: IsRefused


@dataclasses.dataclass(frozen=True)
class Cause:
    """Pattern of an error's words, the key that it is about, and what says the problem and the fix of it."""

    pattern: str
    key: str
    tell: Callable[[Case], tuple[str, str]]


def start_error(error: BaseException, config: ModelConfig, is_refused: IsRefused) -> ConfigError:
    """Return the error for what vLLM raised at its start. `is_refused` asks vLLM about another configuration."""
    known = known_start_error(error, config, is_refused)
    key, value = (None, None) if known and known.path != "model.path" else _setting_at_fault(config, is_refused)
    if known is not None:
        return known if key is None else known.at(key)
    if key is not None:
        return ConfigError(key, f"vLLM refuses {value!r:.40}: {words_of(error)}", "correct it, or leave it out")
    fix = "correct the checkpoint's files, or take another checkpoint"
    is_of_tokenizer = any(frame.name == "get_tokenizer" for frame in traceback.extract_tb(error.__traceback__))
    what = f"the tokenizer of {config.path}" if is_of_tokenizer else config.path
    return ConfigError("model.path", f"vLLM can't load {what}: {words_of(error)}", fix)


def known_start_error(
    error: BaseException, config: ModelConfig, is_refused: IsRefused = lambda _: True
) -> ConfigError | None:
    """Return the error for what vLLM raised at its start if the cause is known, else None."""
    texts = list(_messages(error))
    whole = "\n".join(texts)
    if hidden := _hidden_error(whole):
        error, texts = hidden, list(_messages(hidden))
    if (needed := package_needed(error, texts)) is not None:
        problem = f"{config.path} needs the Python package {needed.name}, which is not installed"
        return ConfigError("model.path", problem, needed.command)
    for cause in CAUSES:
        if found := re.search(cause.pattern, whole):
            problem, fix = cause.tell(Case(words_of(error), found, config, is_refused))
            return ConfigError(cause.key, problem, fix)
    return None


def import_model(architecture: str) -> None:
    """Import vLLM's code for an architecture. Raises whatever the import raises."""
    from vllm.model_executor.models import ModelRegistry

    module = getattr(ModelRegistry.models.get(architecture), "module_name", None)
    if module is not None:
        importlib.import_module(module)


def _hidden_error(whole: str) -> Exception | None:
    """Return the error that vLLM has only logged where it can't import its own code for an architecture."""
    found = re.search(NOT_INSPECTED, whole)
    for name in re.findall(r"'(\w+)'", found[1]) if found else ():
        try:
            import_model(name)
        except Exception as error:  # noqa: BLE001 - returned, to be told
            return error
    return None


def is_about_the_machine(error: BaseException) -> bool:
    """Tell whether vLLM has no GPU to work on, which says nothing about the configuration."""
    return any(OF_THE_MACHINE.search(text) for text in _messages(error))


def words_of(error: BaseException) -> str:
    """Return the message of an error in one line, without what tells nothing and without long lists."""
    text = next(filter(None, _messages(error)), type(error).__name__)
    text = re.sub(r"dict_keys\(\[.*?\]\)|\[('[^']*', ){8}.*?\]", "…", text)
    return text if len(text) <= LONGEST_WORDS else f"{text[:LONGEST_WORDS]}…"


def _messages(error: BaseException | None) -> Iterator[str]:
    """Yield the messages of an error and of those that led to it, each in one line. Pydantic keeps some inside."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        parts: list[dict[str, Any]] = error.errors() if hasattr(error, "errors") and callable(error.errors) else []
        for part in parts:
            where = ".".join(map(str, part.get("loc") or ()))
            inner = part.get("ctx", {}).get("error")
            yield _in_one_line(
                str(inner) if isinstance(inner, Exception) else ": ".join(filter(None, [where, part["msg"]]))
            )
        if not parts:
            # Of a key that is missing the message is the key alone.
            yield _in_one_line(f"no {error}" if isinstance(error, KeyError) else str(error))
        error = error.__cause__ or error.__context__


def _in_one_line(text: str) -> str:
    return " ".join(NOISE.sub("", text).split())


def _setting_at_fault(config: ModelConfig, is_refused: IsRefused) -> tuple[str | None, Any]:
    """Return the key without which vLLM no longer objects, with its value; None if it is no single one."""
    for name, value in config.engine.items():
        fewer = {other: kept for other, kept in config.engine.items() if other != name}
        if not is_refused(dataclasses.replace(config, engine=fewer)):
            return f"model.engine.{name}", value
    size, length = config.tensor_parallel_size, config.max_model_len
    if size is not None and not is_refused(dataclasses.replace(config, tensor_parallel_size=None)):
        return "model.tensor_parallel_size", size
    if length is not None and not is_refused(dataclasses.replace(config, max_model_len=None)):
        return "model.max_model_len", length
    return None, None


def _remote_code(case: Case) -> tuple[str, str]:
    problem = f"{case.config.path} can't be loaded without Python code that comes with it"
    return problem, "set it to true, which runs that code on this machine with your rights: look at it first"


def _unknown_type(case: Case) -> tuple[str, str]:
    from transformers import CONFIG_MAPPING

    problem = f"{case.config.path} is of the type '{case.found[1]}', which {_versions()} do not know"
    close = _nearest(case.found[1], CONFIG_MAPPING)
    return problem, f"take a checkpoint of a known type, or newer versions of both; {close}"


def _unknown_architecture(case: Case) -> tuple[str, str]:
    names = re.findall(r"'(\w+)'", case.found[1])
    problem = f"{case.config.path} is of the architecture {', '.join(names) or 'None'}, which {_versions()} do not have"
    if case.config.engine.get("model_impl") != "transformers" and not case.is_refused(_by_transformers(case.config)):
        return problem, "set model.engine.model_impl=transformers, which has it"
    close = _nearest(names[0] if names else "", architectures())
    return problem, f"take a checkpoint of a known architecture, or a newer vLLM; {close}"


def _not_inspected(case: Case) -> tuple[str, str]:
    problem = f"vLLM can't import its code for {case.found[1]}"
    if not case.is_refused(_by_transformers(case.config)):
        return problem, "set model.engine.model_impl=transformers"
    return problem, "install vLLM anew, or take another checkpoint"


def _by_transformers(config: ModelConfig) -> ModelConfig:
    return dataclasses.replace(config, engine={**config.engine, "model_impl": "transformers"})


def _nearest(name: str, valid: Any) -> str:
    close = difflib.get_close_matches(name, list(valid), SHOWN_NAMES, LIKE_ENOUGH)
    return f"nearest: {', '.join(close)}" if close else "none has a similar name"


def _versions() -> str:
    modules = ((name, sys.modules.get(name)) for name in ("vllm", "transformers"))
    return " and ".join(f"{name} {getattr(module, '__version__', '')}".strip() for name, module in modules)


def _own_words(fix: str) -> Callable[[Case], tuple[str, str]]:
    return lambda case: (f"vLLM can't load {case.config.path}: {case.words}", fix)


def _heads(case: Case) -> tuple[str, str]:
    heads, size = int(case.found[1]), int(case.found[2])
    fits = [number for number in range(1, heads + 1) if heads % number == 0]
    return f"{case.config.path} has {heads} attention heads, which {size} GPUs can't share", f"set it to one of {fits}"


def _few_gpus(case: Case) -> tuple[str, str]:
    problem = f"{case.found[1]} GPUs are to hold the model, and this machine has {case.found[2]}"
    return problem, f"set it to {case.found[2]}, or leave it out" if int(case.found[2]) else "take a machine with GPUs"


def _no_processor(case: Case) -> tuple[str, str]:
    problem = f"{case.config.path} has no readable preprocessor_config.json or processor_config.json"
    return problem, "fetch it again with all its files"


def _no_tokenizer(case: Case) -> tuple[str, str]:
    return f"the tokenizer of {case.config.path} can't be loaded: {case.words}", "fetch it again with all its files"


def _dtype(case: Case) -> tuple[str, str]:
    problem = f"{case.config.path} is of the dtype {case.found[1] or case.found[2]}, which there is not"
    return problem, "correct dtype in its config.json, or set model.engine.dtype=auto, bfloat16 or float32"


# What vLLM 0.32 and transformers 5 say, in the order in which the patterns are tried.
CAUSES = (
    Cause(r"contains custom code|requires you to execute", "model.trust_remote_code", _remote_code),
    Cause(r"model type `(.*?)` but Transformers does not", "model.path", _unknown_type),
    Cause(r"Model architectures (\[.*?\]) are not supported", "model.path", _unknown_architecture),
    Cause(NOT_INSPECTED, "model.path", _not_inspected),
    Cause(
        r"number of attention heads \((\d+)\).*?tensor parallel size \((\d+)\)", "model.tensor_parallel_size", _heads
    ),
    Cause(r"World size \((\d+)\).*?number of available GPUs \((\d+)\)", "model.tensor_parallel_size", _few_gpus),
    Cause(
        r"Can't load (?:image|video|feature|processor)|image processor in|processing class in",
        "model.path",
        _no_processor,
    ),
    Cause(r"(?:load|instantiate).{0,40}[Tt]okenizer|[Tt]okenizer class", "model.path", _no_tokenizer),
    # Behind those about files: vLLM names this setting for each error of a processor.
    Cause(r"trust_remote_code", "model.trust_remote_code", _remote_code),
    Cause(r"Unknown dtype: '?([\w.]+)|module 'torch' has no attribute '(\w+)'", "model.path", _dtype),
    Cause(
        r"does not support `--runner|No model architectures", "model.path", _own_words("take one that generates text")
    ),
)
