"""Running MathBatch as a user does, and reading what it left."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
SCRIPTED = ("model._target_=mathbatch.models.scripted.ScriptedModel", "dataset=generic", "dataset.name=rows")

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
"""From linux/prctl.h and linux/capability.h."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended. `results` has the rows in file order, None where there are no results."""

    code: int
    out: str
    err: str
    run_dir: Path | None
    results: list[dict[str, Any]] | None

    def records(self) -> list[dict[str, Any]]:
        """All records of the store, in the order in which they were saved."""
        assert self.run_dir is not None
        segments = sorted((self.run_dir / "responses").glob("*.jsonl"))
        return [json.loads(line) for segment in segments for line in segment.read_bytes().splitlines()]


def run_process(folder: Path, *overrides: str, prepare: Callable[[], None] | None = None) -> Outcome:
    """`python -m mathbatch.run` in `folder` with the scripted model. `prepare` is called in the child first.

    It writes no byte code: with a limit on files that would be cut off, and break the next process that reads it.
    """
    ended = subprocess.run(
        [sys.executable, "-m", "mathbatch.run", *SCRIPTED, *overrides],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        preexec_fn=prepare,
    )
    return found_outcome(folder, ended.returncode, ended.stdout, ended.stderr)


def found_outcome(folder: Path, code: int, out: str, err: str) -> Outcome:
    """The only run folder below `folder/outputs`, and its results."""
    run_dirs = [path.parent for path in folder.glob("outputs/*/*/*/responses")]
    assert len(run_dirs) < 2
    run_dir = run_dirs[0] if run_dirs else None
    return Outcome(code, out, err, run_dir, None if run_dir is None else _results(run_dir))


def _results(run_dir: Path) -> list[dict[str, Any]] | None:
    lines, document = run_dir / "results.jsonl", run_dir / "results.json"
    if lines.is_file():
        return [json.loads(line) for line in lines.read_bytes().splitlines()]
    if not document.is_file():
        return None
    rows = json.loads(document.read_bytes())
    return list(rows.values()) if isinstance(rows, dict) else rows


def obey_modes() -> None:
    """Give up root's power to read and write whatever the modes of files say; for `prepare`."""
    libc = ctypes.CDLL(None, use_errno=True)
    for power in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        if os.geteuid() == 0 and libc.prctl(PR_CAPBSET_DROP, power, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "can't give up a capability")


def limit_file_size(size: int) -> Callable[[], None]:
    """A full disk, as far as a process can tell: no file may grow beyond `size` bytes; for `prepare`."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
