"""Open views of a report in a browser, and look for what a hostile text could have left in the page."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

# Element that the samples view makes anew for each sample.
SAMPLE = "article.sample"


def open_view(page: Page, address: str, drawn: str = SAMPLE) -> None:
    """Open a view by the part of its address behind `#`, with all that is folded in it, once it draws no more.

    `drawn` selects the element that the view makes anew.
    """
    page.evaluate("([hash, drawn]) => __look.open(hash, drawn)", [address, drawn])


def walk(page: Page, key: str, times: int, drawn: str = SAMPLE) -> list[tuple[str, list[str]]]:
    """Press a key so many times and return what then was in the page and does not come from it."""
    found: list[Any] = page.evaluate("([key, times, drawn]) => __look.walk(key, times, drawn)", [key, times, drawn])
    return [(str(name), [str(one) for one in bad]) for name, bad in found]


def findings(page: Page) -> list[str]:
    """Return what in the page does not come from it."""
    found: list[Any] = page.evaluate("__look.audit()")
    return [str(one) for one in found]
