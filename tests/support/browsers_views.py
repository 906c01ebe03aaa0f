"""Name the views of a report, and go to them."""

from __future__ import annotations

from playwright.sync_api import Page

from support.browsers_look import SAMPLE

# Elements that are there once a view is drawn.
DRAWN = {"overview": "#main h2", "samples": f"{SAMPLE} .answer-text", "compare": ".compare .column .scrolled"}


def go_to(page: Page, view: str) -> None:
    """Go to a view of the report and wait until it is drawn."""
    page.evaluate("view => { location.hash = `#/${view}` }", view)
    page.wait_for_selector(DRAWN[view], state="attached")
