"""`python -m mathbatch`, and the command `mathbatch`: what `python -m mathbatch.run` does."""

from __future__ import annotations

from mathbatch import entry


def main() -> None:
    """The console script. Exit codes: those of `mathbatch.run`."""
    entry.begin()
    from mathbatch import run

    entry.call(run.main)


if __name__ == "__main__":
    main()
