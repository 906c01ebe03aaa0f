"""A report opens by double click: every view is drawn, at each width, with nothing but its own folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import made_up_report
from support.browsers_watch import OpenReport


@pytest.fixture(scope="session")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of a report of made-up rows."""
    folder = tmp_path_factory.mktemp("made-up")
    made_up_report.make(folder, rows=300, runs=2)
    return folder / "report.html"


def test_report_is_drawn(made_up: Path, open_report: OpenReport) -> None:
    page = open_report(made_up).page
    page.wait_for_selector("#app > *")
    assert page.title() == "qwen on made-up"
