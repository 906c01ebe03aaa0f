"""Compare what a run has written at its end with what its records give."""

from __future__ import annotations

import filecmp
import tempfile
from pathlib import Path

from mathbatch.commands.verify.report import Report
from mathbatch.runner import results
from mathbatch.runner.components import Components


def check_outputs(components: Components, report: Report) -> None:
    """Note results and a manifest that are missing, and results that differ from the records."""
    path = results.results_path(components)
    if not path.is_file():
        report.results.add(f"there is no {path.name}")
        return
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch) / path.name
        results.export(components, fresh)
        if not filecmp.cmp(path, fresh, shallow=False):
            report.results.add(f"{path.name} differs from the records")
    if not (components.run_dir / "manifest.json").is_file():
        report.results.add("there is no manifest.json: the run did not come to its end")
