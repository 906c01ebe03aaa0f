"""How Hydra runs a multirun of MathBatch. Hydra looks for plugins in this namespace only.

It is on the path of MathBatch's own commands alone, so no other application of the environment imports it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.utils import JobReturn, JobStatus, setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class SharedEngineLauncher(Launcher):
    """All jobs in this process, over as many engines as they differ in."""

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self.config, self._loader = config, hydra_context.config_loader

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        from mathbatch.sweep import CURRENT, check_cells

        setup_globals()
        jobs = check_cells(self._loader, self.config, job_overrides, initial_job_idx)
        CURRENT.launch(list(dict.fromkeys(jobs)))
        return [_returned(job) for job in jobs]


class CheckedSweeper(BasicSweeper):
    """Hydra's own sweeper, which names the cell that is refused, whatever launcher would start it."""

    def validate_batch_is_legal(self, batch: Sequence[Sequence[str]]) -> None:
        from mathbatch.sweep import check_cells

        if not isinstance(self.launcher, SharedEngineLauncher):  # that one checks by itself
            assert self.hydra_context is not None
            assert self.config is not None
            check_cells(self.hydra_context.config_loader, self.config, batch)


class QuietReturn(JobReturn):
    """Raises the error of a failed job as it is; Hydra's own would print first."""

    @property
    def return_value(self) -> Any:
        if self.status is JobStatus.FAILED:
            raise self._return_value
        return self._return_value

    @return_value.setter
    def return_value(self, value: Any) -> None:
        self._return_value = value


def _returned(job: Any) -> JobReturn:
    from mathbatch.single import JobFailed

    failed = JobStatus.FAILED if not job.finished else JobStatus.COMPLETED
    value = job.accuracy if job.finished else JobFailed(str(job.error))
    return QuietReturn(
        overrides=job.overrides, cfg=job.composed, task_name="mathbatch", status=failed, _return_value=value
    )
