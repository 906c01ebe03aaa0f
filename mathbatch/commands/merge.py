"""Merge what the shards of a run have answered."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from mathbatch.commands.run import Run
from mathbatch.data.storage.shards import run_of
from mathbatch.errors import ConfigError
from mathbatch.runner.merge_job import MergeJob, last_attempt
from mathbatch.runner.shards import stores_in
from mathbatch.runner.signals import Signals

RUN_DIR = "run_dir="
USAGE = "python -m mathbatch.merge run_dir=FOLDER [further folders…]"


def main() -> int:
    """Merge what the command line names; return the exit code."""
    run_dir, folders = _folders(sys.argv[1:])
    signals = Signals()
    signals.install()
    try:
        return merge(run_dir, folders, signals)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("stopped; the same command goes on from here") from None


def merge(run_dir: Path, folders: Sequence[Path], signals: Signals) -> int:
    """Merge the shards of a run folder and those in further folders; return the exit code of a run.

    Raises ConfigError or StoreError.
    """
    run_dir = run_of(run_dir)
    found = {store.resolve(): store for folder in folders for store in stores_in(folder, run_dir)}
    stores = [store for path, store in found.items() if run_dir.resolve() not in (path, *path.parents)]
    last = last_attempt(run_dir, stores)
    with contextlib.chdir(last.started if last.started.is_dir() else Path.cwd()):
        return Run(signals).run_alone(MergeJob(run_dir, stores, last))


def _folders(arguments: Sequence[str]) -> tuple[Path, list[Path]]:
    """Return the run folder and the further ones, as absolute paths. Raises ConfigError."""
    named = [argument for argument in arguments if argument.startswith(RUN_DIR)]
    further = [Path(os.path.expanduser(argument)).absolute() for argument in arguments if argument not in named]
    if len(named) != 1 or named[0] == RUN_DIR:
        raise ConfigError("run_dir", "name one run folder", USAGE)
    for folder in further:
        if not folder.is_dir():
            raise ConfigError("merge", f"there is no folder {folder}", USAGE)
    return Path(os.path.expanduser(named[0].removeprefix(RUN_DIR))).absolute(), further
