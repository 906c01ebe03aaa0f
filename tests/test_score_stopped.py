"""A scoring command that is stopped, in any way, leaves no process, no draft, and the earlier scores as they were."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest
from support import SCRIPTED, command, environment, left_alive, run, run_dir, wait_for, write_rows

HANGS = "scorer._target_=odd_scorers.HangingScorer"
STUBBORN = "scorer._target_=odd_scorers.StubbornScorer"
FILES = ("scores.jsonl", "metrics.json")


def outside(folder: Path) -> list[str]:
    """Arguments to score answers that were made elsewhere, whose comparisons never end."""
    write_rows(folder / "rows.jsonl", [{"id": str(at), "q": "?", "answer": "1"} for at in range(20)])
    write_rows(folder / "answers.jsonl", [{"id": str(at), "response": "1"} for at in range(20)])
    return [
        "dataset=generic", "dataset.input=rows.jsonl", "dataset.index_field=id", "dataset.query_field=q", "dataset.answer_field=answer",
        "responses.path=answers.jsonl", "output=out",
    ]  # fmt: skip


def begun(folder: Path, out: Path, *arguments: str) -> tuple[subprocess.Popen[str], list[psutil.Process]]:
    """The command once its comparisons hang, in a process group of its own, and all processes below it."""
    process = subprocess.Popen(
        command(*arguments, module="score"), cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    wait_for(lambda: (folder / "hanging").exists(), process)
    assert (out / ".scores.jsonl.draft").exists()
    return process, psutil.Process(process.pid).children(recursive=True)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_at_once(tmp_path: Path, number: signal.Signals, code: int) -> None:
    arguments, out = outside(tmp_path), tmp_path / "out"
    assert run(tmp_path, *arguments, "dataset.scoring=exact", module="score").returncode == 0
    before = [(out / name).read_bytes() for name in FILES]
    process, below = begun(tmp_path, out, *arguments, STUBBORN)
    _stopped(process, below, number, code)
    assert [(out / name).read_bytes() for name in FILES] == before
    assert not list(out.glob(".*.draft"))


def test_ctrl_c_ends_the_scoring_of_a_run_folder(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", [{"id": str(at), "q": "?", "answer": "1"} for at in range(8)])
    fields = ["dataset.index_field=id", "dataset.query_field=q", "dataset.answer_field=answer"]
    done = run(tmp_path, SCRIPTED, "dataset=generic", "dataset.input=rows.jsonl", "dataset.image_field=null", *fields)
    assert done.returncode == 0, done.stderr
    folder = run_dir(tmp_path)
    process, below = begun(tmp_path, folder, f"run_dir={folder}", STUBBORN)
    _stopped(process, below, signal.SIGINT, 130)
    assert not list(folder.glob(".*.draft"))


def test_kill_9_leaves_no_worker(tmp_path: Path) -> None:
    process, below = begun(tmp_path, tmp_path / "out", *outside(tmp_path), HANGS)
    process.kill()
    process.communicate()
    assert len(below) > 2
    assert not left_alive(below)


def _stopped(process: subprocess.Popen[str], below: list[psutil.Process], number: signal.Signals, code: int) -> None:
    os.killpg(process.pid, number)  # as a terminal does
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "Traceback" not in err
    assert not left_alive(below)
