"""All of the report can be used by keyboard, and one sees where one is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from support.browsers_look import SAMPLE
from support.browsers_views import DRAWN
from support.browsers_watch import OpenReport
from support.finished_runs import Finished

import mathbatch

# Presses of Tab after which no view has further elements before its list of samples is reached.
MOST = 400

# Says of the focused element what it is, where it lies and whether one sees that it has the focus.
FOCUSED = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const seen = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
  const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
  return { name: element.outerHTML.slice(0, 120), number: [...document.querySelectorAll('*')].indexOf(element),
           seen, marked: outlined || style.boxShadow !== 'none' };
}"""

# Tab finds one radio of each group, and of a plot's bars and the words beside them only the words.
PASSABLE = """() => {
  const all = [...document.querySelectorAll('*')];
  const pressed = 'a[href], button:enabled, input:not([type=radio]), select, textarea, summary';
  const shown = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length;
  return all.filter((element) => element.matches(pressed) && element.tabIndex >= 0 && shown(element))
    .map((element) => [all.indexOf(element), element.outerHTML.slice(0, 120)]);
}"""


@pytest.mark.parametrize("view", list(DRAWN))
def test_tab_goes_through_a_view_in_order_and_shows_where_it_is(
    finished: Finished, open_report: OpenReport, view: str
) -> None:
    page = open_report(finished.sweep, f"#/{view}").page
    page.wait_for_selector(DRAWN[view], state="attached")
    passed = _tabs(page)
    assert len(passed) > 5
    assert [one["name"] for one in passed if not (one["seen"] and one["marked"])] == []
    numbers = [one["number"] for one in passed]
    assert numbers == sorted(numbers)
    assert {at: name for at, name in _passable(page).items() if at not in numbers} == {}


def test_keys_step_through_samples_and_do_nothing_in_a_field(finished: Finished, open_report: OpenReport) -> None:
    page = open_report(finished.sweep, "#/samples").page
    page.wait_for_selector(SAMPLE)
    first = _id(page)
    page.keyboard.press("j")
    page.wait_for_function("id => document.querySelector('article.sample h2').innerText !== id", arg=first)
    second = _id(page)
    page.keyboard.press("k")
    page.wait_for_function("id => document.querySelector('article.sample h2').innerText !== id", arg=second)
    assert _id(page) == first
    page.keyboard.press("/")
    page.keyboard.type("jk?")
    assert page.locator("input[type=search]").input_value() == "jk?"
    assert page.locator("dialog[open]").count() == 0


def test_list_of_samples_is_a_listbox_that_arrows_move_through(finished: Finished, open_report: OpenReport) -> None:
    page = open_report(finished.sweep, "#/samples").page
    page.wait_for_selector(SAMPLE)
    first = _id(page)
    page.locator("[role=listbox]").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("id => document.querySelector('article.sample h2').innerText !== id", arg=first)
    chosen = page.locator("[role=option][aria-selected=true]")
    assert chosen.count() == 1
    assert chosen.locator(".row-id").inner_text() == _id(page)
    assert page.locator("[role=listbox]").get_attribute("aria-activedescendant") == chosen.get_attribute("id")


def test_dialog_keeps_the_focus_and_gives_it_back(finished: Finished, open_report: OpenReport) -> None:
    watched = open_report(finished.sweep, "#/samples?id=1")
    watched.may_read(Path(mathbatch.__file__).parent / "demo")  # The original of the picture stays where it was.
    page = watched.page
    page.wait_for_selector(".picture img")
    page.locator("figure.picture button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    assert page.evaluate("document.querySelector('dialog').contains(document.activeElement)")
    page.keyboard.press("Escape")
    page.wait_for_function("!document.querySelector('dialog')")
    assert page.evaluate("document.activeElement.closest('figure.picture') !== null")


def _tabs(page: Page) -> list[dict[str, Any]]:
    """Press Tab until the focus leaves the page or comes back to where it was first."""
    passed: list[dict[str, Any]] = []
    for _ in range(MOST):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUSED)
        if found is None or (passed and found["number"] == passed[0]["number"]):
            return passed
        passed.append(found)
    raise AssertionError(f"Tab has passed {MOST} elements, the last {passed[-1]}")


def _passable(page: Page) -> dict[int, str]:
    """Return all elements that are shown and that a pointer could press, by their numbers."""
    found: list[tuple[int, str]] = page.evaluate(PASSABLE)
    return dict(found)


def _id(page: Page) -> str:
    return page.locator(f"{SAMPLE} h2").inner_text()
