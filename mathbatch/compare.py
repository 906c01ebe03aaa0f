"""Compare two runs over the same samples: which is better, how sure that is, and where they differ.

    python -m mathbatch.compare run_dir=outputs/qwen/mathvista/greedy-0f1e2d3c other=outputs/gemma/mathvista/greedy-…

Both must be scored. The flipped samples go to `flips-<folder of the other>.jsonl` in `run_dir`, or to the file that
`output=…` names. Exit codes: 0 compared, 2 a folder has no scores, or the two are not over the same samples.
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
from mathbatch.errors import MathBatchError
from mathbatch.scoring.comparison import compare, show_comparison, write_flips


@dataclass
class CompareConfig:
    """The folders of two runs, or of scores of answers from elsewhere."""

    run_dir: str = MISSING
    other: str = MISSING
    output: str | None = None
    """File for the flipped samples. null: `flips-<folder of the other>.jsonl` in `run_dir`."""


def main() -> None:
    """The entry point."""
    try:
        config = compose.arguments_as(CompareConfig, sys.argv[1:], "python -m mathbatch.compare run_dir=… other=…")
        first, second = Path(config.run_dir), Path(config.other)
        found = compare(first, second)
        flips = Path(config.output) if config.output else first / f"flips-{second.resolve().name}.jsonl"
        write_flips(found, flips)
        show_comparison(first, second, found, flips)
    except MathBatchError as error:
        compose.fail(str(error))


if __name__ == "__main__":
    entry.call(main, __doc__)
