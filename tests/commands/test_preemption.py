"""Check that a shard started by submitit goes on where it was when a cluster takes its machine away."""

from __future__ import annotations

import signal
from pathlib import Path

import psutil
import pytest
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from support.held_model import HELD, begun, hold_after, let_go
from support.processes import Command, run, start, wait_for
from support.rows import overrides, questions, write_rows
from support.run_folders import records, results, run_dir, shared_run_dir

from mathbatch.config import Config
from mathbatch.config.paths import conf_dir

pytestmark = pytest.mark.process

ROWS = 40
# Units that each process answers before it holds all others, and those that it holds.
FREE, IN_FLIGHT = 5, 4


def task_of(launcher: Command) -> psutil.Process:
    """Return the process in which submitit runs the only job of a command."""
    below = psutil.Process(launcher.pid).children(recursive=True)
    (task,) = (process for process in below if "submitit.core._submit" in process.cmdline())
    return task


def answered(folder: Path) -> int:
    return sum(len(records(place)) for place in folder.glob("outputs/demo/*/*/shards/*"))


def test_a_slurm_array_asks_for_a_warning_and_to_be_queued_again() -> None:
    ConfigStore.instance().store(name="schema", node=Config)
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        chosen = ["hydra/launcher=slurm_array", "hydra.launcher.partition=gpu"]
        launcher = compose("config", chosen, return_hydra_config=True).hydra.launcher
    assert launcher._target_.endswith("submitit_launcher.SlurmLauncher")
    assert launcher.partition == "gpu"
    assert launcher.additional_parameters == {"requeue": True}
    assert launcher.max_num_timeout > 0, "what runs out of time is queued again, too"
    assert launcher.signal_delay_s > 0


def test_a_shard_that_is_preempted_is_queued_again_and_answers_only_what_is_left(tmp_path: Path) -> None:
    shard = [*overrides(write_rows(tmp_path / "rows.jsonl", questions(ROWS)), HELD), f"batch_size={IN_FLIGHT}"]
    hold_after(tmp_path, FREE)
    launcher = start(tmp_path, "-m", "hydra/launcher=submitit_local", *shard, "shard=1/2")
    wait_for(lambda: answered(tmp_path) == FREE and len(begun(tmp_path)) == FREE + IN_FLIGHT, launcher)
    task = task_of(launcher)
    task.send_signal(signal.SIGTERM)  # which clusters send first, and submitit waits for the other one
    task.send_signal(signal.SIGUSR2)
    wait_for(lambda: answered(tmp_path) == 2 * FREE, launcher)
    assert task_of(launcher).pid != task.pid
    let_go(tmp_path)
    printed, said = launcher.communicate()
    assert launcher.returncode == 0, printed + said
    assert run(tmp_path, *shard, "shard=2/2").returncode == 0
    merged = run(tmp_path, f"run_dir={shared_run_dir(tmp_path)}", module="merge")
    assert merged.returncode == 0, merged.stdout + merged.stderr
    folder = run_dir(tmp_path)
    assert sorted(int(record["id"]) for record in records(folder)) == list(range(ROWS)), "each unit once"
    assert all(row["model_answer"] for row in results(folder))
