"""The parts of a run, built from their `_target_`s before any engine loads."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hydra.errors import HydraException
from hydra.utils import get_class

from mathbatch import base
from mathbatch.config import Config, SamplingConfig
from mathbatch.errors import ConfigError, nearest
from mathbatch.identity import system_prompt

T = TypeVar("T")


@dataclass
class Parts:
    """What a job consists of, beside the engine."""

    config: Config
    run_dir: Path
    loader: base.BaseDataLoader
    filter: base.BaseDataFilter
    processor: base.BaseDataProcessor
    batcher: base.BaseDataBatcher
    saver: base.BaseDataSaver
    scorer: base.BaseScorer


def build(config: Config, run_dir: Path) -> Parts:
    """Raises ConfigError for a class that isn't there or is of the wrong kind, and for arguments it does not take."""
    dataset = config.dataset
    return Parts(
        config=config,
        run_dir=run_dir,
        loader=_make("loader", config.loader, base.BaseDataLoader, dataset=dataset),
        filter=_make("filter", config.filter, base.BaseDataFilter),
        processor=_make("processor", config.processor, base.BaseDataProcessor, system_prompt=system_prompt(config)),
        batcher=_make("batcher", config.batcher, base.BaseDataBatcher),
        saver=_make("saver", config.saver, base.BaseDataSaver, run_dir=run_dir),
        scorer=_make("scorer", config.scorer, base.BaseScorer),
    )


def build_model(config: Config) -> base.BaseInferenceModel:
    """The model, not open yet. Raises ConfigError for a class that isn't there and for arguments it does not take."""
    return _make("model", {"_target_": config.model._target_}, base.BaseInferenceModel, config=config.model)


def sampling_values(sampling: SamplingConfig) -> dict[str, Any]:
    """What the engine is told: all but `n`, since each rollout is a request of its own, and what is not set.

    `max_tokens` is always told: to vLLM null means up to the context length there, and nothing at all means 16.
    """
    values = {name: value for name, value in vars(sampling).items() if value not in (None, {})}
    del values["n"]
    return values | {"max_tokens": sampling.max_tokens}


def _make(path: str, section: Mapping[str, Any], kind: type[T], **given: Any) -> T:
    arguments = {name: value for name, value in section.items() if name != "_target_"}
    cls = _class_of(path, section.get("_target_"), kind)
    known = inspect.signature(cls).parameters
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())
    for name in arguments:
        if name in given or (name not in known and not takes_any):
            free = [parameter for parameter in known if parameter not in given]
            raise ConfigError(f"{path}.{name}", f"{cls.__name__} takes no such argument", nearest(name, free))
    try:
        return cls(**given, **arguments)
    except TypeError as error:
        raise ConfigError(
            path, f"{cls.__name__}: {error}", "give the arguments that it takes beside _target_"
        ) from error


def _class_of(path: str, target: str | None, kind: type[T]) -> type[T]:
    if not target:
        raise ConfigError(f"{path}._target_", "names no class", f"name a subclass of {kind.__name__}")
    try:
        cls = get_class(target)
    except (HydraException, ImportError, ValueError, AttributeError) as error:
        raise ConfigError(f"{path}._target_", f"there is no class '{target}'", f"correct the name ({error})") from error
    if not issubclass(cls, kind):
        raise ConfigError(
            f"{path}._target_", f"'{target}' is no {kind.__name__}", f"derive it from mathbatch.base.{kind.__name__}"
        )
    return cls
