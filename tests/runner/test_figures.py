"""Test that the manifest tells how fast the attempt was that did the work, however often the command is given again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.processes import run
from support.rows import overrides, questions, write_rows
from support.run_folders import run_dir


def figures(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run_dir(folder) / "manifest.json").read_text())["this_run"]
    return found


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    return overrides(write_rows(tmp_path / "rows.jsonl", questions(20)))


def test_a_run_that_finds_everything_done_keeps_them(tmp_path: Path, command: list[str]) -> None:
    assert run(tmp_path, *command).returncode == 0
    first = figures(tmp_path)
    assert first["answered"] == 20
    assert first["output_tokens_per_s"] > 0
    for _ in range(2):
        assert run(tmp_path, *command).returncode == 0
        assert figures(tmp_path) == first


def test_they_outlive_a_run_that_was_stopped_before_its_manifest(tmp_path: Path, command: list[str]) -> None:
    assert run(tmp_path, *command).returncode == 0
    first = figures(tmp_path)
    for name in ("manifest.json", "results.jsonl"):
        (run_dir(tmp_path) / name).unlink()
    assert run(tmp_path, *command).returncode == 0
    assert figures(tmp_path) == first


def test_a_run_that_answers_more_tells_its_own(tmp_path: Path, command: list[str]) -> None:
    assert run(tmp_path, *command, "dataset.limit=15").returncode == 0
    assert figures(tmp_path)["answered"] == 15
    assert run(tmp_path, *command).returncode == 0
    assert figures(tmp_path)["answered"] == 5


def test_an_attempt_that_saved_only_failures_tells_its_own(tmp_path: Path, command: list[str]) -> None:
    fails = [*command, "model.engine.fail_on=What", "dataset.limit=15"]
    assert run(tmp_path, *fails).returncode == 1
    assert figures(tmp_path)["answered"] == 0
    assert run(tmp_path, *fails).returncode == 1
    assert figures(tmp_path)["answered"] == 0
