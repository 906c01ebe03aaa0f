"""Run an experiment: `python -m mathbatch.run model=qwen dataset=mathvista`. The same command again goes on with it.

With -m every combination of the values given, over one engine: `-m sampling.temperature=0,0.3,0.7,1.0`.
"""

from __future__ import annotations

if __name__ == "__main__":
    from mathbatch import entry

    entry.begin()

import sys

from mathbatch.hydra_app import run_app
from mathbatch.single import exit_codes, run_composed
from mathbatch.sweep import CURRENT


def main() -> None:
    """The console script. Exit codes: 0 all answered, 1 samples or jobs failed, 2 configuration or disk, 130 Ctrl-C."""
    run_app(run_composed, CURRENT)
    sys.exit(max([CURRENT.exit_code, *exit_codes]))


if __name__ == "__main__":
    entry.call(main)
