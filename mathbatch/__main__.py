"""Run an experiment: `python -m mathbatch` and the command `mathbatch` do what `python -m mathbatch.run` does."""

from mathbatch.commands.entry import enter


def main() -> None:
    """Start the console script."""
    enter("run")


if __name__ == "__main__":
    main()
