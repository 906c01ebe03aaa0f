"""Check that a run killed at any moment loses nothing that it saved, and ends as if it had never been killed.

KILLS=100 SEED=7 python -m pytest tests/runner/test_kills.py
"""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from pathlib import Path

import pytest
from support.processes import Command, run, start, wait_for
from support.rows import overrides, questions, write_rows
from support.run_folders import records, results, run_dir

pytestmark = pytest.mark.process

KILLS = int(os.environ.get("KILLS", "20"))
# Kills of one run, which is then completed.
KILLS_OF_RUN = 10
ROWS = 400
# About a second of work.
RUN = ("model.engine.delay_s=0.01", "batch_size=4")


def wait_for_records(process: Command, folder: Path, count: int) -> None:
    """Wait until so many are saved, or the run has come to its end."""

    def found() -> bool:
        paths = folder.glob("outputs/*/*/*/responses/*.jsonl")
        return sum(path.read_bytes().count(b"\n") for path in paths) >= count or process.poll() is not None

    wait_for(found, process)


def test_nothing_saved_is_lost_by_kill_9_at_random_instants(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seed = int(os.environ.get("SEED", random.randrange(2**32)))
    with capsys.disabled():
        print(f"seed={seed}", end=" ")
    rng = random.Random(seed)
    data = write_rows(tmp_path / "rows.jsonl", questions(ROWS))
    whole = tmp_path / "whole"
    whole.mkdir()
    assert run(whole, *overrides(data)).returncode == 0
    expected = results(run_dir(whole))
    for at in range(0, KILLS, KILLS_OF_RUN):
        folder = tmp_path / f"kills-{at}"
        folder.mkdir()
        saved: set[str] = set()
        for _ in range(min(KILLS_OF_RUN, KILLS - at)):
            process = start(folder, *overrides(data, *RUN))
            if rng.random() < 0.4:
                time.sleep(rng.uniform(0, 1.2))  # at any instant: on a quick machine in the start, the work and the end
            else:
                wait_for_records(process, folder, len(saved) + rng.randint(1, 30))  # in the work, on any machine
            process.kill()
            process.communicate()
            if not list(folder.glob("outputs/*/*/*/config.yaml")):
                continue
            now = {json.dumps(record, sort_keys=True) for record in records(run_dir(folder))}
            assert saved <= now, f"saved records are gone (seed {seed})"
            saved = now
        assert run(folder, *overrides(data, *RUN)).returncode == 0
        assert results(run_dir(folder)) == expected, f"results differ (seed {seed})"
        units = [record["id"] for record in records(run_dir(folder))]
        assert sorted(units) == sorted(set(units)), f"a unit was answered twice (seed {seed})"
        assert saved <= {json.dumps(record, sort_keys=True) for record in records(run_dir(folder))}
        assert run(folder, f"run_dir={run_dir(folder)}", module="verify").returncode == 0
        shutil.rmtree(folder)
