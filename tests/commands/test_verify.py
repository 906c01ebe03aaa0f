"""`mathbatch.verify` tells a whole run folder from one that is not, names every damage, and mends without guessing."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.processes import run
from support.rows import overrides, questions, write_rows
from support.run_folders import records, results, run_dir

pytestmark = pytest.mark.process

ROWS = 20


@pytest.fixture
def complete(tmp_path: Path) -> Path:
    """The folder of a run that came to its end."""
    write_rows(tmp_path / "rows.jsonl", questions(ROWS))
    assert again(tmp_path).returncode == 0
    return run_dir(tmp_path)


def again(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return run(folder, *overrides(folder / "rows.jsonl", *more))


def verify(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return run(folder, f"run_dir={folder}", *more, module="verify")


def segment(folder: Path) -> Path:
    return folder / "responses" / "00001.jsonl"


def edit(folder: Path, change: Callable[[list[bytes]], object]) -> None:
    """Change the lines of the first segment in their place."""
    lines = segment(folder).read_bytes().splitlines(keepends=True)
    change(lines)
    segment(folder).write_bytes(b"".join(lines))


def flip_bit(lines: list[bytes], at: int) -> None:
    lines[at] = lines[at].replace(b"boxed", b"boxee")


def cut(lines: list[bytes]) -> None:
    lines[-1] = lines[-1][:-30]


def zero(lines: list[bytes]) -> None:
    """As a power loss leaves a line whose length reached the disk and whose data did not."""
    lines[-1] = bytes(len(lines[-1]))


def double(lines: list[bytes]) -> None:
    lines.append(lines[3])


def lose(lines: list[bytes]) -> None:
    del lines[5]


def test_a_complete_run_is_whole(complete: Path) -> None:
    done = verify(complete)
    assert (done.returncode, done.stdout.split()[-1]) == (0, "whole")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (cut, "torn"),
        (zero, "torn"),
        (lambda lines: flip_bit(lines, 4), "line 5"),
        (lambda lines: flip_bit(lines, -1), f"line {ROWS}"),
        (double, "doubled"),
        (lose, "missing"),
    ],
    ids=["torn", "zeros", "damaged", "damaged last line", "doubled", "lost"],
)
def test_what_is_amiss_is_named_and_a_mended_folder_with_one_more_run_is_whole(
    complete: Path, change: Callable[[list[bytes]], object], says: str
) -> None:
    before = results(complete)
    edit(complete, change)
    found = verify(complete)
    assert found.returncode == 1
    assert says in found.stdout
    assert "not whole" in found.stdout
    verify(complete, "repair=true")
    assert again(complete.parents[3]).returncode == 0
    assert verify(complete).returncode == 0, verify(complete).stdout
    assert results(complete) == before


def test_damage_in_a_line_that_was_written_to_its_end_is_told_by_a_run_and_never_cut_off(complete: Path) -> None:
    edit(complete, lambda lines: flip_bit(lines, -1))
    damaged = segment(complete).read_bytes()
    refused = again(complete.parents[3])
    assert refused.returncode == 2
    assert f"00001.jsonl, line {ROWS}" in refused.stderr
    assert "repair=true" in refused.stderr
    assert segment(complete).read_bytes() == damaged


def test_a_run_with_fewer_rows_than_before_is_whole_and_what_is_left_over_is_listed(complete: Path) -> None:
    write_rows(complete.parents[3] / "rows.jsonl", questions(ROWS)[2:])
    assert again(complete.parents[3], "dataset.limit=5").returncode == 0
    found = verify(complete)
    assert found.returncode == 0, found.stdout
    assert f"{ROWS - 5}" in found.stdout
    assert len(records(complete)) == ROWS, "nothing is thrown away"
