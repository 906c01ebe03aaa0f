"""Run `mathbatch.check` in the process of the tests."""

from __future__ import annotations

from omegaconf import OmegaConf

from mathbatch.commands.check.chat import ChatRenderer
from mathbatch.commands.check.inspection import Inspection, inspect
from mathbatch.runner.run_job import RunJob
from support.configs import composed


def inspected(*arguments: str) -> Inspection:
    """Return what the check finds in a configuration with these overrides."""
    config = composed(*arguments)
    return inspect(RunJob(config, OmegaConf.create(), check_model=False), ChatRenderer(config.model), lambda rows: None)
