"""Disks and permissions: a refusal is one sentence and exit code 2, and what was saved is kept."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.bad_inputs.case import BAD, dumped, healthy, lines, with_fields
from support.images import encoded
from support.processes import limit_file_size, obey_modes, run_process
from support.run_folders import Outcome

pytestmark = pytest.mark.process

ROWS = 1000


@pytest.fixture
def many_rows(tmp_path: Path) -> str:
    """Rows of which the results are twice as large as the records."""
    rows = ({"sample_index": str(at), "query_cot": f"What is {at}?", "note": "-" * 300} for at in range(ROWS))
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "dataset.input=rows.jsonl"


@pytest.fixture
def plain_user(tmp_path: Path) -> None:
    """Skips where modes can't be made to count."""
    secret = tmp_path / "secret"
    secret.touch(mode=0)
    try:
        if subprocess.run(["cat", secret], preexec_fn=obey_modes, capture_output=True).returncode == 0:
            pytest.skip("this user reads everything")
    except subprocess.SubprocessError:
        pytest.skip("this user can't give up its powers")


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "outputs"
    folder.mkdir()
    try:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=120k", "tmpfs", folder], capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if mounted.returncode != 0:
        pytest.skip("this user can't mount a disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_disk_that_fills_up_keeps_what_was_saved_and_a_run_with_room_completes(
    tmp_path: Path, tiny_disk: Path, many_rows: str
) -> None:
    full = run_process(tmp_path, many_rows, "dataset.image_field=null")
    check_refused_by_disk(full, "No space left on device")
    saved = full.records()
    assert 100 < len(saved) < ROWS
    subprocess.run(["mount", "-o", "remount,size=4m", tiny_disk], check=True)
    check_completed(run_process(tmp_path, many_rows, "dataset.image_field=null"), saved)


def test_a_disk_without_any_room_is_refused_before_the_first_answer(
    tmp_path: Path, tiny_disk: Path, many_rows: str
) -> None:
    with pytest.raises(OSError, match="No space left"):
        (tiny_disk / "filler").write_bytes(bytes(1 << 20))
    refused = run_process(tmp_path, many_rows, "dataset.image_field=null")
    check_refused_by_disk(refused, "No space left on device")


def test_a_segment_that_may_not_grow_keeps_what_was_saved(tmp_path: Path, many_rows: str) -> None:
    full = run_process(tmp_path, many_rows, "dataset.image_field=null", prepare=limit_file_size(50_000))
    check_refused_by_disk(full, "File too large")
    saved = full.records()
    assert 100 < len(saved) < ROWS
    check_completed(run_process(tmp_path, many_rows, "dataset.image_field=null"), saved)


def test_results_that_do_not_fit_are_not_there_and_no_answer_is_lost(tmp_path: Path, many_rows: str) -> None:
    full = run_process(tmp_path, many_rows, "dataset.image_field=null", prepare=limit_file_size(250_000))
    check_refused_by_disk(full, "File too large")
    assert full.run_dir is not None
    assert not list(full.run_dir.glob("*results*")), "nor a part of them"
    assert not (full.run_dir / "manifest.json").exists()
    saved = full.records()
    assert len(saved) == ROWS
    check_completed(run_process(tmp_path, many_rows, "dataset.image_field=null"), saved)


@pytest.mark.usefixtures("plain_user")
def test_an_output_folder_without_permission_is_refused_and_named(tmp_path: Path, many_rows: str) -> None:
    (tmp_path / "outputs").mkdir(mode=0o555)
    refused = run_process(tmp_path, many_rows, "dataset.image_field=null", prepare=obey_modes)
    check_refused_by_disk(refused, "Permission denied")
    assert str(tmp_path / "outputs") in refused.err


def test_a_file_in_place_of_the_output_folder_is_refused_and_named(tmp_path: Path, many_rows: str) -> None:
    (tmp_path / "outputs").touch()
    refused = run_process(tmp_path, many_rows, "dataset.image_field=null")
    check_refused_by_disk(refused, "Not a directory")
    assert str(tmp_path / "outputs") in refused.err


@pytest.mark.usefixtures("plain_user")
def test_a_dataset_without_permission_is_refused_and_named(tmp_path: Path, many_rows: str) -> None:
    (tmp_path / "rows.jsonl").chmod(0)
    refused = run_process(tmp_path, many_rows, prepare=obey_modes)
    assert refused.code == 2
    assert refused.err.startswith("mathbatch: dataset.input: can't read ")
    assert "rows.jsonl: Permission denied" in refused.err
    assert "Traceback" not in refused.err


@pytest.mark.usefixtures("plain_user")
@pytest.mark.parametrize("closed", ["x.png", "sub"])
def test_a_picture_without_permission_fails_its_row_only(closed: str, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("good.png", "x.png", "sub/x.png"):
        (tmp_path / name).write_bytes(encoded())
    (tmp_path / closed).chmod(0)
    (tmp_path / "rows.jsonl").write_bytes(with_fields(image="x.png" if closed == "x.png" else "sub/x.png"))
    outcome = run_process(tmp_path, "dataset.input=rows.jsonl", prepare=obey_modes)
    (tmp_path / "sub").chmod(0o755)
    assert outcome.code == 1
    assert outcome.results is not None
    assert [row["sample_index"] for row in outcome.results if row["model_answer"]] == list("abcd")
    (failed,) = (row for row in outcome.results if not row["model_answer"])
    assert failed["sample_index"] == BAD
    assert failed["model_answer_failure"]["kind"] == "missing_image"
    assert "Permission denied" in failed["model_answer_failure"]["message"]


def test_a_failure_is_tried_again_and_heals(tmp_path: Path) -> None:
    (tmp_path / "good.png").write_bytes(encoded())
    (tmp_path / "rows.jsonl").write_bytes(with_fields(image="later.png"))
    assert run_process(tmp_path, "dataset.input=rows.jsonl").code == 1
    (tmp_path / "later.png").write_bytes(encoded())
    healed = run_process(tmp_path, "dataset.input=rows.jsonl")
    assert healed.code == 0
    assert healed.results is not None
    assert all(row["model_answer"] and "model_answer_failure" not in row for row in healed.results)


def test_a_repaired_line_is_answered_and_its_failure_forgotten(tmp_path: Path) -> None:
    (tmp_path / "good.png").write_bytes(encoded())
    for bad, code in ((b"{broken", 1), (dumped({**healthy("e"), "sample_index": "e"}), 0)):
        (tmp_path / "rows.jsonl").write_bytes(lines(bad))
        outcome = run_process(tmp_path, "dataset.input=rows.jsonl")
        assert outcome.code == code
    assert outcome.results is not None
    assert [row["sample_index"] for row in outcome.results] == list("abecd")
    assert all(row["model_answer"] for row in outcome.results)


def check_refused_by_disk(outcome: Outcome, reason: str) -> None:
    assert outcome.code == 2, outcome.err
    assert "Traceback" not in outcome.err
    assert "mathbatch: can't write " in outcome.err
    assert reason in outcome.err
    assert "\n  fix: " in outcome.err
    assert outcome.results is None


def check_completed(outcome: Outcome, saved: list[dict[str, object]]) -> None:
    """Check that all rows are answered once, and that `saved` is still there as it was."""
    assert outcome.code == 0, outcome.err
    records = outcome.records()
    assert records[: len(saved)] == saved
    assert sorted(record["id"] for record in records) == sorted(str(at) for at in range(ROWS))
    assert outcome.results is not None
    assert [row["sample_index"] for row in outcome.results] == [str(at) for at in range(ROWS)]
    assert all(row["model_answer"] for row in outcome.results)
    assert outcome.run_dir is not None
    assert (outcome.run_dir / "manifest.json").is_file()
