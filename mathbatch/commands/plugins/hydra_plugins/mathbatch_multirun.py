"""Tell Hydra how to run a multirun of MathBatch. Hydra looks for plugins in this namespace only.

It is on the path of MathBatch's own commands alone, so no other application of the environment imports it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, RangeSweep
from hydra.core.utils import JobReturn, JobStatus, setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

SIMPLE_SWEEPERS = ("BasicSweeper", "CheckedSweeper")


class SharedEngineLauncher(Launcher):
    """Runs all jobs in this process, over as many engines as they differ in."""

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self.config, self._loader = config, hydra_context.config_loader
        os.environ.update(config.hydra.job.env_set)

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        from mathbatch.commands.sweep import current_sweep

        setup_globals()
        jobs = current_sweep().check(self._loader, self.config, job_overrides, initial_job_idx)
        self._need_accuracy(jobs)
        current_sweep().launch(list(dict.fromkeys(jobs)))
        return [_returned(job) for job in jobs]

    def _need_accuracy(self, jobs: Sequence[Any]) -> None:
        from mathbatch.errors import ConfigError

        sweeper = str(self.config.hydra.sweeper._target_).rpartition(".")[2]
        if sweeper not in SIMPLE_SWEEPERS and any(job.config.dataset.answer_field is None for job in jobs):
            raise ConfigError("dataset.answer_field", f"{sweeper} needs an accuracy to go by", "name the gold answers")


class CheckedSweeper(BasicSweeper):
    """Checks all cells before the first job and names the one that is refused; else it is Hydra's own sweeper."""

    def _parse_config(self) -> list[str]:
        from mathbatch.config.overrides import allow_new_key
        from mathbatch.config.secrets import refuse_typed_secrets
        from mathbatch.config.spelling import keep_spelling

        arguments: list[str] = [allow_new_key(keep_spelling(argument)) for argument in super()._parse_config()]
        refuse_typed_secrets(arguments)
        return arguments

    def sweep(self, arguments: list[str]) -> Any:
        from mathbatch.commands.sweep import current_sweep

        assert self.hydra_context is not None
        assert self.config is not None
        loader = self.hydra_context.config_loader
        overrides = OverridesParser.create(config_loader=loader).parse_overrides([*self._parse_config(), *arguments])
        (cells,) = self.split_arguments(overrides, None)
        is_swept = any(override.is_sweep_override() for override in overrides)
        if not is_swept and isinstance(self.launcher, SharedEngineLauncher):
            return current_sweep().leave_alone(loader, self.config, cells[0])
        current_sweep().check_ahead(loader, self.config, cells)
        return super().sweep(arguments)

    @staticmethod
    def split_arguments(overrides: list[Override], max_batch_size: int | None) -> list[list[list[str]]]:
        """Return the overrides of each job, in batches, as Hydra does, but with exact steps.

        `range(0,1,0.2)` has the value 0.6, not 0.6000000000000001, and `range(0,1,0.1)` ends at 0.9.
        """
        for override in overrides:
            if isinstance(swept := override._value, RangeSweep):
                for name in ("start", "stop", "step"):
                    value = getattr(swept, name)
                    setattr(swept, name, Decimal(str(value)) if isinstance(value, float) else value)
        return BasicSweeper.split_arguments(overrides, max_batch_size)

    def validate_batch_is_legal(self, batch: Sequence[Sequence[str]]) -> None:
        """Do nothing: all of them have been checked."""


class QuietReturn(JobReturn):
    """Returns None for a job that failed, to a sweeper that optimises; the table at the end says why it failed.

    Hydra's own raises, and so would end the sweep at the next batch.
    """

    @property
    def return_value(self) -> Any:
        return self._return_value

    @return_value.setter
    def return_value(self, value: Any) -> None:
        self._return_value = value


def _returned(job: Any) -> JobReturn:
    status = JobStatus.COMPLETED if job.is_complete else JobStatus.FAILED
    value = job.accuracy if job.is_complete else None
    return QuietReturn(overrides=job.overrides, cfg=job.composed, task_name="run", status=status, _return_value=value)
