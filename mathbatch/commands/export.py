"""Write a finished run in a form that other tools read."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from omegaconf import MISSING

from mathbatch.commands import exit_codes
from mathbatch.config.load import arguments_as
from mathbatch.errors import ConfigError, nearest
from mathbatch.reports.exports.hub import write_hub
from mathbatch.reports.exports.inspect import write_inspect

USAGE = "python -m mathbatch.export run_dir=… format=inspect output=…"
FORMATS = ("inspect", "hub")


@dataclass
class ExportConfig:
    """Arguments of the command. `benchmark` and `task` are names on the hub."""

    run_dir: str = MISSING
    format: str = MISSING
    output: str = MISSING
    benchmark: str | None = None
    task: str | None = None


def main() -> int:
    """Export the run that the command line names; return the exit code."""
    config = arguments_as(ExportConfig, sys.argv[1:], USAGE)
    if config.format not in FORMATS:
        fix = nearest(config.format, FORMATS, others=True)
        raise ConfigError("format", f"there is no '{config.format}'", fix)
    run_dir, output = Path(config.run_dir).expanduser(), Path(config.output).expanduser().absolute()
    if config.format == "inspect":
        written = [write_inspect(run_dir, output)]
    else:
        written = write_hub(run_dir, output, config.benchmark, config.task)
    for path in written:
        print(f"written: {path}")
    return exit_codes.SUCCESS
