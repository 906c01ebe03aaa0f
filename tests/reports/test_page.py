"""Check that the report's page loads only files beside it, and that its colours can be read in light and dark."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from mathbatch.reports.html.page import HERE, write_page

APP = HERE / "app"
TEXTS = ("ink", "muted", "accent", "correct", "wrong", "no-answer", "unscored", "failed")
# Least contrasts of WCAG 2.2 AA: 1.4.3 for texts, 1.4.11 for the edges of controls and for the focus.
LEAST_TEXT, LEAST_EDGE = 4.5, 3.0


def colours() -> dict[str, tuple[str, str]]:
    """Return the colours of `base.css` by name, light and dark."""
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", (APP / "base.css").read_text())
    return {name: (light, dark) for name, light, dark in found}


def luminance(colour: str) -> float:
    """Return the relative luminance of "#rrggbb" as WCAG defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(("name", "ground"), [*product(TEXTS, ("bg", "panel"))])
def test_texts_can_be_read_in_light_and_dark(name: str, ground: str) -> None:
    known = colours()
    for text, behind in zip(known[name], known[ground], strict=True):
        assert contrast(text, behind) >= LEAST_TEXT


@pytest.mark.parametrize("name", ["edge", "focus"])
def test_controls_and_the_focus_can_be_seen_in_light_and_dark(name: str) -> None:
    known = colours()
    for line, behind in zip(known[name], known["bg"], strict=True):
        assert contrast(line, behind) >= LEAST_EDGE


def test_the_page_loads_only_files_beside_it_and_runs_nothing_of_its_own_text(tmp_path: Path) -> None:
    write_page(tmp_path, "<script>alert(1)</script>")
    page = (tmp_path / "report.html").read_text()
    for address in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert address == "data:," or (tmp_path / address).is_file()
    assert "unsafe" not in page
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", page)
