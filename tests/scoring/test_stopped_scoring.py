"""Check that a scoring command, however stopped, leaves no process, no draft, and the earlier scores."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import psutil
import pytest
from support.processes import Command, left_alive, run, start, wait_for
from support.rows import SCRIPTED, overrides, write_rows
from support.run_folders import records, run_dir

pytestmark = pytest.mark.process

HANGS = "scorer._target_=support.odd_scorers.HangingScorer"
STUBBORN = "scorer._target_=support.odd_scorers.StubbornScorer"
FILES = ("scores.jsonl", "metrics.json")


def outside(folder: Path) -> list[str]:
    """Arguments to score answers that were made elsewhere, whose comparisons never end."""
    write_rows(folder / "rows.jsonl", [{"id": str(at), "q": "?", "answer": "1"} for at in range(20)])
    write_rows(folder / "answers.jsonl", [{"id": str(at), "response": "1"} for at in range(20)])
    return [
        "dataset=generic",
        "dataset.input=rows.jsonl",
        "dataset.index_field=id",
        "dataset.query_field=q",
        "dataset.answer_field=answer",
        "responses.path=answers.jsonl",
        "output=out",
    ]


def begun(
    folder: Path, out: Path, *arguments: str, module: str = "score", sign: str = "hanging"
) -> tuple[Command, list[psutil.Process]]:
    """Start the command and wait until its comparisons hang, or until that other file is there.

    Return it and all processes below it. `out` may be a pattern.
    """
    process = start(folder, *arguments, module=module)
    draft = f"{out.relative_to(folder)}/.scores.jsonl.draft"
    wait_for(lambda: any(folder.glob(sign or draft)), process)
    assert any(folder.glob(draft))
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


def scripted(folder: Path) -> list[str]:
    """Arguments of a run whose scoring does not end while there is a file `hold`."""
    rows = [{"sample_index": str(at), "query_cot": "?", "gold": "one"} for at in range(20)]
    data = write_rows(folder / "rows.jsonl", rows)
    (folder / "hold").touch()
    return overrides(
        data, "model.engine.say=one", "dataset.answer_field=gold", "scorer._target_=support.odd_scorers.HeldScorer"
    )


@pytest.mark.parametrize(("times", "whole_group"), [(1, False), (2, True)])
def test_ctrl_c_while_a_run_scores_ends_it_soon_and_the_same_command_scores_it_whole(
    tmp_path: Path, times: int, whole_group: bool
) -> None:
    arguments = scripted(tmp_path)
    process, below = begun(tmp_path, tmp_path / "outputs/*/*/*", *arguments, module="run")
    said = _stopped(process, below, signal.SIGINT, 130, times, whole_group)
    folder = run_dir(tmp_path)
    assert "the same command goes on from here" in said
    assert f"not scored: the same command does it, or python -m mathbatch.score run_dir={folder}" in said
    assert not [name for name in (*FILES, "manifest.json") if (folder / name).exists()]
    assert not list(folder.glob(".*.draft"))
    assert len(records(folder)) == 20
    _scored_whole(tmp_path, arguments)


def test_what_a_stopped_run_has_answered_can_be_scored_alone(tmp_path: Path) -> None:
    process, below = begun(tmp_path, tmp_path / "outputs/*/*/*", *scripted(tmp_path), module="run")
    _stopped(process, below, signal.SIGTERM, 143)
    _scored_whole(tmp_path, [f"run_dir={run_dir(tmp_path)}"], module="score")


@pytest.mark.parametrize("after_s", [0.0, 0.4, 0.8])
def test_ctrl_c_while_workers_start_leaves_no_traceback_and_no_process(tmp_path: Path, after_s: float) -> None:
    arguments = [*outside(tmp_path), "scorer._target_=support.odd_scorers.HeavyScorer"]
    process, _ = begun(tmp_path, tmp_path / "out", *arguments, sign="")
    time.sleep(after_s)
    _stopped(process, psutil.Process(process.pid).children(recursive=True), signal.SIGINT, 130, 2)
    assert not list((tmp_path / "out").glob("*.json*"))


def _scored_whole(folder: Path, arguments: list[str], module: str = "run") -> None:
    (folder / "hold").unlink()
    done = run(folder, *arguments, module=module)
    assert done.returncode == 0, done.stderr
    assert "100.0%" in done.stdout
    assert len((run_dir(folder) / "scores.jsonl").read_text().splitlines()) == 20
    assert len(records(run_dir(folder))) == 20, "nothing is answered twice"


def _stopped(
    process: Command,
    below: list[psutil.Process],
    number: signal.Signals,
    code: int,
    times: int = 1,
    whole_group: bool = True,
) -> str:
    """Send the signal, so many times, and wait for the end; returns what was printed."""
    for _ in range(times):
        if whole_group:
            # As a terminal does. The signal before may have ended it: the exit code below tells.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        time.sleep(0.2 * (times - 1))
    out, err = process.communicate(timeout=300)
    assert process.returncode == code, err
    assert "Traceback" not in out + err
    assert not left_alive(below)
    return out
