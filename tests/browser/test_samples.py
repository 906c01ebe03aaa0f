"""Samples can be found by what is known of them, and an answer is shown as what it means and as what it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, TimeoutError, expect
from support.browsers_look import SAMPLE
from support.browsers_watch import OpenReport
from support.small_report import answered, row, small_report

# Tells whether exactly these ids are in the list.
LISTED = "ids => [...document.querySelectorAll('.row-id')].map((one) => one.textContent).join(' ') === ids"
# Distance of the chosen row from the top of the list.
PLACE = "() => document.querySelector('.list-row[aria-selected=true]').getBoundingClientRect().top"
ROWS = [
    row("q1", answered("It is \\boxed{1}.", "correct"), gold="1"),
    row("q2", answered("A longer way to $\\boxed{1}$ with the word zebra", output_tokens=500)),
    row("q3", answered("none", "no_answer", None, finish_reason="length"), question="Which colour?"),
    row("q4", answered("5", answer="5"), gold="(a|b)*", metadata={"topic": "geometry", "level": 2}),
]


# What an address asks for, and the samples that are listed then.
ASKED = {
    "verdict=wrong": "q2 q4",
    "verdict=correct,no_answer": "q1 q3",
    "verdict=wrong&meta.topic=geometry": "q4",
    "meta.topic=nothing": "",
    "tokens=100-501": "q2",
    "truncated=1": "q3",
    "text=COLOUR": "q3",
    "text=(a|b)*": "q4",
    "sort=-tokens": "q2 q1 q3 q4",
    "sort=verdict": "q2 q4 q3 q1",
    "rule=boxed": "q1 q2 q3 q4",
}


def test_address_says_which_samples_are_listed(open_report: OpenReport, tmp_path: Path) -> None:
    page = open_report(small_report(tmp_path, ROWS), "#/samples?verdict=failed").page
    for asked, listed in ASKED.items():
        page.evaluate("asked => { location.hash = `#/samples?${asked}` }", asked)
        try:
            page.wait_for_function(LISTED, arg=listed, timeout=10_000)
        except TimeoutError:
            pytest.fail(f"{asked}: {page.locator('.row-id').all_inner_texts()}")


def test_each_choice_says_how_many_samples_are_behind_it(open_report: OpenReport, tmp_path: Path) -> None:
    page = open_report(small_report(tmp_path, ROWS), "#/samples?verdict=wrong").page
    page.wait_for_selector(SAMPLE)
    verdicts = page.locator(".filters [aria-label=Verdicts] button:visible").all_inner_texts()
    assert [text.split()[-1] for text in verdicts] == ["1", "2", "1"]
    page.locator("details.more summary").click()
    assert page.get_by_label("topic").locator("option").all_inner_texts() == ["all", "algebra (1)", "geometry (1)"]
    page.get_by_label("topic").select_option("geometry")
    assert page.locator(".shown-count").inner_text() == "1 of 4 samples"
    assert page.locator(f"{SAMPLE} h2").inner_text() == "q4"


def test_whole_texts_are_searched_when_it_is_asked_for(open_report: OpenReport, tmp_path: Path) -> None:
    page = open_report(small_report(tmp_path, ROWS), "#/samples?text=zebra").page
    page.wait_for_selector(".shown-count:not(:empty)")
    assert page.locator(".list-row").count() == 0
    page.get_by_role("button", name="Search whole texts").click()
    page.get_by_text("1 have the words").wait_for()
    assert page.locator(".row-id").all_inner_texts() == ["q2"]


SHOWN = """Costs $5 and $6, **but** $x_1 * x_2$ and \\(y_1 * y_2\\):

$$\\frac{1}{2}$$

\\begin{align} a &= b \\end{align}

`$code$` <b>tag</b> [link](http://example.test/a) ![picture](http://example.test/b.png) \\frac \u202eevil

$\\nosuchcommand{$ and \\def\\a{x}$\\def\\a{\\a}\\a$

So \\boxed{\\text{forty } 2}."""


def open_answer(open_report: OpenReport, folder: Path, text: str, answer: str) -> Page:
    page = open_report(small_report(folder, [row("q", answered(text, answer=answer))]), "#/samples").page
    page.wait_for_selector(SAMPLE)
    return page


def test_answer_is_shown_as_what_it_means(open_report: OpenReport, tmp_path: Path) -> None:
    page = open_answer(open_report, tmp_path, SHOWN, "\\text{forty } 2")
    shown = page.locator(".answered .rich")
    words = shown.inner_text()
    assert "Costs $5 and $6, but" in words
    assert shown.locator("strong").inner_text() == "but"
    assert shown.locator(".formula .katex").count() == 5
    assert shown.locator(".formula.source").all_inner_texts() == ["$\\nosuchcommand{$", "$\\def\\a{\\a}\\a$"]
    assert shown.locator("code:not(.source)").first.inner_text() == "$code$"
    assert "<b>tag</b>" in words
    assert "http://example.test/a" in words
    assert shown.locator("a, img, b").count() == 0
    assert "U+202Eevil" in words
    assert shown.locator(".taken .katex").count() == 1


def test_answer_can_be_read_as_it_was_written(open_report: OpenReport, tmp_path: Path) -> None:
    page = open_answer(open_report, tmp_path, SHOWN, "\\text{forty } 2")
    page.keyboard.press("r")
    page.wait_for_selector(".answered .raw")
    assert page.locator(".answered .raw").inner_text() == SHOWN.replace("\u202e", "U+202E")
    assert page.locator(".answered .taken").inner_text() == "\\text{forty } 2"


def test_extracted_answer_is_marked_among_words(open_report: OpenReport, tmp_path: Path) -> None:
    page = open_answer(open_report, tmp_path, "It is 7, no: **the answer is 7** dots", "7")
    assert page.locator(".answered .rich").inner_text() == "It is 7, no: the answer is 7 dots"
    assert page.locator(".answered mark").count() == 1
    assert page.locator(".answered strong mark").inner_text() == "7"


def test_large_answer_is_shown_in_parts_as_it_was_written(open_report: OpenReport, tmp_path: Path) -> None:
    text = "".join(f"{number}\n" for number in range(800_000)) + "so 17 it is"
    page = open_answer(open_report, tmp_path, text, "17")
    shown = page.locator(".answered .raw")
    assert shown.inner_text().startswith("0\n1\n2\n")
    assert page.locator(".answered .taken").inner_text() == "17"
    assert len(shown.inner_text()) < 200_000
    before = len(shown.inner_text())
    page.locator(".answered .gap").first.click()
    assert before < len(shown.inner_text()) < 400_000


def test_rollouts_of_a_sample_are_together_and_the_majority_is_marked(open_report: OpenReport, tmp_path: Path) -> None:
    rollouts = [answered("a 2", "correct", "2"), answered("b 3", "wrong", "3"), answered("c 2", "correct", "2")]
    page = open_report(small_report(tmp_path, [row("q", *rollouts)]), "#/samples").page
    page.wait_for_selector(SAMPLE)
    agreeing = page.locator(".strip button.majority").all_inner_texts()
    assert [text.split() for text in agreeing] == [["Rollout", "1", "✓", "correct"], ["Rollout", "3", "✓", "correct"]]
    assert page.locator(".rollouts .hint").inner_text() == "Majority, 2 of 3: 2"
    page.keyboard.press("2")
    page.locator(".answered .rich").get_by_text("b 3").wait_for()
    page.wait_for_function("() => location.hash.includes('rollout=1')")


def test_marks_of_another_run_are_refused_by_name_and_a_mark_can_be_taken_back(
    open_report: OpenReport, tmp_path: Path
) -> None:
    page = open_report(small_report(tmp_path, ROWS), "#/samples?verdict=wrong").page
    page.wait_for_selector(SAMPLE)
    other = tmp_path / "marks.json"
    other.write_text('{"mathbatch_marks": 1, "run": "another", "folder": "x", "marks": []}')
    panel = page.locator("details.marks")
    panel.locator("summary").click()
    panel.locator("input[type=file]").set_input_files(other)
    panel.get_by_text("These marks are of the run another (x), not of a (greedy-a).").wait_for()
    page.locator(".mark-open").click()
    page.get_by_role("button", name="Mark", exact=True).click()
    assert panel.locator("summary").inner_text() == "Marks: 1"
    assert page.locator(".list-row .flag").count() == 1
    panel.get_by_role("button", name="Undo").click()
    assert panel.locator("summary").inner_text() == "Marks"
    assert page.locator(".list-row .flag").count() == 0


def test_focus_stays_on_the_button_that_steps_through_samples(open_report: OpenReport, tmp_path: Path) -> None:
    page = open_report(small_report(tmp_path, ROWS), "#/samples").page
    page.wait_for_selector(SAMPLE)
    page.get_by_role("button", name="Next sample (j)").focus()
    for expected in ("q2", "q3", "q4"):
        page.keyboard.press("Enter")
        page.wait_for_function("id => document.querySelector('article.sample h2').innerText === id", arg=expected)
    assert page.evaluate("document.activeElement.localName") == "h2"


def test_new_report_keeps_the_sample_that_is_read_and_its_place(open_report: OpenReport, tmp_path: Path) -> None:
    rows = [row(f"q{at}", answered("It is 1")) for at in range(50)]
    page = open_report(small_report(tmp_path, rows), "#/samples?id=q30").page
    page.wait_for_selector(SAMPLE)
    page.wait_for_function("() => document.querySelector('.list').scrollTop > 0")
    before = page.evaluate(PLACE)
    more = [*(row(f"new{at}", answered("It is 1")) for at in range(5)), *rows]
    small_report(tmp_path, more, generation=2)
    page.evaluate("() => mathbatch.store.open(true).then(() => mathbatch.refresh())")
    page.get_by_text("55 samples, 5 new").wait_for()
    assert page.evaluate(PLACE) == before
    assert page.locator(f"{SAMPLE} h2").inner_text() == "q30"


ROLLOUTS = [
    row("q1", answered("a 2", "correct", "2", output_tokens=50), answered("b 3", "wrong", "3", output_tokens=150)),
    row("q2", answered("c 2", "correct", "2", output_tokens=250), answered("d 2", "correct", "2", output_tokens=150)),
    row("q3", answered("e 2", "correct", "2", output_tokens=None), answered("f 2", "correct", "2", output_tokens=None)),
]
# What an address asks for, the samples that are listed then, and the answer that is shown of the first one.
ASKED_OF_ROLLOUTS = {
    "verdict=wrong": ("q1", "b 3"),
    "tokens=0-100": ("q1", "a 2"),
    "tokens=100-200": ("q1 q2", "b 3"),
    "sort=tokens": ("q1 q2 q3", "a 2"),
    "id=q1&rollout=-1": ("q1 q2 q3", "a 2"),
    "id=q1&rollout=0.5": ("q1 q2 q3", "a 2"),
    "verdict=wrong&id=q1&rollout=0": ("q1", "a 2"),
}


def test_the_rollout_for_which_a_sample_is_listed_is_shown(open_report: OpenReport, tmp_path: Path) -> None:
    page = open_report(small_report(tmp_path, ROLLOUTS), "#/samples?verdict=failed").page
    for asked, (listed, shown) in ASKED_OF_ROLLOUTS.items():
        page.evaluate("asked => { location.hash = `#/samples?${asked}` }", asked)
        page.wait_for_function(LISTED, arg=listed, timeout=10_000)
        expect(page.locator(".answered .rich"), asked).to_have_text(shown)


def test_a_search_that_cannot_go_on_says_so(open_report: OpenReport, tmp_path: Path) -> None:
    report = small_report(tmp_path, ROWS)
    watched = open_report(report, "#/samples?text=zebra")
    watched.page.wait_for_selector(".shown-count:not(:empty)")
    watched.page.evaluate("mathbatch.store.run('a').chunks = 2")
    watched.page.get_by_role("button", name="Search whole texts").click()
    told = watched.page.locator(".searching [role=status]")
    expect(told).to_contain_text("Stopped, with 1 found so far: report/data/a-1/0002.js can't be read")
    expect(watched.page.locator(".searching progress")).to_have_count(0)
    watched.noted()
    watched.troubles.clear()  # The browser itself reports a file that is missing.


@pytest.mark.parametrize("view", ["samples?run=gone&id=q1", "compare?runs=a,gone"])
def test_another_run_is_not_shown_in_place_of_one_that_is_missing(
    open_report: OpenReport, tmp_path: Path, view: str
) -> None:
    watched = open_report(small_report(tmp_path, ROWS, ROWS), f"#/{view}")
    expect(watched.page.locator("main [role=alert]")).to_contain_text('There is no run "gone" in this report.')
    watched.page.get_by_role("link", name="Samples").click()
    watched.page.wait_for_selector(SAMPLE)
    watched.noted()
    watched.troubles.clear()  # The page warns of what it can't show.


def test_what_was_opened_of_a_sample_is_open_at_the_next_one(open_report: OpenReport, tmp_path: Path) -> None:
    rows = [row(name, answered("a 2", reasoning=f"so {name}"), answered("b 3")) for name in ("q1", "q2")]
    page = open_report(small_report(tmp_path, rows), "#/samples").page
    page.wait_for_selector(SAMPLE)
    for kind in ("all-rollouts", "reasoning"):
        page.locator(f"details.{kind} summary").click()
    page.keyboard.press("j")
    expect(page.locator(".reasoning .rich")).to_have_text("so q2")
    expect(page.locator(".all-rollouts table")).to_be_visible()
