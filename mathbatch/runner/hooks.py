"""Hand the results of finished runs to the hooks of their configuration."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf

from mathbatch.base import BaseHook
from mathbatch.config import Config
from mathbatch.config.instantiate import make
from mathbatch.data.storage.sealed import read_sealed
from mathbatch.errors import ConfigError, Interrupted, MathBatchError
from mathbatch.parts.faults import raised
from mathbatch.records import FinishedRun
from mathbatch.scoring.files import MANIFEST, METRICS, PLOTS
from mathbatch.visible import visible

if TYPE_CHECKING:
    from mathbatch.runner.run_job import RunJob


def hooks_of(config: Config) -> dict[str, BaseHook]:
    """Make the hooks by their names. Raises ConfigError, also for one whose package is not installed."""
    for name, section in config.hook.items():
        if not isinstance(section, dict):
            fix = f"name a class: +hook.{name}._target_=…"
            raise ConfigError(f"hook.{name}", "a hook is a class and its arguments", fix)
    return {name: make(f"hook.{name}", section, BaseHook) for name, section in config.hook.items()}


def call_hooks(job: RunJob) -> None:
    """Give a complete run to its hooks. An error of a hook is told, and costs neither the run nor the other hooks."""
    if not job.hooks or not job.is_complete or job.is_partial:
        return
    run_dir = job.components.run_dir
    try:
        run = _finished(job, run_dir)
    except MathBatchError as error:
        print(f"mathbatch: no hook was called: {error}", file=sys.stderr)
        return
    for name, hook in job.hooks.items():
        try:
            hook.finish(run)
        except Interrupted:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - told with its place
            sentence = raised(hook, "finish", error).sentence()
            print(visible(f"mathbatch: hook.{name}: {sentence}; the run is complete all the same"), file=sys.stderr)
            with (run_dir / "run.log").open("a", encoding="utf-8", errors="replace") as log:
                log.write(visible("".join(traceback.format_exception(error))))


def _finished(job: RunJob, run_dir: Path) -> FinishedRun:
    config: Any = OmegaConf.to_container(job.composed, resolve=False)
    config.pop("hook", None)
    return FinishedRun(
        name=job.components.run.name,
        folder=str(run_dir),
        config=config,
        metrics=job.metrics,
        manifest=read_sealed(run_dir / MANIFEST, dict[str, Any]).values,
        plots=tuple(path for path in (run_dir / name for name in PLOTS if name.endswith(".png")) if path.is_file()),
        documents=tuple(path for path in (run_dir / name for name in (METRICS, MANIFEST)) if path.is_file()),
    )
