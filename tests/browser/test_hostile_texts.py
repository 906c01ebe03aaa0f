"""Texts of models and datasets stay texts: nothing runs, loads, leads out or changes what is around them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page
from support import hostile_report, hostile_texts
from support.browsers_look import SAMPLE, findings, open_view, walk
from support.browsers_views import DRAWN, go_to
from support.browsers_watch import OpenReport
from support.echo_model import ECHO_MODEL
from support.images import encoded
from support.processes import run

# Rows after which the plain one is looked at again.
LAP = 40
# Of so many rows one is compared; what draws an answer there is what draws it among the samples.
COMPARED = 4
# Texts of which the names in one report are made.
NAMES = 70
# Halves of characters, which JSON can write and UTF-8 can't.
SURROGATES = ["high \ud83d alone", "low \ude00 alone", "\ude00\ud83d in the wrong order"]
FILE_NAMES = (
    "<img src=x onerror=window.__hit=1>.png",
    "a\"b'c`d.png",
    "100%.png",
    "%2e%2e%2f.png",
    "a b#c?d&e.png",
    "\u202egnp.exe",
    "javascript:window.__hit=1",
    "data:,x.png",
    "new\nline.png",
    "\\back\\slash.png",
    "è🙂.png",
)


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


def test_comparison_of_hostile_rows_stays_text(open_report: OpenReport, tmp_path: Path) -> None:
    rows = hostile_texts.names_and_texts()[::COMPARED] + hostile_texts.floods()[:2]
    hostile_report.make(tmp_path, rows, [text for _, text in rows[:-2]])
    page = open_report(tmp_path / "report.html", "#/compare").page
    page.wait_for_selector(SAMPLE)
    assert findings(page) == []
    assert walk(page, "j", len(rows)) == []


def test_names_of_hostile_runs_stay_texts(open_report: OpenReport, tmp_path: Path) -> None:
    texts = [text for _, text in hostile_texts.names_and_texts()]
    for start in range(0, len(texts), NAMES):
        folder = tmp_path / str(start)
        report = hostile_report.make(folder, [("row", texts[start])], texts[start : start + NAMES])
        page = open_report(folder / "report.html").page
        for view in DRAWN:
            go_to(page, view)
            assert findings(page) == [], view
        open_view(page, "/overview?" + urlencode({"run": report.runs[1].key}), "#main h2")
        assert findings(page) == []


def test_hostile_dataset_stays_text_through_a_run(open_report: OpenReport, tmp_path: Path) -> None:
    data, count = _hostile_dataset(tmp_path)
    names = [
        "index_field=id",
        "query_field=question",
        "image_field=picture",
        "answer_field=gold",
        "choices_field=choices",
    ]
    keys = [f"dataset.{name}" for name in (*names, "metadata=[topic]", f"input={data}")]
    done = run(tmp_path, ECHO_MODEL, "dataset=generic", 'model.name="<b onclick=x>"', *keys)
    assert "report.html" in done.stdout, done.stderr
    (report,) = tmp_path.glob("outputs/*/*/*/report.html")
    watched = open_report(report, "#/samples")
    watched.may_read(tmp_path)
    watched.page.wait_for_selector(SAMPLE)
    assert watched.page.locator(".list").get_by_role("option").first.get_attribute("aria-setsize") == str(count)
    assert walk(watched.page, "j", count - 1) == []


def _hostile_dataset(folder: Path) -> tuple[Path, int]:
    """Write rows of hostile texts with pictures of hostile names, and return the file and how many they are."""
    texts = [text for _, text in hostile_texts.names_and_texts() if len(text) < 5_000][::3] + SURROGATES
    rows = []
    for number, text in enumerate(texts):
        picture = None
        if number < len(FILE_NAMES):
            (folder / FILE_NAMES[number]).write_bytes(encoded())
            picture = FILE_NAMES[number]
        row = {"id": f"{number} {text[:200]}", "question": text, "gold": text[:500], "topic": text[:100]}
        rows.append(row | {"picture": picture, "choices": [text[:100], "B"] if number % 2 else None})
    data = folder / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return data, len(rows)


def _plain(page: Page, hostile: Hostile) -> str:
    """Open the row as any dataset has it, and return how it is drawn."""
    open_view(page, hostile.plain())
    return page.inner_html("article.sample .sample-body")
