"""Check that the benchmark runs and its figures fit together; how high they are is for a quiet machine to say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bench_parts import fleets, growing, looks, overhead, reporting, scoring, serving, sweeping, throughput
from bench_parts.figures import Figure, Report
from bench_parts.tables import show
from bench_parts.turns import turns
from support.paths import ROOT
from support.processes import run


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("bench")
    command = [sys.executable, ROOT / "scripts" / "bench.py", "overhead", "--quick", "--repeats", "2"]
    done = subprocess.run(
        [*command, "--json", folder / "report.json", "--work", folder / "work"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    loaded: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return loaded


@pytest.mark.process
def test_every_kind_is_measured_in_every_repeat(report: dict[str, Any]) -> None:
    measured = sorted((m["repeat"], m["run"], m["samples"]) for m in report["measurements"])
    kinds = [(kind, size) for kind in ("bare", "fresh") for size in (300, 1000, 3000)] + [("resumed", 3000)]
    assert measured == [(repeat, *kind) for repeat in range(2) for kind in kinds]


@pytest.mark.process
def test_the_loop_alone_is_quicker_than_the_whole_command(report: dict[str, Any]) -> None:
    fresh = [m for m in report["measurements"] if m["run"] == "fresh"]
    assert all(m["loop_samples_per_s"] > m["samples_per_s"] > 0 for m in fresh)


@pytest.mark.process
def test_peak_memory_is_that_of_a_python_process(report: dict[str, Any]) -> None:
    assert all(20 < m["peak_mb"] < 500 for m in report["measurements"] if m["run"] != "bare")


@pytest.mark.process
def test_the_bare_loop_does_the_same_work_in_less_time(report: dict[str, Any]) -> None:
    times = {(m["run"], m["samples"], m["repeat"]): m["wall_s"] for m in report["measurements"]}
    assert all(
        times["bare", size, repeat] < times["fresh", size, repeat] for run, size, repeat in times if run == "fresh"
    )


@pytest.mark.process
def test_a_resume_saves_its_first_answer_before_it_ends(report: dict[str, Any]) -> None:
    resumed = [m for m in report["measurements"] if m["run"] == "resumed"]
    assert all(0 < m["first_answer_s"] <= m["generated_s"] <= m["wall_s"] for m in resumed)


@pytest.mark.process
def test_each_bar_is_judged_by_the_medians(report: dict[str, Any]) -> None:
    for check in report["checks"]:
        relation, bar = check["bar"].split()
        assert check["met"] == (check["value"] >= float(bar) if relation == ">=" else check["value"] <= float(bar))
    assert len(report["checks"]) == 5


@pytest.mark.process
def test_scoring_is_measured_with_its_memory(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "scripts" / "bench.py", "scoring", "--quick", "--repeats", "1"]
    command += ["--json", tmp_path / "report.json", "--work", tmp_path / "work"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert [m["answers"] for m in report["measurements"]] == [200, 400]
    for found in report["measurements"]:
        assert found["cpu_ms_each"] > 0
        assert 20 < found["parent_mb"] < found["workers_mb"] < 2000
        assert found["verdicts"].keys() == {"correct", "wrong"}
        assert 0.5 < found["verdicts"]["correct"] / found["answers"] < 0.7
        assert 0 < found["busy_share"] <= 1.05
    assert len(report["checks"]) == 5


@pytest.mark.process
def test_asking_servers_is_measured_beside_a_bare_loop_and_no_answer_is_lost(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "scripts" / "bench.py", "servers", "--quick", "--repeats", "1"]
    command += ["--json", tmp_path / "report.json", "--work", tmp_path / "work"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert [m["run"] for m in report["measurements"]] == ["bare", "client", "run"]
    assert all(m["lost"] == 0 and m["answered"] == 400 and m["cpu_ms_each"] > 0 for m in report["measurements"])
    assert len(report["checks"]) == 2


@pytest.mark.process
def test_memory_and_time_of_every_command_are_measured_at_each_number_of_rows(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "scripts" / "bench.py", "growth", "--rows", "50", "150", "--repeats", "1"]
    command += ["--json", tmp_path / "report.json", "--work", tmp_path / "work"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    runs = ["fresh", "again", "verify", "resumed", "compare"]
    assert [(m["run"], m["samples"]) for m in report["measurements"]] == [(run, n) for n in (50, 150) for run in runs]
    assert all(20 < m["peak_mb"] < 500 for m in report["measurements"])
    assert len(report["checks"]) == len(runs) + 2


@pytest.mark.process
def test_a_look_is_measured_beside_the_help_of_its_command(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "scripts" / "bench.py", "looks", "--quick", "--repeats", "1"]
    command += ["--json", tmp_path / "report.json", "--work", tmp_path / "work"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert [m["run"] for m in report["measurements"]] == ["show --help", "show", "runs --help", "runs"]
    assert "5 runs below" in (tmp_path / "work" / "log.txt").read_text()
    assert len(report["checks"]) == 2


def test_every_other_repeat_goes_backwards() -> None:
    assert list(turns("abc", 3, "c", 1)) == [(0, "a"), (0, "b"), (0, "c"), (1, "b"), (1, "a"), (2, "a"), (2, "b")]


def measured(workload: str, contender: str, repeat: int, **values: float) -> dict[str, Any]:
    return {"workload": workload, "contender": contender, "repeat": repeat, **values}


def test_a_machine_that_grows_faster_changes_no_ratio() -> None:
    rows = [
        measured("text", contender, repeat, samples_per_s=speed * machine, peak_mb=10 * speed)
        for repeat, machine in enumerate((1, 2, 4))
        for contender, speed in (("mathbatch", 105.0), ("llm_chat", 100.0), ("sync500", 50.0))
        if contender != "sync500" or repeat == 2
    ]
    found = {check.name: (check.value, check.met) for check in throughput.checks(throughput.medians(rows))}
    assert found == {"text: mathbatch / llm_chat": (1.05, True), "text: mathbatch / sync500": (2.1, True)}


def test_separate_runs_are_held_against_the_sweep_beside_them() -> None:
    rows = [
        measured("text", contender, repeat, wall_s=seconds * machine, engine_loads=1)
        for repeat, machine in enumerate((1, 2))
        for contender, seconds in (("sweep", 10.0), ("one_stream", 8.0), ("separate", 40.0))
        if contender != "separate" or repeat == 0
    ]
    found = {check.name: (check.value, check.met) for check in sweeping.checks(sweeping.medians(rows))}
    assert found == {
        "text: sweep / one stream, wall time": (1.25, False),
        "text: engine loads of the sweep": (1, True),
        "text: separate runs / sweep, wall time": (4.0, True),
    }


@pytest.mark.parametrize("part", [growing, looks, overhead, reporting, scoring, serving, sweeping, throughput])
def test_every_figure_can_be_read_at_110_columns(part: Any, capsys: pytest.CaptureFixture[str]) -> None:
    names = {"workload": "pictures, large", "contender": "mathbatch", "run": "fresh", "samples": 1_000_000}
    rows = [names | {key: Figure(123_456.0 + at, 120_000.0, 130_000.0) for at, key in enumerate(part.KEYS)}]
    show(Report("sweep", False, {}, medians=rows))
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 110 for line in lines)
    for at, key in enumerate(part.KEYS):
        assert any(f"{123_456 + at:,}" in line for line in lines), key
    assert not any("…" in line for line in lines)


@pytest.mark.process
def test_each_row_of_the_pair_of_replicas_can_be_asked(tmp_path: Path) -> None:
    arguments = fleets._demo(fleets._demo_rows(tmp_path, 100), tmp_path / "out")
    done = run(tmp_path, *arguments, fleets.SCRIPTED)
    assert done.returncode == 0, done.stdout + done.stderr
