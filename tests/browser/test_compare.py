"""Two to four runs are held against each other: flips first, and the words in which their answers differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import expect
from support.browsers_look import SAMPLE
from support.browsers_watch import OpenReport
from support.small_report import answered, row, small_report

from mathbatch.reports.html.payload import Detail, Pair

RIGHT, WRONG, OTHER = ("It is 2", "correct", "2"), ("It is 3", "wrong", "3"), ("It is 4", "wrong", "4")


def run(*answers: tuple[str, str, str], question: str = "How many?") -> list[Detail]:
    """Return the rows of a run with these answers."""
    return [row(f"q{at}", answered(*answer), question=question) for at, answer in enumerate(answers, 1)]


FIRST = run(RIGHT, WRONG, WRONG, RIGHT, WRONG)
SECOND = run(RIGHT, RIGHT, OTHER, WRONG, WRONG)


def test_flips_come_first_and_every_sample_is_in_one_group(open_report: OpenReport, tmp_path: Path) -> None:
    page = open_report(small_report(tmp_path, FIRST, SECOND), "#/compare").page
    page.wait_for_selector(SAMPLE)
    assert page.locator(".row-id").all_inner_texts() == ["q4", "q2", "q3", "q5", "q1"]
    groups = page.locator("[aria-label='Who is right'] button").all_inner_texts()
    assert [text.split(maxsplit=1)[1] for text in groups[:2]] == ["only A right 1", "only B right 1"]
    assert [text.rsplit(maxsplit=1)[1] for text in groups] == ["1"] * 5
    page.get_by_role("button", name="only B right").click()
    assert page.locator(".row-id").all_inner_texts() == ["q2"]
    assert page.locator(f"{SAMPLE} h2").inner_text() == "q2"


def test_words_in_which_answers_differ_are_marked(open_report: OpenReport, tmp_path: Path) -> None:
    page = open_report(small_report(tmp_path, FIRST, SECOND), "#/compare?id=q4").page
    page.wait_for_selector(SAMPLE)
    assert page.locator(".column del").all_inner_texts() == ["2"]
    assert page.locator(".column ins").all_inner_texts() == ["3"]
    assert page.get_by_role("heading", name="Prompt, the same in all").count() == 1
    page.get_by_role("button", name="Rendered").click()
    assert page.locator(".column .rich").all_inner_texts() == ["It is 2", "It is 3"]


def test_prompts_that_differ_are_shown_beside_each_other(open_report: OpenReport, tmp_path: Path) -> None:
    other = run(RIGHT, RIGHT, question="How very many?")
    page = open_report(small_report(tmp_path, run(RIGHT, WRONG), other), "#/compare").page
    page.wait_for_selector(SAMPLE)
    assert page.get_by_role("heading", name="Prompts differ").count() == 1
    assert page.locator(f"{SAMPLE} > section ins").all_inner_texts() == ["very "]


def test_what_is_said_of_a_pair_is_true_of_the_runs_that_have_its_letters(
    open_report: OpenReport, tmp_path: Path
) -> None:
    said: dict[str, Any] = {
        "difference": 0.1,
        "low": 0.05,
        "high": 0.3,
        "sentence": "the first is better; the first differs",
    }
    pair = Pair(first="a", second="b", pairs=5, only_first=1, **said)
    page = open_report(small_report(tmp_path, FIRST, SECOND, pairs=[pair])).page
    for runs, title, better in (("a,b", "A against B", "A"), ("b,a", "B against A", "B")):
        page.evaluate("runs => { location.hash = `#/compare?runs=${runs}` }", runs)
        expect(page.locator(".pair-panel h3")).to_have_text(title)
        expect(page.locator(".pair-panel .sentence")).to_have_text(f"{better} is better; the first differs")
        interval = "Difference +10.0 points, 95 % interval +5.0 to +30.0"
        assert page.locator(".interval").get_attribute("aria-label") == interval


def test_runs_that_cannot_be_compared_have_the_reason_and_no_numbers(open_report: OpenReport, tmp_path: Path) -> None:
    pair = Pair(first="a", second="b", notes=["the two can't be compared: other samples"])
    page = open_report(small_report(tmp_path, FIRST, SECOND, pairs=[pair]), "#/compare").page
    expect(page.locator(".pair-panel")).to_have_text("A against Bthe two can't be compared: other samples")


def test_command_is_told_where_a_report_has_no_test_of_two_runs(open_report: OpenReport, tmp_path: Path) -> None:
    page = open_report(small_report(tmp_path, FIRST, SECOND, FIRST), "#/compare?runs=a,b,c").page
    page.wait_for_selector(SAMPLE)
    assert page.locator(".column").count() == 3
    assert page.locator(".pair-panel pre").all_inner_texts() == [
        f"python -m mathbatch.compare run_dir='{tmp_path}/run a' other='{tmp_path}/run {other}'" for other in "bc"
    ]


def test_a_flip_shows_answers_that_differ_in_their_verdict(open_report: OpenReport, tmp_path: Path) -> None:
    first = [row("q1", answered(*WRONG), answered(*RIGHT), answered(*RIGHT))]
    second = [row("q1", answered(*RIGHT), answered(*WRONG), answered(*WRONG))]
    page = open_report(small_report(tmp_path, first, second), "#/compare").page
    page.wait_for_selector(SAMPLE)
    assert [text.split()[1] for text in page.locator(".outcome").all_inner_texts()] == ["correct", "wrong"]


def test_a_sample_that_is_chosen_on_a_phone_is_scrolled_to(open_report: OpenReport, tmp_path: Path) -> None:
    page = open_report(small_report(tmp_path, FIRST, SECOND), "#/compare", width=390).page
    page.wait_for_selector(SAMPLE)
    page.set_viewport_size({"width": 390, "height": 600})
    page.locator(".list-row").nth(1).click()
    expect(page.locator(f"{SAMPLE} h2")).to_have_text("q2")
    expect(page.locator(f"{SAMPLE} h2")).to_be_in_viewport()
