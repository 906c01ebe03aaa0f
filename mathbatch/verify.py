"""Prove a run folder whole, or list what is missing, torn, doubled or foreign.

    python -m mathbatch.verify run_dir=outputs/demo/demo/greedy-0f1e2d3c
    python -m mathbatch.verify run_dir=… repair=true

`repair=true` mends what needs no guess: a torn last line is cut off, damaged lines and second answers of a unit are
moved to `damaged-<time>.txt`, results are written again from the records. The replies of a judge that lie in the folder
are looked at and mended too; a judge is asked again for what is set aside.
Exit codes: 0 whole, 1 something is amiss, 2 the folder can't be read.
"""

from __future__ import annotations

if __name__ == "__main__":
    from mathbatch import entry

    entry.begin()

import sys
from dataclasses import dataclass
from pathlib import Path

from omegaconf import MISSING

from mathbatch import compose
from mathbatch.audit import Report, audit, repair
from mathbatch.errors import MathBatchError
from mathbatch.findings import show_findings

EXIT_AMISS = 1


@dataclass
class VerifyConfig:
    """`run_dir` is the folder of one run; `repair` mends it."""

    run_dir: str = MISSING
    repair: bool = False


def main() -> None:
    """The entry point."""
    try:
        config = compose.arguments_as(VerifyConfig, sys.argv[1:], "python -m mathbatch.verify run_dir=…")
        run_dir = Path(config.run_dir)
        for sentence in repair(run_dir) if config.repair else []:
            print(f"mended {sentence}")
        report = audit(run_dir)
    except MathBatchError as error:
        compose.fail(str(error))
    show(run_dir, report)
    sys.exit(0 if report.whole else EXIT_AMISS)


def show(run_dir: Path, report: Report) -> None:
    """A table of what was found, and a verdict."""
    show_findings(str(run_dir), report.findings, [report.failed, report.foreign])
    print("whole" if report.whole else "not whole")


if __name__ == "__main__":
    entry.call(main, __doc__)
