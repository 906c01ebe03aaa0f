"""Compare two runs over the same samples: which is better, how sure that is, and where they differ.

    python -m mathbatch.compare run_dir=outputs/qwen/mathvista/greedy-0f1e2d3c other=outputs/gemma/mathvista/greedy-…

Both must be scored. The flipped samples go to `flips.jsonl` in `run_dir`, or to the file that `output=…` names.
Exit codes: 0 compared, 2 a folder has no scores or they have no sample in common.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from omegaconf import MISSING, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mathbatch import compose
from mathbatch.errors import ConfigError, MathBatchError
from mathbatch.scoring.comparison import compare, show_comparison, write_flips


@dataclass
class CompareConfig:
    """The folders of two runs, or of scores of answers from elsewhere."""

    run_dir: str = MISSING
    other: str = MISSING
    output: str | None = None
    """File for the flipped samples. null: `flips.jsonl` in `run_dir`."""


def main() -> None:
    """The entry point."""
    try:
        config = parse(sys.argv[1:])
        first, second = Path(config.run_dir), Path(config.other)
        found = compare(first, second)
        flips = Path(config.output) if config.output else first / "flips.jsonl"
        write_flips(found, flips)
    except MathBatchError as error:
        compose.fail(str(error))
    show_comparison(first, second, found, flips)


def parse(arguments: list[str]) -> CompareConfig:
    """Raises ConfigError for anything but run_dir=…, other=… and output=…"""
    try:
        merged = OmegaConf.merge(OmegaConf.structured(CompareConfig), OmegaConf.from_dotlist(arguments))
        config = OmegaConf.to_object(merged)
    except OmegaConfBaseException as error:
        problem = str(error.msg).splitlines()[0]
        usage = "python -m mathbatch.compare run_dir=… other=…"
        raise ConfigError(error.full_key or "run_dir", problem, usage) from error
    assert isinstance(config, CompareConfig)
    return config


if __name__ == "__main__":
    main()
