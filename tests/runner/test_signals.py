"""Check that whatever stops a run, on a terminal or elsewhere, costs nothing that was in flight."""

from __future__ import annotations

import json
import random
import signal
from pathlib import Path

import pytest
from support.held_model import HELD, begun, hold_after, let_go
from support.processes import run, start, wait_for, wait_until_said
from support.rows import overrides, questions, write_rows
from support.run_folders import records, results, run_dir, run_dirs, saved
from support.terminals import CTRL_C, Terminal

pytestmark = pytest.mark.process

ROWS = 200
# As schedulers set it: 90 bytes are too many for the sockets of an engine.
LONG_NAME = "job-" + "0123456789" * 9


@pytest.fixture
def held(tmp_path: Path) -> list[str]:
    """Arguments of a run that answers eight units and holds the next four."""
    hold_after(tmp_path, 8)
    return overrides(write_rows(tmp_path / "rows.jsonl", questions(ROWS)), HELD, "batch_size=4")


@pytest.mark.usefixtures("vllm")
def test_ctrl_c_on_a_terminal_loses_nothing_in_flight_on_the_real_engine_even_if_tmpdir_is_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = random.randrange(2**32)
    print(f"seed={seed}")
    moment = random.Random(seed).randint(1, 60)
    (tmp_path / LONG_NAME).mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / LONG_NAME))
    arguments = ("sampling.n=3", "sampling.temperature=1", "batch_size=32")
    with Terminal(tmp_path, *arguments, vllm=True) as terminal:
        wait_for(lambda: run_dirs(tmp_path) and saved(tmp_path) >= moment, terminal.process)
        terminal.press(CTRL_C)
        code, shown = terminal.wait()
    assert code == 130, shown
    assert "in flight will be finished and saved" in shown
    stopped = records(run_dir(tmp_path))
    assert not [record for record in stopped if record.get("failure")], f"seed {seed}"
    done = run(tmp_path, *arguments, vllm=True)
    assert done.returncode == 0, done.stderr
    found = records(run_dir(tmp_path))
    assert found[: len(stopped)] == stopped
    units = [(record["id"], record.get("rollout", 0)) for record in found]
    assert len(set(units)) == len(units) == 3 * len(results(run_dir(tmp_path)))
    assert " ERROR " not in (run_dir(tmp_path) / "run.log").read_text(), "nothing went wrong"


def test_a_terminal_that_is_closed_stops_the_run_and_what_is_in_flight_is_saved(
    tmp_path: Path, held: list[str]
) -> None:
    with Terminal(tmp_path, *held) as terminal:
        wait_for(lambda: len(begun(tmp_path)) == 12, terminal.process)
        terminal.close()
        let_go(tmp_path)
        assert terminal.wait()[0] == 129
    _check_stopped_and_completed(tmp_path, held)
    assert "Traceback" not in (run_dir(tmp_path) / "run.log").read_text()


def test_a_run_under_nohup_goes_on_when_its_terminal_is_closed(tmp_path: Path, held: list[str]) -> None:
    with Terminal(tmp_path, *held, prepare=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as terminal:
        wait_for(lambda: len(begun(tmp_path)) == 12, terminal.process)
        terminal.close()
        let_go(tmp_path)
        assert terminal.wait()[0] == 0
    assert len(results(run_dir(tmp_path))) == ROWS
    assert "Traceback" not in (run_dir(tmp_path) / "run.log").read_text()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGHUP, 129), (signal.SIGTERM, 143)])
def test_a_signal_that_one_event_sends_twice_still_lets_what_is_in_flight_finish(
    number: signal.Signals, code: int, tmp_path: Path, held: list[str]
) -> None:
    process = start(tmp_path, *held)
    wait_for(lambda: len(begun(tmp_path)) == 12, process)
    process.send_signal(number)
    wait_until_said("4 in flight will be finished and saved; Ctrl-C to stop at once", process)
    process.send_signal(number)
    process.send_signal(number)
    let_go(tmp_path)
    process.communicate(timeout=300)
    assert process.returncode == code
    _check_stopped_and_completed(tmp_path, held)


def _check_stopped_and_completed(folder: Path, arguments: list[str]) -> None:
    """Check that all that was begun is saved, and that the same command answers the rest."""
    ids = [record["id"] for record in records(run_dir(folder))]
    assert sorted(ids) == sorted(begun(folder))
    assert 12 <= len(ids) < ROWS
    assert run(folder, *arguments).returncode == 0
    found = records(run_dir(folder))
    assert [record["id"] for record in found[: len(ids)]] == ids
    assert len(found) == ROWS
    assert json.loads((run_dir(folder) / "manifest.json").read_text())["answered"] == ROWS
