"""Real engines that are killed, and real runs that are."""

from __future__ import annotations

import random
from pathlib import Path

import psutil
import pytest
from support.processes import engines_of, left_alive, run, start, wait_for
from support.run_folders import records, results, run_dir
from support.shared_engine import SharedEngine

pytestmark = pytest.mark.engine

SLOW = ("batch_size=2",)
"""Two in flight, so that a run of the demo takes long enough to be killed in its middle."""


def saved(folder: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("outputs/*/*/*/responses/*.jsonl"))


def test_a_run_whose_engine_process_is_killed_completes_with_each_unit_once(tmp_path: Path) -> None:
    process = start(tmp_path, *SLOW, fresh=True)
    wait_for(lambda: saved(tmp_path) >= 10, process)
    (engine,) = engines_of(process.pid)
    engine.kill()
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    assert said.count("starting it again") == 1
    ids = [record["id"] for record in records(run_dir(tmp_path))]
    assert len(ids) == len(set(ids)) == len(results(run_dir(tmp_path)))


def test_kill_9_of_real_runs_loses_nothing_and_greedy_answers_are_those_of_an_uninterrupted_run(
    engine: SharedEngine, tmp_path: Path
) -> None:
    seed = random.randrange(2**32)
    print(f"seed={seed}")
    rng = random.Random(seed)
    before: list[dict[str, object]] = []
    for _ in range(3):
        process = start(tmp_path, *SLOW, fresh=True)
        goal = saved(tmp_path) + rng.randint(1, 25)
        wait_for(lambda goal=goal: saved(tmp_path) >= goal, process)  # type: ignore[misc]
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.communicate()
        now = records(run_dir(tmp_path))
        assert now[: len(before)] == before, f"saved records are gone (seed {seed})"
        before = now
        assert not left_alive(children), "an engine outlived its run"
    done = run(tmp_path, *SLOW, fresh=True)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr, "the engine is gone before Python ends"
    whole, _ = engine.run(tmp_path / "whole", *SLOW)
    assert results(run_dir(tmp_path)) == results(whole.run_dir), f"seed {seed}"
    ids = [record["id"] for record in records(run_dir(tmp_path))]
    assert len(ids) == len(set(ids))
