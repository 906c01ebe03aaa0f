"""Check that shards and merges killed at any moment end in the same results as one run that was never killed."""

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path

import pytest
from support.killing_saver import KILLING
from support.processes import Command, run, start
from support.rows import overrides, questions, write_rows
from support.run_folders import records, run_dir, shared_run_dir

pytestmark = pytest.mark.process

# With SHARD_KILLS=50 in the environment that many processes are killed; SHARD_SEED draws the same again.
KILLS = int(os.environ.get("SHARD_KILLS", "6"))
SHARDS = 8
ROWS = 240
# About half a second of work for each shard.
RUN = ("model.engine.delay_s=0.05", "batch_size=4")


class Cluster:
    """Machines that answer shards of one run, and a merge now and then, until they are killed."""

    def __init__(self, folder: Path, data: Path, rng: random.Random) -> None:
        self.folder, self.data, self.rng = folder, data, rng

    def kill_some(self) -> int:
        """Start some commands, kill them; return how many of them were killed before their end."""
        numbers = self.rng.sample(range(1, SHARDS + 1), self.rng.randint(1, 2))
        started = [self.start_shard(number, self.own_end()) for number in numbers]
        if self.rng.random() < 0.6 and list(self.folder.glob("outputs/*/*/*")):
            started.append(start(self.folder, f"run_dir={shared_run_dir(self.folder)}", module="merge"))
        time.sleep(self.rng.uniform(0, 1.0))
        return sum(killed(process) for process in started)

    def start_shard(self, number: int, more: list[str]) -> Command:
        """Start the command for a shard."""
        return start(self.folder, *overrides(self.data, *RUN, *more, f"shard={number}/{SHARDS}"))

    def own_end(self) -> list[str]:
        """Let a shard end itself after some records, and the next merge too, which has the same settings; or not."""
        return [KILLING, f"+saver.after={self.rng.randint(1, 25)}"] if self.rng.random() < 0.5 else []


def killed(process: Command) -> bool:
    process.kill()
    process.communicate()
    return process.returncode == -9


def saved_in(folder: Path) -> set[str]:
    """Return all records of the run and its shards; a record that is moved is in both for a moment."""
    stores = [shared_run_dir(folder), *folder.glob("outputs/*/*/*/shards/*")]
    return {json.dumps(record, sort_keys=True) for store in stores for record in records(store)}


def test_shards_and_merges_killed_at_random_give_what_one_run_gives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("SHARD_SEED", random.randrange(2**32)))
    with capsys.disabled():
        print(f"seed={seed}", end=" ")
    rng, kills, saved = random.Random(seed), 0, set[str]()
    data = write_rows(tmp_path / "rows.jsonl", questions(ROWS))
    for name in ("whole", "apart"):
        (tmp_path / name).mkdir()
    assert run(tmp_path / "whole", *overrides(data)).returncode == 0
    folder = tmp_path / "apart"
    cluster = Cluster(folder, data, rng)
    while kills < KILLS:
        kills += cluster.kill_some()
        if list(folder.glob("outputs/*/*/*")):
            now = saved_in(folder)
            assert saved <= now, f"saved records are gone (seed {seed})"
            saved = now
    for process in [cluster.start_shard(number, []) for number in range(1, SHARDS + 1)]:
        _, said = process.communicate()
        assert process.returncode == 0, (said, seed)
    merged = run(folder, f"run_dir={shared_run_dir(folder)}", module="merge")
    assert merged.returncode == 0, (merged.stdout, merged.stderr, seed)
    assert (run_dir(folder) / "results.jsonl").read_bytes() == (
        run_dir(tmp_path / "whole") / "results.jsonl"
    ).read_bytes(), f"results differ (seed {seed})"
    units = [record["id"] for record in records(run_dir(folder))]
    assert sorted(units) == sorted(set(units)), f"a unit is there twice (seed {seed})"
    assert saved <= saved_in(folder), f"saved records are gone (seed {seed})"
    verified = run(folder, f"run_dir={run_dir(folder)}", module="verify")
    assert verified.returncode == 0, (verified.stdout, seed)
    assert "whole" in verified.stdout
