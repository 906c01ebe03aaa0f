"""A finished run whose files are as they were is known without a look at its rows; any change is noticed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from support.processes import run
from support.rows import overrides, questions, write_rows
from support.run_folders import records, results, run_dir

from mathbatch.runner.finished import finished
from mathbatch.runner.reopen import components_of, read_records

pytestmark = pytest.mark.process

ROWS = 5


@pytest.fixture
def complete(tmp_path: Path) -> Path:
    write_rows(tmp_path / "rows.jsonl", questions(ROWS))
    assert again(tmp_path) == (0, ROWS)
    return run_dir(tmp_path)


def again(folder: Path, *more: str) -> tuple[int, int]:
    """Run once more; return the exit code and how many records there are then."""
    done = run(folder, *overrides(folder / "rows.jsonl", *more))
    return done.returncode, len(records(run_dir(folder)))


def is_finished(folder: Path) -> bool:
    with components_of(folder) as components:
        read_records(components)
        try:
            found = finished(components)
            assert found is None or found.answered == ROWS
            return found is not None
        finally:
            components.saver.close()


def with_the_same_times(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change the content of a file in its place, and put back its times."""
    before = path.stat()
    with path.open("r+b") as stream:
        content = change(stream.read())
        assert len(content) == before.st_size
        stream.seek(0)
        stream.write(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_the_second_run_leaves_everything_as_it_is(tmp_path: Path, complete: Path) -> None:
    assert is_finished(complete)
    before = (complete / "results.jsonl").stat().st_mtime_ns
    kept = msgspec.json.decode((complete / "manifest.json").read_bytes())
    assert again(tmp_path) == (0, ROWS)
    assert (complete / "results.jsonl").stat().st_mtime_ns == before
    assert msgspec.json.decode((complete / "manifest.json").read_bytes()) == kept
    assert is_finished(complete)


def test_a_row_that_changes_while_size_and_times_stay_is_asked_again(tmp_path: Path, complete: Path) -> None:
    with_the_same_times(tmp_path / "rows.jsonl", lambda rows: rows.replace(b"What is 3", b"What is 8"))
    assert not is_finished(complete)
    assert again(tmp_path) == (0, ROWS + 1)


def test_results_that_were_changed_are_written_again(tmp_path: Path, complete: Path) -> None:
    path = complete / "results.jsonl"
    before = path.read_bytes()
    with_the_same_times(path, lambda content: content.replace(b"boxed", b"boxee"))
    assert not is_finished(complete)
    assert again(tmp_path) == (0, ROWS)
    assert path.read_bytes() == before


def test_another_prompt_or_limit_is_another_question(tmp_path: Path, complete: Path) -> None:
    assert again(tmp_path, "dataset.limit=2") == (0, ROWS)
    assert len(results(complete)) == 2
    assert again(tmp_path) == (0, ROWS)
    assert len(results(complete)) == ROWS
    assert is_finished(complete)


def test_records_that_are_gone_are_answered_again(tmp_path: Path, complete: Path) -> None:
    segment = complete / "responses" / "00001.jsonl"
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:-1]))
    assert again(tmp_path) == (0, ROWS)
    assert len(results(complete)) == ROWS


@pytest.mark.parametrize("damage", [b"", b"{}", b"[1]", b'{"finished": 7}', b"\xff"])
def test_a_damaged_manifest_is_no_proof(tmp_path: Path, complete: Path, damage: bytes) -> None:
    (complete / "manifest.json").write_bytes(damage)
    assert not is_finished(complete)
