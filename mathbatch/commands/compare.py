"""Compare two runs over the same samples."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from omegaconf import MISSING

from mathbatch.commands import exit_codes
from mathbatch.config.load import arguments_as
from mathbatch.reports.comparison import show_comparison
from mathbatch.scoring.metrics.comparison import compare


@dataclass
class CompareConfig:
    """Folders of two runs, or of scores of answers from elsewhere."""

    run_dir: str = MISSING
    other: str = MISSING
    # File for the flipped samples. null: `flips-<folder of the other>.jsonl` in `run_dir`.
    output: str | None = None


def main() -> int:
    """Compare the two runs that the command line names; return the exit code."""
    config = arguments_as(CompareConfig, sys.argv[1:], "python -m mathbatch.compare run_dir=… other=…")
    first, second = Path(config.run_dir), Path(config.other)
    flips = Path(config.output) if config.output else first / f"flips-{second.resolve().name}.jsonl"
    found = compare(first, second, flips)
    show_comparison(first, second, found, flips)
    return exit_codes.SUCCESS
