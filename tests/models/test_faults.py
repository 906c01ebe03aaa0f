"""Faults of single samples and of the engine cost what they must and nothing more."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest
from support.bad_inputs import encoded
from support.dying_model import DYING
from support.held_model import HELD, begun, hold_after, let_go
from support.processes import run, start, wait_for, wait_until_said
from support.rows import overrides, questions, write_rows
from support.run_folders import records, results, run_dir

pytestmark = pytest.mark.process


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl", questions(60))


def test_a_sample_that_kills_the_engine_is_quarantined_and_the_rest_complete(tmp_path: Path, data: Path) -> None:
    deadly = ("model.engine.die_on=is 33 +", "model.engine.delay_s=0.02", "batch_size=32")
    done = run(tmp_path, *overrides(data, *deadly))
    assert done.returncode == 1
    failed = [record for record in records(run_dir(tmp_path)) if "failure" in record]
    assert [(record["id"], record["failure"]["kind"]) for record in failed] == [("33", "engine_killed")]
    assert len(records(run_dir(tmp_path))) == 60, "each unit has one record"
    assert done.stderr.count("starting it again") <= 4


def test_two_samples_that_kill_the_engine_are_both_found(tmp_path: Path, data: Path) -> None:
    deadly = ("model.engine.die_on=7 + 7", "model.engine.delay_s=0.02", "batch_size=16")
    done = run(tmp_path, *overrides(data, *deadly))
    assert done.returncode == 1
    failed = {record["id"] for record in records(run_dir(tmp_path)) if "failure" in record}
    assert failed == {"7"}  # "17 + 17" does not hold "7 + 7"
    assert len(results(run_dir(tmp_path))) == 60


def test_neighbours_that_all_kill_the_engine_are_all_found_and_the_rest_complete(tmp_path: Path) -> None:
    rows = questions(60)
    for row in rows[10:18]:
        row["query_cot"] += " deadly"
    data = write_rows(tmp_path / "rows.jsonl", rows)
    deadly = ("model.engine.die_on=deadly", "model.engine.delay_s=0.02", "batch_size=32")
    assert run(tmp_path, *overrides(data, *deadly)).returncode == 1
    failed = {record["id"] for record in records(run_dir(tmp_path)) if "failure" in record}
    assert failed == {str(at) for at in range(10, 18)}
    assert len(records(run_dir(tmp_path))) == 60


def test_a_death_while_another_sample_hangs_does_not_hang_the_run(tmp_path: Path) -> None:
    rows = questions(8)
    rows[2]["query_cot"] += " hangs"
    rows[5]["query_cot"] += " deadly"
    data = write_rows(tmp_path / "rows.jsonl", rows)
    faults = ("model.engine.die_on=deadly", "model.engine.hang_on=hangs", "model.stall_timeout_s=1")
    done = run(tmp_path, *overrides(data, *faults, "model.engine.delay_s=0.02"))
    assert done.returncode == 1
    failed = {record["id"] for record in records(run_dir(tmp_path)) if "failure" in record}
    assert failed == {"2", "5"}


def test_a_death_that_no_sample_caused_costs_one_restart_and_no_answer(tmp_path: Path, data: Path) -> None:
    once = ("model.engine.die_on=is 33 +", "model.engine.deaths=1", "model.engine.delay_s=0.02", "batch_size=8")
    done = run(tmp_path, *overrides(data, *once))
    assert done.returncode == 0
    assert done.stderr.count("starting it again") == 1
    ids = [record["id"] for record in records(run_dir(tmp_path))]
    assert sorted(ids) == sorted(str(at) for at in range(60)), "each once"


def test_an_engine_that_dies_whatever_it_gets_ends_the_run_and_says_so(tmp_path: Path, data: Path) -> None:
    done = run(tmp_path, *overrides(data, "model.engine.die_on=What", "batch_size=8"))
    assert done.returncode == 2
    assert "times without one answer between" in done.stderr


def test_a_stalled_engine_is_named_restarted_and_the_sample_that_stalls_it_quarantined(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(12))
    stall = ("model.engine.hang_on=is 5 +", "model.stall_timeout_s=0.5", "model.engine.delay_s=0.01", "batch_size=4")
    done = run(tmp_path, *overrides(data, *stall))
    assert done.returncode == 1
    assert "no step for 0.5 s" in done.stderr
    failed = [record for record in records(run_dir(tmp_path)) if "failure" in record]
    assert [(record["id"], record["failure"]["kind"]) for record in failed] == [("5", "engine_killed")]
    assert len(records(run_dir(tmp_path))) == 12


def test_a_run_that_ctrl_z_has_stopped_is_not_taken_for_stalled(tmp_path: Path, data: Path) -> None:
    hold_after(tmp_path, 0)
    process = start(tmp_path, *overrides(data, HELD, "model.stall_timeout_s=3", "model.engine.delay_s=0.5"))
    wait_for(lambda: begun(tmp_path), process)
    process.send_signal(signal.SIGSTOP)
    time.sleep(3.2)
    let_go(tmp_path)
    process.send_signal(signal.SIGCONT)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0
    assert "made no step" not in said


def test_ctrl_c_in_the_search_for_a_sample_that_kills_ends_the_run_and_the_next_one_goes_on(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(64))
    deadly = overrides(data, DYING, "model.engine.die_on=is 15 +", "batch_size=16", "model.engine.delay_s=0.5")
    process = start(tmp_path, *deadly)
    for _ in range(2):
        wait_until_said("starting it again", process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "set aside" not in said, "the search was not over"
    assert run(tmp_path, *deadly).returncode == 1
    found = records(run_dir(tmp_path))
    assert sorted(record["id"] for record in found) == sorted(str(at) for at in range(64)), "each once"
    assert [record["id"] for record in found if "failure" in record] == ["15"]


def test_a_request_that_the_engine_loses_is_sent_again_with_its_picture_but_not_for_ever(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded())
    rows = [{**row, "image": "a.png"} for row in questions(12)]
    rows[3]["query_cot"] += " never"
    data = write_rows(tmp_path / "rows.jsonl", rows)
    forgetful = ("model._target_=support.forgetful_model.ForgetfulModel", "dataset.image_field=image", "batch_size=6")
    assert run(tmp_path, *overrides(data, *forgetful)).returncode == 1
    found = {record["id"]: record.get("failure", {}).get("kind") for record in records(run_dir(tmp_path))}
    assert found == {str(at): "engine_error" if at == 3 else None for at in range(12)}


def test_random_deaths_and_failures_leave_each_unit_with_one_record(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed={seed}")
    rng = random.Random(seed)
    rows = questions(80)
    poison, faulty = rng.sample(range(80), 2)
    rows[poison]["query_cot"] += " deadly"
    rows[faulty]["query_cot"] += " faulty"
    data = write_rows(tmp_path / "rows.jsonl", rows)
    faults = ("model.engine.die_on=deadly", "model.engine.fail_on=faulty", f"batch_size={rng.randint(1, 80)}")
    done = run(tmp_path, *overrides(data, *faults, "model.engine.delay_s=0.005"))
    assert done.returncode == 1
    failed = {record["id"]: record["failure"]["kind"] for record in records(run_dir(tmp_path)) if "failure" in record}
    assert failed == {str(poison): "engine_killed", str(faulty): "scripted"}, f"seed {seed}"
    assert len(records(run_dir(tmp_path))) == 80, f"seed {seed}"
