"""Marks that a person makes in the page are taken in by the command that scores."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from playwright.sync_api import Page
from support.browsers_look import SAMPLE
from support.browsers_watch import OpenReport
from support.finished_runs import Finished
from support.processes import run


def test_two_marks_are_saved_and_counted_by_score(finished: Finished, open_report: OpenReport, tmp_path: Path) -> None:
    folder = finished.runs[0].parent
    watched = open_report(finished.runs[0], "#/samples?verdict=wrong")
    page = watched.page
    page.wait_for_selector(SAMPLE)
    marked = [
        _mark(page, "Extraction", "correct", "it says so"),
        _mark(page, "Gold", "unscored", "<b>no</b> \u202egold"),
    ]
    page.locator("details.marks summary").click()
    assert page.locator(".mark-list li").count() == 2
    page.get_by_role("button", name="Save marks").click()
    saved = watched.saved()
    content = json.loads(saved.read_text())
    assert [(one["id"], one["verdict"]) for one in content["marks"]] == [
        (marked[0], "correct"),
        (marked[1], "unscored"),
    ]
    assert "python -m mathbatch.score run_dir=" in page.locator(".command").inner_text()

    copied = tmp_path / folder.name
    shutil.copytree(folder, copied)
    before = json.loads((copied / "metrics.json").read_text())
    done = run(tmp_path, f"run_dir={copied}", f"marks={saved}", module="score")
    assert done.returncode == 0, done.stderr
    after = json.loads((copied / "metrics.json").read_text())
    assert after["accuracy"] == before["accuracy"]
    assert after["marks"]["correct"] == before["correct"] + 1
    assert after["marks"]["judged"] == before["judged"] - 1
    lines = [json.loads(line) for line in (copied / "scores.jsonl").read_text().splitlines()]
    assert {line["id"]: line["mark"]["note"] for line in lines if line.get("mark")} == {
        marked[0]: "it says so",
        marked[1]: "<b>no</b> \u202egold",
    }


def _mark(page: Page, fault: str, verdict: str, note: str) -> str:
    """Mark the verdict that is shown, go to the next sample, and return the id of the marked one."""
    marked = page.locator(f"{SAMPLE} h2").inner_text()
    page.keyboard.press("m")
    form = page.locator(".mark-form")
    form.get_by_label(fault).check()
    form.locator(f"input[name=should][value={verdict}]").check()
    form.locator("textarea").fill(note)
    form.get_by_role("button", name="Mark", exact=True).click()
    page.locator(".triage").get_by_text(note[:2]).first.wait_for()
    page.keyboard.press("j")
    page.wait_for_function("id => document.querySelector('article.sample h2').innerText !== id", arg=marked)
    return marked
