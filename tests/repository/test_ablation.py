"""Test that the script that removes each rule for reading answers counts the verdicts that change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import ROOT

pytestmark = pytest.mark.process


def test_each_rule_is_counted_by_the_verdicts_that_it_decides(tmp_path: Path) -> None:
    solutions = [("It has 3 * 4 = <<3*4=12>>12 legs\nA: 12", True), ("It has 3 + 4 = <<3+4=7>>7 legs\nA: 7", False)]
    row = {
        "question": "How many legs have three dogs?",
        "ground_truth": "3 * 4 = 12\nA: 12",
        **{f"model {at}": {"solution": text, "is_correct": right} for at, (text, right) in enumerate(solutions)},
    }
    (tmp_path / "gsm8k").mkdir()
    (tmp_path / "gsm8k" / "example_model_solutions.jsonl").write_text(f"{json.dumps(row)}\n", encoding="utf-8")
    table = tmp_path / "auto.jsonl"
    table.write_text('{"gold": "9", "response": "4 + 5 is \\\\boxed{9}", "verdict": "correct"}\n', encoding="utf-8")
    command = [
        sys.executable,
        ROOT / "scripts" / "ablation.py",
        tmp_path,
        "--cases",
        table,
        "--json",
        tmp_path / "counts",
    ]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    assert "real answers: 6; of 6 verdicts that are known 6 agree" in done.stdout
    assert "cases answers: 1; of 1 verdicts that are known 1 agree" in done.stdout
    counts = {name.split(" ")[-1]: own for name, own in json.loads((tmp_path / "counts").read_text()).items()}
    assert counts["boxed()"]["cases matched"] == 1
    assert sum(own.get("worse", 0) for own in counts.values()) > 0
    assert "change no verdict on a real answer" in done.stdout
