"""Replicas with real engines lose nothing when engines and replicas are killed, and answer as one engine does."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import psutil
import pytest
from support.barrier_model import FOLDER, REPLICAS
from support.processes import ENGINE, left_alive, run, start
from support.replicas import REPLICA, family_of, kill_one, wait_until
from support.run_folders import records, results, run_dir, saved
from support.shared_engine import SharedEngine

import mathbatch

pytestmark = pytest.mark.usefixtures("vllm")

KILLS = int(os.environ.get("ENGINE_KILLS", "1"))
ROWS_FOR_EACH_KILL = 100
DATA = Path(mathbatch.__file__).parent / "demo" / "data"


def demo_rows(path: Path, count: int) -> Path:
    """Write the demo's rows again and again, with ids of their own."""
    known = [json.loads(line) for line in (DATA / "samples.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = [known[at % len(known)] | {"sample_index": str(at)} for at in range(count)]
    for row in rows:
        row["image"] = row["image"] and str(DATA / row["image"])
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_killed_engines_and_replicas_cost_no_answer_and_greedy_answers_are_those_of_one_engine(
    engine: SharedEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = int(os.environ.get("ENGINE_SEED", random.randrange(2**32)))
    with capsys.disabled():
        print(f"ENGINE_SEED={seed}", end=" ")
    draws = random.Random(seed)
    count = ROWS_FOR_EACH_KILL * KILLS
    rows = demo_rows(tmp_path / "rows.jsonl", count)
    arguments = ["model=demo", "dataset=demo", f"dataset.input={rows}", f"dataset.image_base_path={DATA}"]
    (tmp_path / "up").mkdir()
    monkeypatch.setenv(FOLDER, str(tmp_path / "up"))
    monkeypatch.setenv(REPLICAS, "2")
    # A replica that still loads has nothing to lose, so none answers before both are up.
    target = "model._target_=support.barrier_model.BarrierModel"
    process = start(tmp_path, *arguments, target, "model.replicas=2", "batch_size=2")
    family: set[psutil.Process] = set()
    for at in range(KILLS):
        count_then = draws.randrange(ROWS_FOR_EACH_KILL * at + 1, ROWS_FOR_EACH_KILL * (at + 1) - 20)
        wait_until(lambda least=count_then: saved(tmp_path) >= least or process.poll() is not None)
        victim = [REPLICA, ENGINE][at % 2]
        wait_until(lambda victim=victim: kill_one(process.pid, draws, (victim,)) or process.poll() is not None)
        family |= family_of(process.pid)
    _, err = process.communicate()
    assert process.returncode == 0, err
    assert not left_alive(family)
    assert "is lost" in err
    ids = [record["id"] for record in records(run_dir(tmp_path))]
    assert len(ids) == len(set(ids)) == count
    whole, _ = engine.run(tmp_path / "whole", *arguments)
    assert results(run_dir(tmp_path)) == results(whole.run_dir), f"ENGINE_SEED={seed}"
    assert run(tmp_path, f"run_dir={run_dir(tmp_path)}", module="verify").returncode == 0
