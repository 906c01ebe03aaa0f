"""Nothing in the report stands against WCAG 2.2 AA, in light and dark, on a desktop and on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from support.browsers_views import DRAWN, go_to
from support.browsers_watch import OpenReport
from support.finished_runs import Finished

# Without `preload: False` it would load the styles by requests of its own, which the page's policy refuses.
OPTIONS = {
    "preload": False,
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
}


@pytest.mark.parametrize(("width", "colours"), [(1440, "Light"), (1440, "Dark"), (390, "Light"), (390, "Dark")])
def test_no_view_stands_against_wcag(finished: Finished, open_report: OpenReport, width: int, colours: str) -> None:
    page = open_report(finished.sweep, width=width).page
    page.get_by_label("Colours").select_option(colours.lower())
    found = {}
    for view in DRAWN:
        go_to(page, view)
        found[view] = _violations(page)
    go_to(page, "samples")
    page.locator(".mark-open").click()
    page.keyboard.press("Escape")
    found["samples, marking"] = _violations(page)
    page.locator("h2").last.focus()
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")
    found["samples, list of keys"] = _violations(page)
    assert {view: bad for view, bad in found.items() if bad} == {}


def _violations(page: Page) -> list[str]:
    """Return the rules that the page breaks, with the first elements that do."""
    found: dict[str, Any] = Axe().run(page, options=OPTIONS).response
    return [
        f"{broken['id']} ({broken['help']}): {node['html'][:200]} {node.get('failureSummary', '')[-300:]}"
        for broken in found["violations"]
        for node in broken["nodes"][:4]
    ]
