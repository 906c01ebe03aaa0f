"""`mathbatch.verify` tells a whole run folder from one that is not, names every damage, and mends without guessing."""

from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support import processes
from support.rows import overrides, questions, write_rows
from support.run_folders import records, results, run_dir

pytestmark = pytest.mark.process

run = functools.partial(processes.run, warm=True)

ROWS = 20


@pytest.fixture
def complete(tmp_path: Path) -> Path:
    """Return the folder of a complete run."""
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
    """Leave what a power loss leaves: a line whose length reached the disk and whose data did not."""
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


def scored(folder: Path) -> list[str]:
    """Write rows with gold answers, and return the arguments of a run that scores its answers."""
    write_rows(folder / "rows.jsonl", [row | {"gold": "7"} for row in questions(ROWS)])
    return ["dataset.answer_field=gold", "model.engine.say='\\boxed{7}'"]


def test_what_a_run_of_fewer_rows_has_left_is_looked_at_while_units_are_missing(tmp_path: Path) -> None:
    arguments = scored(tmp_path)
    assert again(tmp_path, *arguments, "dataset.limit=5").returncode == 0
    folder = run_dir(tmp_path)
    edit(folder, lambda lines: lines.pop(2))
    sound = verify(folder).stdout
    assert "missing" in sound
    for name in ("results.jsonl", "scores.jsonl", "metrics.json", "audit.jsonl", "accuracy.png"):
        before = (folder / name).read_bytes()
        (folder / name).write_bytes(b"{}")
        assert "scores" in verify(folder).stdout, name
        (folder / name).unlink()
        assert name in verify(folder).stdout
        (folder / name).write_bytes(before)
    assert verify(folder).stdout == sound


def test_changed_plots_are_not_kept_with_the_scores_that_a_run_of_more_rows_replaces(tmp_path: Path) -> None:
    arguments = scored(tmp_path)
    assert again(tmp_path, *arguments, "dataset.limit=5").returncode == 0
    folder = run_dir(tmp_path)
    (folder / "accuracy.png").write_bytes(b"garbage")
    (folder / "audit.jsonl").unlink()
    assert again(tmp_path, *arguments).returncode == 0
    (kept,) = (folder / "scores").iterdir()
    assert sorted(path.name for path in kept.iterdir()) == ["accuracy.svg", "metrics.json", "scores.jsonl"]
    assert verify(folder).returncode == 0


def test_earlier_scores_that_were_changed_are_set_aside_and_the_others_stay(tmp_path: Path) -> None:
    arguments = scored(tmp_path)
    assert again(tmp_path, *arguments).returncode == 0
    folder = run_dir(tmp_path)
    for scorer in ("exact", "number"):
        assert run(tmp_path, f"run_dir={folder}", f"dataset.scoring={scorer}", module="score").returncode == 0
    assert again(tmp_path, *arguments).returncode == 0
    damaged, *others = sorted((folder / "scores").iterdir())
    changed = (damaged / "scores.jsonl").read_bytes().replace(b"correct", b"wrong", 1)
    (damaged / "scores.jsonl").write_bytes(changed)
    assert verify(folder).returncode == 1
    mended = verify(folder, "repair=true")
    assert mended.returncode == 0, mended.stdout
    (aside,) = folder.glob("damaged-*")
    assert f"scores/{damaged.name}: set aside as {aside.name}" in mended.stdout
    assert (aside / "scores.jsonl").read_bytes() == changed
    assert sorted((folder / "scores").iterdir()) == others


def test_the_figures_in_a_manifest_of_another_run_are_not_taken_over(tmp_path: Path) -> None:
    for name, says in (("ours", "7"), ("theirs", "8")):
        (tmp_path / name).mkdir()
        arguments = [*scored(tmp_path / name)[:-1], f"model.engine.say='\\boxed{{{says}}}'"]
        assert again(tmp_path / name, *arguments).returncode == 0
    ours, theirs = (run_dir(tmp_path / name) / "manifest.json" for name in ("ours", "theirs"))
    before = json.loads(ours.read_bytes())
    ours.write_bytes(theirs.read_bytes())
    assert "manifest.json" in verify(ours.parent).stdout
    assert again(tmp_path / "ours", *scored(tmp_path / "ours")).returncode == 0
    after = json.loads(ours.read_bytes())
    changing = {"finished", "crc"}  # over the times of files, and over that
    assert {name: after[name] for name in after.keys() - changing} == {
        name: before[name] for name in before.keys() - changing
    }
