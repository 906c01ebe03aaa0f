"""Compare two runs over the same samples."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from omegaconf import MISSING

from mathbatch.commands import exit_codes
from mathbatch.config.load import arguments_as
from mathbatch.errors import StoreError
from mathbatch.reports.comparison import show_comparison
from mathbatch.reports.explain import explain
from mathbatch.reports.explanation.table import show_explanation
from mathbatch.scoring.files import read_metrics
from mathbatch.scoring.metrics.comparison import Comparison, compare


@dataclass
class CompareConfig:
    """Folders of two runs, or of scores of answers from elsewhere."""

    run_dir: str = MISSING
    other: str = MISSING
    # File for the flipped samples. null: `flips-<folder of the other>.jsonl` in `run_dir`.
    output: str | None = None
    # Count the verdicts of the marks that a person has made, where there are some, in place of the scorers'.
    marks: bool = False
    # Tell what differs between the two runs, next to what flipped.
    explain: bool = False


def main() -> int:
    """Compare the two runs that the command line names; return the exit code."""
    config = arguments_as(CompareConfig, sys.argv[1:], "python -m mathbatch.compare run_dir=… other=…")
    first, second = Path(config.run_dir), Path(config.other)
    flips = Path(config.output) if config.output else first / f"flips-{second.resolve().name}.jsonl"
    found, problem = _compared(first, second, flips, config.marks)
    show_comparison(first, second, found, problem or str(flips))
    if config.explain:
        show_explanation(explain(first, second, config.marks))
    for folder in (first, second):
        if not read_metrics(folder).is_sealed:
            told = f"mathbatch: {folder} was scored by an earlier version, without checksums: changes there don't show"
            print(told, file=sys.stderr)
    return exit_codes.MISTAKE if problem and config.output else exit_codes.SUCCESS


def _compared(first: Path, second: Path, flips: Path, with_marks: bool) -> tuple[Comparison, str | None]:
    """Compare and write the flipped samples, or say why that can't be: a read-only folder is compared all the same."""
    try:
        return compare(first, second, flips, with_marks), None
    except StoreError as error:
        problem = f"not written: {str(error).splitlines()[0]}\nfix: name a file for them with output=…"
        return compare(first, second, None, with_marks), problem
