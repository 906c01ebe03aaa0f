"""Build the components of a job from their `_target_`s, before any engine loads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mathbatch import base
from mathbatch.config import Config, SamplingConfig
from mathbatch.config.instantiate import make
from mathbatch.data.digests import RunKey
from mathbatch.errors import ConfigError
from mathbatch.fleet.choose import model_of, with_judges_model
from mathbatch.parts.checks import whole_number
from mathbatch.runner.identity import system_prompt
from mathbatch.runner.run_key import key_of_run
from mathbatch.scoring.panel import Panel, panel_of


@dataclass
class Components:
    """Components of a job: all that it consists of, beside the engine. Records in `run_dir` are known by `run`."""

    config: Config
    run_dir: Path
    run: RunKey
    loader: base.BaseDataLoader
    filter: base.BaseDataFilter
    processor: base.BaseDataProcessor
    batcher: base.BaseDataBatcher
    saver: base.BaseDataSaver
    scorers: Panel

    @property
    def is_scored(self) -> bool:
        """Tell whether there are gold answers, and a scorer to compare with them."""
        return self.config.dataset.answer_field is not None and bool(self.scorers.names)

    def need_scoring(self) -> None:
        """Raise ConfigError where nothing can be scored."""
        if not self.is_scored:
            raise ConfigError("dataset.answer_field", "there are no golds, or no scorer", "set it, and dataset.scoring")


def build(config: Config, run_dir: Path) -> Components:
    """Build all of them. Raises ConfigError for a class that is missing or of the wrong kind, and for its arguments."""
    dataset = config.dataset
    return Components(
        config=config,
        run_dir=run_dir,
        run=key_of_run(run_dir),
        loader=make("loader", config.loader, base.BaseDataLoader, dataset=dataset),
        filter=make("filter", config.filter, base.BaseDataFilter),
        processor=make("processor", config.processor, base.BaseDataProcessor, system_prompt=system_prompt(config)),
        batcher=make("batcher", config.batcher, base.BaseDataBatcher),
        saver=make("saver", config.saver, base.BaseDataSaver, run_dir=run_dir),
        scorers=panel_of(config.dataset.scoring, config.scorer),
    )


def check_batcher(batcher: base.BaseDataBatcher) -> None:
    """Raise PartError for numbers of requests in flight or of bytes with which nothing would ever be asked."""
    whole_number(getattr(batcher, "image_budget_bytes", None), batcher, "image_budget_bytes")
    in_flight_of(batcher, base.BaseInferenceModel.capacity)


def in_flight_of(batcher: base.BaseDataBatcher, capacity: int) -> int:
    """Return how many requests the batcher lets in at once. Raise PartError if that is no whole number from 1."""
    return whole_number(batcher.in_flight(capacity), batcher, "in_flight")


def check_judge_model(config: Config) -> None:
    """Raise ConfigError for a judge model that can't be built, before there is anything to judge."""
    if config.judge.model is not None:
        try:
            model_of(with_judges_model(config))
        except ConfigError as error:
            raise error.at(f"judge.{error.path}") from error


def sampling_values(sampling: SamplingConfig) -> dict[str, Any]:
    """Return the sampling parameters that are set, without `n`: each rollout is a request of its own.

    `max_tokens` is always told: to vLLM null means up to the context length there, and nothing at all means 16.
    """
    values = {name: value for name, value in vars(sampling).items() if value not in (None, {})}
    del values["n"]
    return values | {"max_tokens": sampling.max_tokens}
