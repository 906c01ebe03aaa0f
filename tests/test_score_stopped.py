"""A scoring command that is stopped, in any way, leaves no process, no draft, and the earlier scores as they were."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from support import ROOT, SCRIPTED, command, run, run_dir, write_rows

HANGS = "scorer._target_=odd_scorers.OddScorer"
FILES = ("scores.jsonl", "metrics.json")


def outside(folder: Path) -> list[str]:
    """Arguments to score answers that were made elsewhere, whose comparisons never end."""
    write_rows(folder / "rows.jsonl", [{"id": str(at), "q": "?", "answer": "1"} for at in range(20)])
    write_rows(folder / "answers.jsonl", [{"id": str(at), "response": "hangs in C"} for at in range(20)])
    return [
        "dataset=generic", "dataset.input=rows.jsonl", "dataset.index_field=id", "dataset.query_field=q", "dataset.answer_field=answer",
        "responses.path=answers.jsonl", "output=out",
    ]  # fmt: skip


def begun(folder: Path, out: Path, *arguments: str) -> tuple[subprocess.Popen[str], list[psutil.Process]]:
    """The command once its comparisons hang, in a process group of its own, and all processes below it."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    process = subprocess.Popen(
        command(*arguments, module="score"), cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        below = psutil.Process(process.pid).children(recursive=True)
        if (out / ".scores.jsonl.draft").exists() and sum(one.cpu_times().user > 0.3 for one in below[1:]) > 1:
            return process, below
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    raise AssertionError("scoring did not begin")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_at_once(tmp_path: Path, number: signal.Signals, code: int) -> None:
    arguments, out = outside(tmp_path), tmp_path / "out"
    assert run(tmp_path, *arguments, "dataset.scoring=exact", module="score").returncode == 0
    before = [(out / name).read_bytes() for name in FILES]
    process, below = begun(tmp_path, out, *arguments, HANGS)
    _stopped(process, below, number, code)
    assert [(out / name).read_bytes() for name in FILES] == before
    assert not list(out.glob(".*.draft"))


def test_ctrl_c_ends_the_scoring_of_a_run_folder(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", [{"id": str(at), "q": "hangs in C", "answer": "1"} for at in range(8)])
    fields = ["dataset.index_field=id", "dataset.query_field=q", "dataset.answer_field=answer"]
    done = run(tmp_path, SCRIPTED, "dataset=generic", "dataset.input=rows.jsonl", "dataset.image_field=null", *fields)
    assert done.returncode == 0, done.stderr
    folder = run_dir(tmp_path)
    process, below = begun(tmp_path, folder, f"run_dir={folder}", "scorer._target_=odd_scorers.HangingScorer")
    _stopped(process, below, signal.SIGINT, 130)
    assert not list(folder.glob(".*.draft"))


def test_kill_9_leaves_no_worker(tmp_path: Path) -> None:
    process, below = begun(tmp_path, tmp_path / "out", *outside(tmp_path), HANGS)
    process.kill()
    process.communicate()
    gone, alive = psutil.wait_procs(below, timeout=10)
    assert not alive
    assert len(gone) > 2


def _stopped(process: subprocess.Popen[str], below: list[psutil.Process], number: signal.Signals, code: int) -> None:
    os.killpg(process.pid, number)  # as a terminal does
    _, err = process.communicate(timeout=5)
    assert process.returncode == code, err
    assert "Traceback" not in err
    assert not psutil.wait_procs(below, timeout=3)[1]
