"""Run an experiment: `python -m mathbatch` and the command `mathbatch` do what `python -m mathbatch.run` does."""

import os
import sys

from mathbatch.commands.entry import enter


def main() -> None:
    """Start the console script, which finds parts of one's own in the current folder as `python -m` does."""
    if not sys.flags.safe_path and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    enter("run")


if __name__ == "__main__":
    main()
