"""Check that shards started by submitit go on where they were when a cluster takes their machine away."""

from __future__ import annotations

import signal
from pathlib import Path

import psutil
import pytest
from support.held_model import HELD, begun, hold_after, let_go
from support.processes import Command, run, start, wait_for
from support.rows import overrides, questions, write_rows
from support.run_folders import records, run_dir, shared_run_dir

pytestmark = pytest.mark.process

ROWS = 40
# Units that each process answers before it holds all others.
FREE = 5
SHARDS = ["shard=1/2,2/2", "hydra/launcher=submitit_local", HELD, "batch_size=4"]


def tasks_of(launcher: Command) -> list[psutil.Process]:
    """Return the processes in which submitit runs the jobs of a command."""
    below = psutil.Process(launcher.pid).children(recursive=True)
    return [process for process in below if "submitit.core._submit" in process.cmdline()]


def answered(folder: Path) -> int:
    return sum(len(records(place)) for place in folder.glob("outputs/demo/*/*/shards/*"))


def test_a_shard_that_is_preempted_is_queued_again_and_answers_only_what_is_left(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(ROWS))
    hold_after(tmp_path, FREE)
    launcher = start(tmp_path, "-m", *overrides(data, *SHARDS))
    wait_for(lambda: answered(tmp_path) == 2 * FREE and len(begun(tmp_path)) == 2 * (FREE + 4), launcher)
    tasks = tasks_of(launcher)
    for task in tasks:
        task.send_signal(signal.SIGTERM)  # clusters send it first, and submitit waits for the other one
        task.send_signal(signal.SIGUSR2)
    wait_for(lambda: answered(tmp_path) == 4 * FREE, launcher)
    assert not {task.pid for task in tasks} & {task.pid for task in tasks_of(launcher)}
    let_go(tmp_path)
    printed, said = launcher.communicate()
    assert launcher.returncode == 0, printed + said
    merged = run(tmp_path, f"run_dir={shared_run_dir(tmp_path)}", module="merge")
    assert merged.returncode == 0, merged.stdout + merged.stderr
    folder = run_dir(tmp_path)
    assert sorted(int(record["id"]) for record in records(folder)) == list(range(ROWS)), "each unit once"
    assert run(tmp_path, f"run_dir={folder}", module="verify").returncode == 0
    (tmp_path / "whole").mkdir()
    assert run(tmp_path / "whole", *overrides(data, HELD)).returncode == 0
    whole = run_dir(tmp_path / "whole") / "results.jsonl"
    assert (folder / "results.jsonl").read_bytes() == whole.read_bytes()
