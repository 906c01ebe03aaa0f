"""Check that the overview shows what came of each run, and that its parts lead to the samples behind them."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect
from support.browsers import WIDTHS
from support.browsers_watch import OpenReport
from support.made_up_runs import CASES, write


def addresses(page: Page, selector: str) -> list[str]:
    """Return where the links lead that this selector finds."""
    return [link.get_attribute("href") or "" for link in page.locator(selector).all()]


def await_true(page: Page, condition: str) -> None:
    """Wait until a condition holds; the page's policy refuses Playwright's own way."""
    for _ in range(100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(condition)


# What a report says where there is no accuracy to show.
SENTENCES = {
    "no gold answers": "Not scored: the dataset has no gold answers.",
    "nothing answered": "Nothing is answered yet.",
    "all failed": "No answer: every request failed.",
    "at work": "Not scored yet: that comes when all rows are answered.",
    "no run": "This report holds no run.",
}


def test_every_report_is_drawn_within_every_width(tmp_path: Path, open_report: OpenReport) -> None:
    page = open_report(write(tmp_path, **CASES["no run"])).page
    for case, known in CASES.items():
        write(tmp_path, **known)
        page.reload()
        expect(page.locator("main h2")).to_have_count(1)
        assert page.locator("main .lead").all_inner_texts() == ([SENTENCES[case]] if case in SENTENCES else [])
        for box in page.locator("main details").all():
            box.evaluate("box => { box.open = true; }")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (case, width)


def test_parts_of_a_run_lead_to_their_samples(tmp_path: Path, open_report: OpenReport) -> None:
    page = open_report(write(tmp_path, **CASES["one run"])).page
    expect(page.locator(".accuracy")).to_contain_text("70 correct answers of 100 judged")
    expect(page.locator(".accuracy")).to_contain_text("95 % interval 61.0 to 79.0")
    verdicts = ["correct", "wrong", "no_answer", "unscored", "failed"]
    assert addresses(page, ".legend a") == [f"#/samples?run=a&verdict={verdict}" for verdict in verdicts]
    assert addresses(page, ".verdicts .bar a") == addresses(page, ".legend a")
    assert addresses(page, ".breakdown a")[0] == "#/samples?run=a&meta.topic=topic+000"
    assert addresses(page, ".chart[aria-label='Answers by output tokens'] a") == [
        f"#/samples?run=a&tokens={edges}" for edges in ("0-100", "100-200", "200-300")
    ]
    shown = "1,200 of 100,000 rows are shown; the numbers on this page are those of all rows."
    expect(page.locator(".remarks")).to_contain_text(shown)
    assert addresses(page, ".failures a") == ["#/samples?run=a&failure=timeout"]
    filters = [href.partition("run=a&")[2] for href in addresses(page, ".remarks a")]
    assert filters == ["marked=1", "audit=1", "truncated=1"]


def test_names_of_others_are_shown_as_text(tmp_path: Path, open_report: OpenReport) -> None:
    page = open_report(write(tmp_path, **CASES["one run"])).page
    rows = page.locator(".breakdown").nth(1).locator("a")
    expect(rows).to_have_count(3)
    names = [row.locator("bdi").inner_text() for row in rows.all()]
    assert sorted(names) == ["(none)", "<img src=x onerror=alert(1)>", "[U+202E]txet desrever"]


def test_a_long_breakdown_is_folded_and_ordered_as_asked(tmp_path: Path, open_report: OpenReport) -> None:
    page = open_report(write(tmp_path, **CASES["one run"])).page
    topics = page.locator(".breakdown").first
    expect(topics.locator("a")).to_have_count(10)
    topics.locator("summary").click()
    expect(topics.locator("a")).to_have_count(400)
    page.locator("#order").focus()
    page.locator("#order").select_option("accuracy")
    expect(topics.locator("a bdi").first).to_have_text("topic 000")
    expect(topics.locator("a bdi").last).to_have_text("topic 007")  # Its accuracy is not known.
    expect(topics.locator("a")).to_have_count(400)
    expect(page.locator("#order")).to_be_focused()


def test_arrow_keys_go_through_the_marks_of_a_plot(tmp_path: Path, open_report: OpenReport) -> None:
    page = open_report(write(tmp_path, **CASES["forty jobs"])).page
    points = page.locator(".chart a")
    expect(points).to_have_count(39)
    assert page.locator(".chart a[tabindex='0']").count() == 1
    points.first.focus()
    expect(page.locator("#tip")).to_contain_text("qwen\ntemperature 0.0: 90.0 %")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tip")).to_contain_text("temperature 0.2: 85.0 %")
    page.keyboard.press("Escape")
    expect(page.locator("#tip")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator("main h2")).to_have_text("qwen, temperature 0.2")


def test_a_sweep_has_a_line_for_each_combination_of_the_other_keys(tmp_path: Path, open_report: OpenReport) -> None:
    page = open_report(write(tmp_path, **CASES["forty jobs"])).page
    expect(page.locator(".chart text.label")).to_have_text(["qwen", "internvl", "gemma", "qwen3_vl_thinking", "llava"])
    expect(page.locator(".remarks")).to_have_text("model=gemma sampling.temperature=1.4: failed, CUDA out of memory")


def test_the_table_of_runs_is_sorted_by_any_column(tmp_path: Path, open_report: OpenReport) -> None:
    page = open_report(write(tmp_path, **CASES["forty jobs"])).page
    first = page.locator(".runs tbody tr").first
    page.get_by_role("button", name="accuracy").click()
    expect(first).to_contain_text("90.0 %")
    page.get_by_role("button", name="accuracy").click()
    expect(first).to_contain_text("15.0 %")
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("accuracy ↑")
    expect(page.get_by_role("button", name="accuracy")).to_be_focused()
    page.reload()
    expect(first).to_contain_text("15.0 %")


def test_models_and_datasets_make_a_table_of_both(tmp_path: Path, open_report: OpenReport) -> None:
    page = open_report(write(tmp_path, **CASES["models by datasets"])).page
    rows = page.locator(".matrix tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text("internvl")
    expect(rows.nth(1).locator("a").first).to_contain_text("60.0 %")
    rows.nth(1).locator("a").first.click()
    expect(page.locator("main h2")).to_have_text("internvl, mathvista")
    page.evaluate("history.back()")
    expect(rows).to_have_count(3)


def test_the_command_is_copied_or_selected(tmp_path: Path, open_report: OpenReport) -> None:
    page = open_report(write(tmp_path, **CASES["one row"])).page
    page.get_by_role("button", name="Copy the command").click()
    told = page.locator(".copy [role=status]")
    expect(told).not_to_be_empty()
    if told.inner_text() != "Copied":
        assert page.evaluate("String(getSelection())") == "python -m mathbatch.run"


def test_colours_are_chosen_and_stay(tmp_path: Path, open_report: OpenReport) -> None:
    page = open_report(write(tmp_path, **CASES["one row"])).page
    background = "getComputedStyle(document.body).backgroundColor"
    page.get_by_label("Colours").select_option("dark")
    assert page.evaluate(background) == "rgb(20, 23, 26)"
    page.reload()
    expect(page.get_by_label("Colours")).to_have_value("dark")
    assert page.evaluate(background) == "rgb(20, 23, 26)"


def test_going_back_finds_the_place_again(tmp_path: Path, open_report: OpenReport) -> None:
    page = open_report(write(tmp_path, **CASES["forty jobs"])).page
    link = page.locator(".runs tbody th a").last
    link.scroll_into_view_if_needed()
    await_true(page, "history.state !== null && history.state.y > 500")
    link.click()
    expect(page.locator("main h2")).to_have_text("llava, temperature 1.4")
    assert page.evaluate("scrollY") == 0
    page.evaluate("history.back()")
    await_true(page, "scrollY > 500")


def test_a_run_that_is_not_there_is_told_in_place(tmp_path: Path, open_report: OpenReport) -> None:
    watched = open_report(write(tmp_path, **CASES["one row"]), "#/overview?run=gone")
    expect(watched.page.locator("main [role=alert]")).to_contain_text('There is no run "gone" in this report.')
    watched.page.get_by_role("link", name="Overview").click()
    expect(watched.page.locator("main h2")).to_have_text("greedy-a")
    watched.noted()
    watched.troubles.clear()
