"""Replicas on Ray answer as one engine does, and lose nothing when their processes are killed."""

from __future__ import annotations

import json
import os
import random
import signal as signals
from pathlib import Path

import psutil
import pytest
from support.processes import Command, left_alive, run, start
from support.replicas import family_of, kill_one, wait_until
from support.rows import overrides, questions, write_rows
from support.run_folders import records, results, run_dir, saved

pytestmark = pytest.mark.process

KILLS = int(os.environ.get("REPLICA_KILLS", "4"))
TWO = "model.replicas=2"
SLOW = "model.engine.delay_s=0.05"


def expected_results(folder: Path, data: Path) -> list[dict[str, object]]:
    """Return what one engine answers."""
    folder.mkdir()
    assert run(folder, *overrides(data)).returncode == 0
    return results(run_dir(folder))


def test_killed_replicas_cost_no_answer_and_none_comes_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("REPLICA_SEED", random.randrange(2**32)))
    with capsys.disabled():
        print(f"REPLICA_SEED={seed}", end=" ")
    draws = random.Random(seed)
    rows = 300 * KILLS
    data = write_rows(tmp_path / "rows.jsonl", questions(rows))
    expected = expected_results(tmp_path / "whole", data)
    process = start(tmp_path, *overrides(data, TWO, SLOW, "batch_size=16"))
    family: set[psutil.Process] = set()
    for at in range(KILLS):
        target = draws.randrange(250 * at, 250 * (at + 1))
        wait_until(lambda target=target: saved(tmp_path) >= target or process.poll() is not None)
        family |= family_of(process.pid)
        assert kill_one(process.pid, draws) is not None or process.poll() is not None
    _, err = process.communicate()
    assert process.returncode == 0, err
    assert "is lost" in err
    check(tmp_path, rows, expected)
    assert not left_alive(family)
    manifest = json.loads((run_dir(tmp_path) / "manifest.json").read_text())
    engines = manifest["this_run"]["engines"]
    assert [one["name"] for one in engines] == ["replica 0", "replica 1"]
    assert sum(one["answered"] for one in engines) == rows
    assert sum(one["losses"] for one in engines) >= 1


def check(folder: Path, rows: int, expected: list[dict[str, object]]) -> None:
    """Check that each row has one answer, that of one engine."""
    ids = [record["id"] for record in records(run_dir(folder))]
    assert len(ids) == len(set(ids)) == rows
    assert results(run_dir(folder)) == expected
    assert run(folder, f"run_dir={run_dir(folder)}", module="verify").returncode == 0


@pytest.mark.parametrize("signal", ["SIGKILL", "SIGINT", "SIGTERM"])
def test_a_run_that_ends_in_mid_work_leaves_no_process_and_the_same_command_goes_on(
    tmp_path: Path, signal: str
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(400))
    expected = expected_results(tmp_path / "whole", data)
    process = start(tmp_path, *overrides(data, TWO, SLOW, "batch_size=8"))
    wait_until(lambda: saved(tmp_path) > 40)
    family = family_of(process.pid)
    assert len(family) > 3
    assert "is lost" not in end(process, signal), "what was in flight is finished"
    assert not left_alive(family)
    before = saved(tmp_path)
    assert 40 < before < 400
    assert run(tmp_path, *overrides(data, TWO, SLOW, "batch_size=64")).returncode == 0
    check(tmp_path, 400, expected)


def end(process: Command, name: str) -> str:
    """Kill the run, or send a signal to all that is in its process group, as terminals and schedulers do."""
    if name == "SIGKILL":
        process.kill()
    else:
        os.killpg(process.pid, getattr(signals, name))
    return process.communicate()[1]


def test_a_sample_that_kills_its_engine_is_set_aside_within_its_replica(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(200))
    done = run(tmp_path, *overrides(data, TWO, "model.engine.die_on='is 77 +'", SLOW, "batch_size=32"))
    assert done.returncode == 1, done.stderr
    failed = [record for record in records(run_dir(tmp_path)) if record.get("failure")]
    assert [(record["id"], record["failure"]["kind"]) for record in failed] == [("77", "engine_killed")]
    assert "is lost" not in done.stderr
    assert len(records(run_dir(tmp_path))) == 200


def test_a_sweep_loads_each_replica_once(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(60))
    done = run(tmp_path, "-m", *overrides(data, TWO, SLOW, "sampling.temperature=0.1,0.2,0.3,0.4", "batch_size=8"))
    assert done.returncode == 0, done.stderr
    (facts,) = tmp_path.glob("outputs/sweeps/*/sweep.json")
    assert json.loads(facts.read_text())["engine_loads"] == 2
