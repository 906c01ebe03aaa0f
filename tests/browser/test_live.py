"""Check that a page that is open while its run goes on follows it and leaves what its reader was at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import expect
from support.browsers_watch import OpenReport
from support.made_up_runs import CASES, at_work, write


def now(seconds: int = 0) -> str:
    """Return a time from now, as a report has it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def test_the_page_follows_until_the_run_ends(tmp_path: Path, open_report: OpenReport) -> None:
    watched = open_report(write(tmp_path, **at_work(made=now())))
    page, banner = watched.page, watched.page.locator(".live")
    expect(banner).to_contain_text("312 of 1,000 answered")
    banner.locator("summary").click()
    page.locator(".failures a").focus()
    page.set_viewport_size({"width": 390, "height": 400})
    page.evaluate("window.scrollTo(0, 250)")
    write(tmp_path, **at_work(done=500, made=now(1)))
    expect(banner).to_contain_text("500 of 1,000 answered")
    expect(page.locator(".facts").first).to_contain_text("500")
    expect(banner).to_contain_text("replica 0: up")
    expect(page.locator(".failures a")).to_be_focused()
    assert page.evaluate("scrollY") == 250
    write(tmp_path, **{**CASES["one row"], "made": now(2)})
    expect(banner).to_have_text("The run has finished.The page shows all that there is.")
    expect(page.locator(".big")).to_have_text("100.0 %")
    looks = len(watched.requests)
    page.wait_for_timeout(1500)  # Longer than the page would wait before its next look.
    assert len(watched.requests) == looks


def test_the_page_says_since_when_nothing_is_heard(tmp_path: Path, open_report: OpenReport) -> None:
    page = open_report(write(tmp_path, **at_work(made=now(-3600)))).page
    expect(page.locator(".live .wrong")).to_contain_text("The page is not written any more. Last news at")
    write(tmp_path, **at_work(done=313, made=now()))
    expect(page.locator(".live")).to_contain_text("313 of 1,000")
    expect(page.locator(".live .wrong")).to_have_count(0)


def test_a_report_that_is_gone_leaves_the_page_readable(tmp_path: Path, open_report: OpenReport) -> None:
    watched = open_report(write(tmp_path, **at_work(made=now())))
    page, data = watched.page, tmp_path / "report" / "data" / "report.js"
    expect(page.locator(".live")).to_contain_text("312 of 1,000")
    data.write_text('mathbatch.add("report", "{')
    expect(page.locator(".live .wrong")).to_contain_text("report.js is not whole")
    data.unlink()
    expect(page.locator(".live .wrong")).to_contain_text("report.js can't be read")
    expect(page.locator("main h2")).to_contain_text("greedy-a")
    write(tmp_path, **at_work(done=313, made=now()))
    expect(page.locator(".live")).to_contain_text("313 of 1,000")
    watched.noted()
    watched.troubles.clear()  # The browser itself reports files that are missing or cut.
