"""Check that real engines may be killed, and real runs, without an answer being lost or asked twice."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from support.killing_saver import KILLING
from support.processes import left_alive, run
from support.run_folders import records, results, run_dir
from support.shared_engine import SharedEngine

pytestmark = pytest.mark.usefixtures("vllm")

# Two in flight, so that few records are saved between the decision to kill and the kill.
SLOW = ("batch_size=2",)


def test_a_run_whose_engine_process_is_killed_completes_with_each_unit_once(tmp_path: Path) -> None:
    done = run(tmp_path, *SLOW, KILLING, "saver.victim=engine", vllm=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("starting it again") == 1
    ids = [record["id"] for record in records(run_dir(tmp_path))]
    assert len(ids) == len(set(ids)) == len(results(run_dir(tmp_path)))


def test_kill_9_of_real_runs_loses_nothing_and_greedy_answers_are_those_of_an_uninterrupted_run(
    engine: SharedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    seed = random.randrange(2**32)
    print(f"seed={seed}")
    rng = random.Random(seed)
    before: list[dict[str, object]] = []
    # The engine of a fresh run is spawned, as those of users, which are tied to their run even without a reaper.
    for victim, started in (("run", {"vllm": True}), ("both", {"fresh": True})):
        after = rng.randint(1, 20)
        killed = run(tmp_path, *SLOW, KILLING, f"saver.after={after}", f"saver.victim={victim}", **started)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        now = records(run_dir(tmp_path))
        assert now[: len(before)] == before, f"saved records are gone (seed {seed})"
        assert len(now) >= len(before) + after, f"what was counted as saved is not there (seed {seed})"
        before = now
        assert not left_alive(children_of_killed(tmp_path)), "an engine outlived its run"
    assert list(tmp_path.glob("vllm_dist_*")), "the last ones left something to remove"
    done = run(tmp_path, *SLOW, vllm=True)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr, "the engine is gone before Python ends"
    assert not [*tmp_path.glob("vllm_dist_*"), *tmp_path.glob("mb-*")]
    whole, _ = engine.run(tmp_path / "whole", *SLOW)
    assert results(run_dir(tmp_path)) == results(whole.run_dir), f"seed {seed}"
    ids = [record["id"] for record in records(run_dir(tmp_path))]
    assert len(ids) == len(set(ids))


def children_of_killed(folder: Path) -> Iterator[psutil.Process]:
    """Yield the processes that the killed run had started, as far as they are there."""
    for pid in map(int, (folder / "children.txt").read_text().split()):
        with suppress(psutil.NoSuchProcess):
            yield psutil.Process(pid)
