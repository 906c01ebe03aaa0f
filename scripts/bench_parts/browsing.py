"""Open a report in Chromium and time what a reader waits for."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import psutil

from bench_parts.figures import MB

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-precise-memory-info"]
# Runs before the page's scripts: notes when the first row of the list is in the page.
NOTE_LIST = """new MutationObserver((_, observer) => {
  if (!document.querySelector('.list-row')) return;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => { window.__listed = performance.now(); }));
}).observe(document, { childList: true, subtree: true })"""
# Does something and returns the milliseconds until the count of samples has changed and the browser has painted.
TIMED = """async (act) => {
  const count = document.querySelector('.shown-count');
  const before = count.textContent;
  const start = performance.now();
  const changed = new Promise((resolve) => new MutationObserver(() => {
    if (count.textContent !== before) requestAnimationFrame(() => setTimeout(resolve));
  }).observe(count, { childList: true, characterData: true, subtree: true }));
  if (act === 'press') document.querySelectorAll('.filters button[aria-pressed]')[1].click();
  else {
    const field = document.querySelector('.filters input[type=search]');
    field.value = act;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }
  await changed;
  return performance.now() - start;
}"""


def look(page: Path) -> dict[str, float]:
    """Return the milliseconds until the list is there, of a filter and of a search, and the memory in MB after them."""
    from playwright.sync_api import sync_playwright

    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        raise RuntimeError("chromium is not installed: scripts/test_browsers does that")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        tab = browser.new_page(viewport={"width": 1440, "height": 900})
        tab.add_init_script(NOTE_LIST)
        empty = _memory()
        tab.goto(page.resolve().as_uri() + "#/samples")
        tab.wait_for_function("window.__listed")
        found: dict[str, Any] = {"list_ms": tab.evaluate("window.__listed")}
        found["filter_ms"] = tab.evaluate(TIMED, "press")
        tab.evaluate(TIMED, "press")
        found["search_ms"] = tab.evaluate(TIMED, "0099")
        tab.evaluate("location.hash = '#/compare'")
        tab.wait_for_selector(".compare .list-row")
        found["script_mb"] = tab.evaluate("performance.memory.usedJSHeapSize") / MB
        memory = _memory()
        found |= {"page_mb": max(memory), "browser_mb": sum(memory), "empty_mb": sum(empty)}
        browser.close()
    return found


def _memory() -> list[float]:
    """Return the memory in MB of each process of the browser below this process, with its part of what they share."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if any(argument.startswith(("--type=", "--user-data-dir")) for argument in process.cmdline()):
                found.append(process.memory_full_info().pss / MB)
        except psutil.Error:
            continue
    return found
