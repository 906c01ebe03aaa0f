"""Two runs in one process don't know of each other: no state of the first one changes the second."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.processes import environment
from support.rows import overrides, questions, write_rows
from support.run_folders import run_dirs

# Runs one command line after another, and prints what each came to.
RUNS = """
import json, sys
from mathbatch.commands import run
from mathbatch.errors import MathBatchError

for arguments in json.loads(sys.argv[1]):
    sys.argv[1:] = arguments
    try:
        code = run.main()
    except MathBatchError as error:
        code = f"refused: {error}".splitlines()[0]
    except KeyboardInterrupt as stopped:
        code = f"stopped: {stopped}"
    except SystemExit as ended:
        code = ended.code
    print("ended with", code, file=sys.stderr, flush=True)
"""


def run_in_one_process(folder: Path, *lines: list[str]) -> list[str]:
    """Return what each command line came to, as the process tells it."""
    done = subprocess.run(
        [sys.executable, "-c", RUNS, json.dumps(lines)],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    ends = [line for line in done.stderr.splitlines() if line.startswith("ended with ")]
    assert len(ends) == len(lines), done.stderr
    return [end.removeprefix("ended with ") for end in ends]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl", questions(30))


def test_each_run_has_an_exit_code_of_its_own(tmp_path: Path, rows: Path) -> None:
    fails = overrides(rows, "model.engine.fail_on=12 +", "output_dir=outputs")
    works = overrides(rows, "output_dir=outputs")
    assert run_in_one_process(tmp_path, fails, works, ["sampling.n=0"], works) == [
        *("1", "0"),
        *("refused: sampling.n: 0 is out of range", "0"),
    ]


def test_a_sweep_before_a_run_does_not_report_in_it_and_a_second_sweep_begins_anew(tmp_path: Path, rows: Path) -> None:
    fails = ["-m", *overrides(rows, "model.engine.fail_on=12 +", "sampling.temperature=0,0.5")]
    works = overrides(rows)
    sweep = ["-m", *overrides(rows, "sampling.temperature=0,0.7")]
    assert run_in_one_process(tmp_path, fails, works, sweep) == ["1", "0", "0"]
    reports = sorted(tmp_path.glob("outputs/sweeps/*/sweep.json"), key=lambda path: path.stat().st_mtime_ns)
    assert [statuses(path) for path in reports] == [["complete"] * 2] * 2
    assert len(run_dirs(tmp_path)) == 4


def test_each_run_stops_by_steps_at_its_own_first_ctrl_c(tmp_path: Path, rows: Path) -> None:
    """With shared state the second run's first Ctrl-C would be its second: what is in flight would be thrown away."""
    stops = ["model._target_=support.interrupting_model.InterruptingModel", *overrides(rows)[1:], "batch_size=4"]
    ends = run_in_one_process(tmp_path, stops, stops, stops, overrides(rows))
    assert ends == ["130", "130", "130", "0"]
    stopping = [folder for folder in run_dirs(tmp_path) if len(list(folder.glob("responses/*"))) == 3]
    assert len(stopping) == 1
    for segment in stopping[0].glob("responses/*"):
        assert len(segment.read_bytes().splitlines()) >= 4, "what was in flight was finished and saved"


def statuses(path: Path) -> list[Any]:
    return [job["status"] for job in json.loads(path.read_text())["jobs"]]
