"""Check that the same command goes on where it stopped, redoes what changed, and nothing else."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest
from support.held_model import HELD, begun, hold_after, let_go
from support.processes import run, start, wait_for, wait_until_said
from support.rows import SCRIPTED, overrides, questions, write_rows
from support.run_folders import records, results, run_dir

pytestmark = pytest.mark.process


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl", questions(20))


def answered_again(folder: Path, *arguments: str) -> list[str]:
    """Ids of the records that this run adds."""
    before = len(records(run_dir(folder)))
    done = run(folder, *arguments)
    assert done.returncode in (0, 1), done.stderr
    return [f"{r['id']}#{r.get('rollout', 0)}" for r in records(run_dir(folder))[before:]]


def test_a_second_run_answers_nothing_again(tmp_path: Path, data: Path) -> None:
    assert run(tmp_path, *overrides(data)).returncode == 0
    first = (run_dir(tmp_path) / "results.jsonl").read_bytes()
    assert answered_again(tmp_path, *overrides(data)) == []
    assert (run_dir(tmp_path) / "results.jsonl").read_bytes() == first


def test_only_a_changed_row_is_redone_and_its_new_answer_is_in_the_results(tmp_path: Path, data: Path) -> None:
    assert run(tmp_path, *overrides(data)).returncode == 0
    before = results(run_dir(tmp_path))
    rows = questions(20)
    rows[7]["query_cot"] = "What is 7 + 8?"
    write_rows(data, rows)
    assert answered_again(tmp_path, *overrides(data)) == ["7#0"]
    after = results(run_dir(tmp_path))
    assert [at for at in range(20) if before[at]["model_answer"] != after[at]["model_answer"]] == [7]


def test_a_row_that_changes_back_gets_its_first_answer_back(tmp_path: Path, data: Path) -> None:
    run(tmp_path, *overrides(data))
    before = results(run_dir(tmp_path))
    rows = questions(20)
    rows[7]["query_cot"] = "What is 7 + 8?"
    write_rows(data, rows)
    run(tmp_path, *overrides(data))
    write_rows(data, questions(20))
    assert answered_again(tmp_path, *overrides(data)) == []
    assert results(run_dir(tmp_path)) == before


def test_rows_that_move_are_not_redone_and_results_keep_the_order_of_the_input(tmp_path: Path, data: Path) -> None:
    run(tmp_path, *overrides(data))
    write_rows(data, [*reversed(questions(20)), {"sample_index": "new", "query_cot": "?"}])
    assert answered_again(tmp_path, *overrides(data)) == ["new#0"]
    ids = [row["sample_index"] for row in results(run_dir(tmp_path))]
    assert ids == [str(at) for at in reversed(range(20))] + ["new"]


def test_a_limit_is_a_first_part_of_the_same_run(tmp_path: Path, data: Path) -> None:
    run(tmp_path, *overrides(data, "dataset.limit=5"))
    assert [row["sample_index"] for row in results(run_dir(tmp_path))] == list("01234")
    assert len(answered_again(tmp_path, *overrides(data))) == 15


def test_answers_that_are_not_among_the_rows_of_a_later_run_are_told(tmp_path: Path, data: Path) -> None:
    whole = run(tmp_path, *overrides(data))
    assert "further answers" not in whole.stdout
    fewer = run(tmp_path, *overrides(data, "dataset.limit=5"))
    assert "15 further answers lie here, of rows or rollouts that are not among these" in fewer.stdout


def test_rollouts_can_be_added_and_the_first_ones_stay(tmp_path: Path, data: Path) -> None:
    hot = ("sampling.temperature=1", "dataset.limit=3")
    run(tmp_path, *overrides(data, *hot, "sampling.n=2"))
    kept = records(run_dir(tmp_path))
    added = answered_again(tmp_path, *overrides(data, *hot, "sampling.n=4"))
    assert sorted(added) == ["0#2", "0#3", "1#2", "1#3", "2#2", "2#3"]
    assert records(run_dir(tmp_path))[: len(kept)] == kept
    assert all(len(row["model_answer"]) == 4 for row in results(run_dir(tmp_path)))


def test_failures_are_recorded_never_empty_and_tried_again_unless_told_not_to(tmp_path: Path, data: Path) -> None:
    failing = overrides(data, "model.engine.fail_on=12 +")
    done = run(tmp_path, *failing)
    assert done.returncode == 1
    assert "12: scripted: the script says so" in done.stdout
    row = results(run_dir(tmp_path))[12]
    assert row["model_answer"] is None
    assert row["model_answer_failure"] == {"kind": "scripted", "message": "the script says so"}
    assert run(tmp_path, *failing, "retry_failures=false").returncode == 1
    assert len(records(run_dir(tmp_path))) == 20, "not tried again"
    folder = run_dir(tmp_path)
    assert run(tmp_path, *overrides(data, "output_dir=other")).returncode == 0
    assert [r["id"] for r in records(folder) if "failure" in r] == ["12"]


def test_a_failure_that_a_later_run_answers_is_an_answer(tmp_path: Path) -> None:
    rows = [{"sample_index": "1", "query_cot": "see", "image": "late.png"}]
    data = write_rows(tmp_path / "rows.jsonl", [*rows, {"sample_index": "2", "query_cot": "x", "image": ""}])
    seeing = [SCRIPTED, "dataset=generic", f"dataset.input={data}"]
    assert run(tmp_path, *seeing).returncode == 1
    from PIL import Image

    Image.new("RGB", (8, 8)).save(tmp_path / "late.png")
    assert run(tmp_path, *seeing).returncode == 0
    assert all(row["model_answer"] for row in results(run_dir(tmp_path)))


def test_rerun_answers_everything_again_and_keeps_the_old_records_aside(tmp_path: Path, data: Path) -> None:
    run(tmp_path, *overrides(data))
    assert run(tmp_path, *overrides(data, "rerun=true")).returncode == 0
    folder = run_dir(tmp_path)
    assert len(records(folder)) == 20
    (aside,) = folder.glob("responses-*")
    assert len((aside / "00001.jsonl").read_bytes().splitlines()) == 20


def test_a_rerun_that_was_stopped_goes_on(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(60))
    held = overrides(data, HELD, "batch_size=4")
    assert run(tmp_path, *held).returncode == 0
    folder = run_dir(tmp_path)
    hold_after(tmp_path, 8)
    process = start(tmp_path, *held, "rerun=true")
    wait_for(lambda: list(folder.glob("responses-*")) and len(records(folder)) == 8, process)
    process.kill()
    process.communicate()
    let_go(tmp_path)
    assert len(answered_again(tmp_path, *held, "rerun=true")) == 52
    assert len(list(folder.glob("responses-*"))) == 1


def test_a_rerun_begins_anew_whatever_reruns_and_stops_there_were_before(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(6))
    held = overrides(data, HELD, "batch_size=2", "sampling.temperature=1")
    assert run(tmp_path, *held).returncode == 0
    assert run(tmp_path, *held, "rerun=true").returncode == 0
    hold_after(tmp_path, 2)
    process = start(tmp_path, *held, "sampling.n=2")
    wait_for(lambda: len(records(run_dir(tmp_path))) == 8, process)
    process.kill()
    process.communicate()
    let_go(tmp_path)
    assert run(tmp_path, *held, "sampling.n=2", "rerun=true").returncode == 0
    assert len(records(run_dir(tmp_path))) == 12, "none of those before"
    assert len(list(run_dir(tmp_path).glob("responses-*"))) == 2


def test_a_dataset_that_goes_away_in_mid_run_is_named_and_what_is_answered_is_kept(tmp_path: Path, data: Path) -> None:
    held = overrides(data, HELD)
    hold_after(tmp_path, 0)
    process = start(tmp_path, *held)
    wait_for(lambda: len(begun(tmp_path)) == 20, process)
    data.rename(tmp_path / "away.jsonl")
    let_go(tmp_path)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 2
    assert said.count(f"dataset.input: {data}: No such file") == 1, said
    (tmp_path / "away.jsonl").rename(data)
    assert answered_again(tmp_path, *held) == []


def test_a_checkpoint_that_changes_in_its_place_is_another_run_and_one_that_moves_is_not(
    tmp_path: Path, data: Path
) -> None:
    weights = tmp_path / "ckpt" / "model.safetensors"
    weights.parent.mkdir()
    weights.write_bytes(b"a" * 100)
    run(tmp_path, *overrides(data, "model.path=ckpt"))
    weights.parent.rename(tmp_path / "moved")
    run(tmp_path, *overrides(data, "model.path=moved"))
    assert len(list(tmp_path.glob("outputs/*/*/*"))) == 1
    (tmp_path / "moved" / "model.safetensors").write_bytes(b"b" * 100)
    run(tmp_path, *overrides(data, "model.path=moved"))
    assert len(list(tmp_path.glob("outputs/*/*/*"))) == 2


def test_what_cannot_change_an_answer_stays_in_the_folder_and_what_can_has_its_own(tmp_path: Path, data: Path) -> None:
    base = overrides(data)
    for same in ("batch_size=3", "image_budget_gib=1", "model.tensor_parallel_size=2", "dataset.response_field=a"):
        assert run(tmp_path, *base, same).returncode == 0
    assert len(list(tmp_path.glob("outputs/*/*/*"))) == 1
    changes = ("sampling.top_p=0.9", "system_prompt=Be brief.", "model.revision=v2", "model.engine.delay_s=0")
    for at, other in enumerate(changes, 2):
        assert run(tmp_path, *base, other).returncode == 0
        assert len(list(tmp_path.glob("outputs/*/*/*"))) == at, other


def test_a_second_writer_is_refused_and_the_first_one_unharmed(tmp_path: Path, data: Path) -> None:
    held = overrides(data, HELD, "batch_size=2")
    hold_after(tmp_path, 2)
    first = start(tmp_path, *held)
    wait_for(lambda: begun(tmp_path), first)
    second = run(tmp_path, *held)
    assert second.returncode == 2
    assert f"process {first.pid} on" in second.stderr
    assert run(tmp_path, f"run_dir={run_dir(tmp_path)}", module="verify").returncode == 2
    let_go(tmp_path)
    first.communicate(timeout=300)
    assert first.returncode == 0
    assert len(records(run_dir(tmp_path))) == 20


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_admission_saves_what_is_in_flight_and_the_next_run_goes_on(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(200))
    held = overrides(data, HELD, "batch_size=4")
    hold_after(tmp_path, 8)
    process = start(tmp_path, *held)
    wait_for(lambda: len(begun(tmp_path)) == 12, process)
    process.send_signal(number)
    wait_until_said("4 in flight will be finished and saved", process)
    let_go(tmp_path)
    process.communicate(timeout=300)
    assert process.returncode == code
    ids = sorted(int(record["id"]) for record in records(run_dir(tmp_path)))
    assert ids == sorted(map(int, begun(tmp_path))) == list(range(12))
    assert not (run_dir(tmp_path) / "manifest.json").exists()
    assert len(answered_again(tmp_path, *held)) == 188
    assert json.loads((run_dir(tmp_path) / "manifest.json").read_text())["answered"] == 200


def test_a_second_ctrl_c_exits_at_once(tmp_path: Path, data: Path) -> None:
    hold_after(tmp_path, 0)
    process = start(tmp_path, *overrides(data, HELD))
    wait_for(lambda: begun(tmp_path), process)
    process.send_signal(signal.SIGINT)
    wait_until_said("in flight will be finished and saved", process)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=300)  # what is in flight is held for good
    assert process.returncode == 130


@pytest.mark.process
def test_the_tokens_in_the_table_are_those_of_all_answers_in_it(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(9))
    run(tmp_path, *overrides(data, "dataset.limit=4"))
    done = run(tmp_path, *overrides(data))
    assert re.search(r"answered *│ 9 \(4 by earlier runs\)", done.stdout), done.stdout
    assert re.search(r" 72 out, [\d,]+ out/s now", done.stdout), done.stdout
    again = run(tmp_path, *overrides(data))
    assert re.search(r" 72 out +│", again.stdout), again.stdout
