"""Texts of models and datasets stay texts: nothing runs, loads, leads out or changes what is around them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page
from support import hostile_report, hostile_texts
from support.browsers_look import findings, open_view, walk
from support.browsers_watch import OpenReport

# Rows after which the plain one is looked at again.
LAP = 40


@dataclass(frozen=True)
class Hostile:
    """Report of hostile rows: its page, the keys of its runs and how many rows they have."""

    page: Path
    runs: list[str]
    rows: list[tuple[str, str]]

    def sample(self, at: int) -> str:
        """Return the address of the row at this position, without its '#'."""
        name, text = self.rows[at]
        return "/samples?" + urlencode({"run": self.runs[0], "id": hostile_report.id_of(name, text)})

    def plain(self) -> str:
        """Return the address of the row as any dataset has it, without its '#'."""
        return "/samples?" + urlencode({"run": self.runs[0], "id": hostile_report.PLAIN})


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Hostile:
    """Return a report of which everything is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    rows = hostile_texts.names_and_texts() + hostile_texts.floods()
    report = hostile_report.make(folder, rows, [text for _, text in rows[:-8]])
    return Hostile(folder / "report.html", [run.key for run in report.runs], rows)


def test_samples_of_hostile_rows_stay_texts(hostile: Hostile, open_report: OpenReport) -> None:
    assert len({text for _, text in hostile.rows}) > 300
    page = open_report(hostile.page, "#" + hostile.plain()).page
    page.wait_for_selector("article.sample")
    open_view(page, hostile.sample(0))
    neighbour = _plain(page, hostile)
    for start in range(0, len(hostile.rows), LAP):
        open_view(page, hostile.sample(start))
        assert findings(page) == []
        assert walk(page, "j", min(LAP, len(hostile.rows) - start) - 1) == []
        assert _plain(page, hostile) == neighbour


def _plain(page: Page, hostile: Hostile) -> str:
    """Open the row as any dataset has it, and return how it is drawn."""
    open_view(page, hostile.plain())
    return page.inner_html("article.sample .sample-body")
