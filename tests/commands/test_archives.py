"""A run folder that can only be read is verified, scored elsewhere and compared, and nothing is left there."""

from __future__ import annotations

import functools
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import processes
from support.processes import command, environment, obey_modes
from support.reports import rows_in
from support.rows import overrides, questions, write_rows
from support.run_folders import records, run_dir

from mathbatch.commands.verify.command import prove
from mathbatch.data.storage.lock import FolderLock
from mathbatch.errors import StoreError

pytestmark = pytest.mark.process

run = functools.partial(processes.run, warm=True)

COMMAND = overrides(Path("rows.jsonl"), "dataset.answer_field=gold", "model.engine.say='Answer: 4\nVerdict: correct'")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a finished run, to be copied."""
    folder = tmp_path_factory.mktemp("made")
    write_rows(folder / "rows.jsonl", [row | {"gold": str(4 + at % 2)} for at, row in enumerate(questions(8))])
    assert run(folder, *COMMAND).returncode == 0
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """Return a finished run folder of this test's own."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return run_dir(tmp_path)


@pytest.fixture
def archive(folder: Path) -> Iterator[Path]:
    """Return a finished run folder in which nobody may write."""
    (folder / ".lock").unlink()
    close(folder, 0o555, 0o444)
    try:
        told = subprocess.run(["touch", folder / "x"], preexec_fn=obey_modes, capture_output=True)
    except subprocess.SubprocessError:
        pytest.skip("this user can't give up its powers")
    if told.returncode == 0:
        pytest.skip("this user writes everywhere")
    yield folder
    close(folder, 0o755, 0o644)


def close(folder: Path, folders: int, files: int) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(folders if path.is_dir() else files)


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return what lies in a folder: names, times of change and content."""
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in (folder, *folder.rglob("*"))
    }


def obeying(folder: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command that may write only where modes allow it."""
    return subprocess.run(
        command(*arguments, module=module), cwd=folder, env=environment(), preexec_fn=obey_modes,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_it_is_verified_scored_elsewhere_and_compared(tmp_path: Path, archive: Path) -> None:
    before = tree(archive)
    proved = obeying(tmp_path, "verify", f"run_dir={archive}")
    assert (proved.returncode, proved.stdout.split()[-1]) == (0, "whole"), proved.stderr
    refused = obeying(tmp_path, "score", f"run_dir={archive}", "dataset.scoring=number")
    assert refused.returncode == 2
    assert "can only be read\n  fix: write the scores elsewhere: output=…" in refused.stderr
    scored = obeying(tmp_path, "score", f"run_dir={archive}", "dataset.scoring=number", "output=there")
    assert scored.returncode == 0, scored.stderr
    assert "50.0%" in scored.stdout
    compared = obeying(tmp_path, "compare", f"run_dir={archive}", "other=there")
    assert compared.returncode == 0, compared.stderr
    assert "8 judged in both" in compared.stdout
    assert "Permission denied" in compared.stdout
    assert "name a file for them with output=…" in compared.stdout
    assert obeying(tmp_path, "compare", f"run_dir={archive}", "other=there", "output=flips.jsonl").returncode == 0
    assert (tmp_path / "flips.jsonl").read_bytes() == b""
    shown = obeying(tmp_path, "report", f"run_dir={archive}")
    assert shown.returncode == 2
    assert "can only be read\n  fix: write the report elsewhere: output=…" in shown.stderr
    assert obeying(tmp_path, "report", f"run_dir={archive}", "output=page").returncode == 0
    assert len(rows_in(tmp_path / "page")) == 8
    mended = obeying(tmp_path, "verify", f"run_dir={archive}", "repair=true")
    assert mended.returncode == 2
    assert "can only be read\n  fix: copy it, and repair the copy" in mended.stderr
    assert tree(archive) == before


def test_what_is_judged_elsewhere_is_not_asked_again(tmp_path: Path, folder: Path) -> None:
    assert run(tmp_path, *COMMAND, "dataset.scoring=judge").returncode == 0
    before, asked = tree(folder), len(records(next((folder / "judge").iterdir())))
    done = run(tmp_path, f"run_dir={folder}", "output=there", module="score")
    assert done.returncode == 0, done.stderr
    (judge,) = (tmp_path / "there" / "judge").iterdir()
    assert len(records(judge)) == asked == 8
    assert (tmp_path / "there" / "scores.jsonl").read_bytes() == (folder / "scores.jsonl").read_bytes()
    assert tree(folder) == before


def test_a_torn_line_is_left_out_and_told_and_stays(tmp_path: Path, folder: Path) -> None:
    (folder / "responses" / "00002.jsonl").write_bytes(b'{"id":"3","digest":"0f')
    before = tree(folder)
    done = run(tmp_path, f"run_dir={folder}", "output=there", module="score")
    assert done.returncode == 0, done.stderr
    assert "00002.jsonl, line 1: the torn last line is left out" in done.stderr
    assert tree(folder) == before


@pytest.mark.parametrize("has_lock", [True, False])
def test_verify_writes_nothing_whatever_it_finds(tmp_path: Path, folder: Path, has_lock: bool) -> None:
    if not has_lock:
        (folder / ".lock").unlink()
    with (folder / "responses" / "00001.jsonl").open("ab") as stream:
        stream.write(b'{"id":"3"')
    (folder / "metrics.json").write_bytes(b"{}")
    before = tree(folder)
    assert run(tmp_path, f"run_dir={folder}", module="verify").returncode == 1
    assert tree(folder) == before


def test_readers_share_a_folder_and_a_writer_is_told_of_them(folder: Path) -> None:
    reader, writer = FolderLock(folder), FolderLock(folder)
    reader.acquire_shared()
    assert prove(folder).is_whole
    with pytest.raises(StoreError, match="is being read: by verify"):
        writer.acquire()
    reader.release()
    writer.acquire()
    with pytest.raises(StoreError, match=f"is being written by another run .process {os.getpid()}"):
        prove(folder)
    writer.release()


def test_a_file_that_was_named_for_the_flips_and_can_not_be_written_is_an_error(tmp_path: Path, folder: Path) -> None:
    shutil.copytree(folder, tmp_path / "other")
    done = run(tmp_path, f"run_dir={folder}", "other=other", "output=nowhere/flips.jsonl", module="compare")
    assert done.returncode == 2
    assert "8 judged in both" in done.stdout
    assert "not written: can't write nowhere/flips.jsonl: No such file or directory" in done.stdout


def test_scores_go_to_a_folder_that_is_named(tmp_path: Path, folder: Path) -> None:
    done = run(tmp_path, f"run_dir={folder}", "output=", module="score")
    assert done.returncode == 2
    assert "output: has no value" in done.stderr
    same = run(tmp_path, f"run_dir={folder}", f"output={folder}/../{folder.name}", module="score")
    assert same.returncode == 0, same.stderr


def test_scores_are_not_written_among_the_files_of_a_run(tmp_path: Path, folder: Path) -> None:
    for inner in ("responses", "scores", "new/folder"):
        done = run(tmp_path, f"run_dir={folder}", f"output={folder}/{inner}", module="score")
        assert done.returncode == 2, done.stdout
        assert "lies within the run folder\n  fix: name a folder outside of it" in done.stderr


@pytest.mark.parametrize("module", ["verify", "score"])
def test_a_machine_without_room_for_temporary_files_is_told(tmp_path: Path, folder: Path, module: str) -> None:
    answers = write_rows(tmp_path / "answers.jsonl", [{"qid": "1", "response": "4"}])
    dataset = ["dataset=generic", f"dataset.input={answers}", "dataset.index_field=qid", "dataset.query_field=qid"]
    outside = [*dataset, "dataset.answer_field=response", "responses.path=answers.jsonl", "responses.index_field=qid"]
    arguments = [f"run_dir={folder}"] if module == "verify" else [*outside, f"output={tmp_path}/scored"]
    command = shlex.join([sys.executable, "-m", f"mathbatch.{module}", *arguments])
    # No file may have a byte, so that no folder takes temporary files.
    limited = f"(ulimit -f 0; {command}) 2>&1 | cat"
    done = subprocess.run(["bash", "-c", limited], cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert "can't " in done.stdout
    assert "\n  fix: " in done.stdout
    assert "Traceback" not in done.stdout
