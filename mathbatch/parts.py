"""The parts of a run, built from their `_target_`s before any engine loads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mathbatch import base
from mathbatch.config import Config, SamplingConfig
from mathbatch.errors import ConfigError
from mathbatch.identity import system_prompt
from mathbatch.making import make
from mathbatch.scoring.panel import Panel, panel_of


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
    scorers: Panel

    @property
    def is_scored(self) -> bool:
        """Whether there are gold answers, and somebody to compare with them."""
        return self.config.dataset.answer_field is not None and bool(self.scorers.names)

    def need_scoring(self) -> None:
        """Raises ConfigError where nothing can be scored."""
        if not self.is_scored:
            raise ConfigError("dataset.answer_field", "there are no golds, or no scorer", "set it, and dataset.scoring")


def build(config: Config, run_dir: Path) -> Parts:
    """Raises ConfigError for a class that isn't there or is of the wrong kind, and for arguments it does not take."""
    dataset = config.dataset
    return Parts(
        config=config,
        run_dir=run_dir,
        loader=make("loader", config.loader, base.BaseDataLoader, dataset=dataset),
        filter=make("filter", config.filter, base.BaseDataFilter),
        processor=make("processor", config.processor, base.BaseDataProcessor, system_prompt=system_prompt(config)),
        batcher=make("batcher", config.batcher, base.BaseDataBatcher),
        saver=make("saver", config.saver, base.BaseDataSaver, run_dir=run_dir),
        scorers=panel_of(config.dataset.scoring, config.scorer),
    )


def build_model(config: Config) -> base.BaseInferenceModel:
    """The model, not open yet. Raises ConfigError for a class that isn't there and for arguments it does not take."""
    return make("model", {"_target_": config.model._target_}, base.BaseInferenceModel, config=config.model)


def check_judge_model(config: Config) -> None:
    """Raises ConfigError for another model that judges and can't be, before there is anything to judge."""
    if config.judge.model is not None:
        try:
            build_model(replace(config, model=config.judge.model))
        except ConfigError as error:
            raise error.at(f"judge.{error.path}") from error


def sampling_values(sampling: SamplingConfig) -> dict[str, Any]:
    """What the engine is told: all but `n`, since each rollout is a request of its own, and what is not set.

    `max_tokens` is always told: to vLLM null means up to the context length there, and nothing at all means 16.
    """
    values = {name: value for name, value in vars(sampling).items() if value not in (None, {})}
    del values["n"]
    return values | {"max_tokens": sampling.max_tokens}
