"""Check that the benchmark of the report runs; how high its figures are is for a quiet machine to say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from support.paths import ROOT


def test_building_and_looking_at_a_report_are_measured(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "scripts" / "bench.py", "report", "--quick", "--repeats", "1"]
    command += ["--json", tmp_path / "report.json", "--work", tmp_path / "work"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    kinds = [(m["run"], m["samples"]) for m in report["measurements"]]
    assert kinds == [(run, n) for n in (100, 300) for run in ("score", "build")] + [("browser", n) for n in (100, 300)]
    assert all(
        m[key] > 0 for m in report["measurements"][4:] for key in ("list_ms", "filter_ms", "search_ms", "page_mb")
    )
    assert len(report["checks"]) == 6
