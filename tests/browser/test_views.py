"""A report opens by double click: every view is drawn, at each width, with nothing but the files beside it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page
from support.browsers import WIDTHS
from support.browsers_look import SAMPLE
from support.browsers_views import DRAWN, go_to
from support.browsers_watch import OpenReport
from support.finished_runs import Finished

# Elements that a view is made of, in a report of two runs.
PARTS = {
    "overview": ["svg", "table"],
    "samples": [".list-row", "form.filters", "h2", ".verdict", ".formula .katex", ".mark-open", ".shown-count"],
    "compare": [".list-row", "form.filters", ".sentence", "text=McNemar", ".pair-panel svg", "h2", ".outcome"],
}


@pytest.mark.parametrize("width", WIDTHS)
def test_each_view_is_drawn_and_fits_the_window(finished: Finished, open_report: OpenReport, width: int) -> None:
    page = open_report(finished.sweep, width=width).page
    for view in DRAWN:
        go_to(page, view)
        for part in PARTS[view]:
            assert page.locator(part).count(), (view, part)
        assert _too_wide(page) == 0, (view, width)


def test_report_of_one_run_has_its_pictures_and_no_comparison(finished: Finished, open_report: OpenReport) -> None:
    page = open_report(finished.runs[0], "#/samples?id=1").page
    page.wait_for_selector(SAMPLE)
    assert page.title().startswith("Samples")
    assert page.locator("nav a").all_inner_texts() == ["Overview", "Samples"]
    page.wait_for_function("[...document.querySelectorAll('.picture img')].every((image) => image.complete)")
    assert page.eval_on_selector_all(
        ".picture img", "images => images.map(({ naturalWidth }) => naturalWidth > 0)"
    ) == [True]


def test_report_opens_where_its_folder_was_moved_to(
    finished: Finished, open_report: OpenReport, tmp_path: Path
) -> None:
    moved = tmp_path / "a folder, moved # and % renamed"
    shutil.copytree(finished.runs[0].parent, moved)
    page = open_report(moved / "report.html", "#/samples?id=1").page
    page.wait_for_selector(".picture img")
    assert page.locator(f"{SAMPLE} h2").inner_text() == "1"


def test_view_of_wrong_samples_has_a_link_that_opens_it_again(finished: Finished, open_report: OpenReport) -> None:
    watched = open_report(finished.sweep, "#/samples?verdict=wrong")
    page = watched.page
    page.wait_for_selector(SAMPLE)
    shown = page.locator(".shown-count").inner_text()
    assert " of 92 " in shown
    page.keyboard.press("j")
    second = page.locator(f"{SAMPLE} h2").inner_text()
    page.wait_for_function("id => location.hash.includes(`id=${id}`)", arg=second)
    again = open_report(finished.sweep, "#" + page.url.partition("#")[2]).page
    again.wait_for_selector(SAMPLE)
    assert again.locator(f"{SAMPLE} h2").inner_text() == second
    assert again.locator(".shown-count").inner_text() == shown


def _too_wide(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
