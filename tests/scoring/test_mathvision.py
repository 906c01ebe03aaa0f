r"""The MATH-V protocol: a table of cases, and the official outputs where those lie in `../shared/data`.

Source of a case: "official" and the rule of evaluation/evaluate.py or utils.py (mathllm/MATH-V) that it shows, whose
verdict it is; "row" and the id of a row; "kinder", where the official scripts say wrong because of how it is written;
"made", all else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from support.paths import REAL_DATA

from mathbatch.records import Sample, Score
from mathbatch.scoring.scorers.mathvision import MathVisionScorer

OUTPUTS = sorted((REAL_DATA / "mathvision" / "outputs").glob("*.jsonl"))

FREE: tuple[str, ...] = ()
ABCDE = ("A", "B", "C", "D", "E")
HALVES = (r"$\frac{1}{2}$", r"$\frac{1}{3}$", r"$\frac{2}{3}$", "4", "other answer")
DEGREES = (r"$30^{\circ}$", r"$45^\circ$", "60°", r"$75^{\circ}$", r"$90^{\circ}$")
DAYS = ("Monday", "Wednesday", "Thursday", "Saturday", "Sunday")

CASES = [
    # Letters
    ("C", ABCDE, "C", "correct", "official: equal but for case"),
    ("C", ABCDE, "c", "correct", "official: equal but for case"),
    ("C", ABCDE, " C \n", "correct", "official: strip"),
    ("C", ABCDE, "D", "wrong", "official"),
    ("C", ABCDE, "(C)", "correct", "official: (c) is c"),
    ("C", ABCDE, "C)", "correct", "kinder, row 794"),
    ("C", ABCDE, "**C**", "correct", "kinder: bold"),
    ("C", ABCDE, "The third one fits, so it must be C.", "correct", "official: a letter as last word"),
    ("C", ABCDE, "It fits (see above), hence (C).", "correct", "official: a letter as last word"),
    ("C", ABCDE, r"First \boxed{A} but that is not so, hence C.", "correct", "official: the last word goes before the box"),
    ("C", ABCDE, "C\nBecause the line is straight.", "correct", "official: a letter as first line"),
    ("C", ABCDE, "(C)\nBecause the line is straight.", "correct", "official: a letter as first line"),
    ("C", ABCDE, "(C) C\nBecause the line is straight.", "correct", "official: a letter as first line"),
    ("D", DAYS, "C\nBecause the line is straight.", "wrong", "official: a letter as first line"),
    ("C", ABCDE, r"So the answer is \boxed{C}.", "correct", "official: box"),
    ("C", ABCDE, r"\boxed{\text{(C)}}", "correct", "official: box, \\text"),
    ("C", ABCDE, r"\boxed{\textbf{(C)}}", "correct", "kinder: bold"),
    ("C", ABCDE, r"$\boxed{\mathrm{C}}$", "correct", "kinder: upright"),
    ("C", ABCDE, r"\boxed{(A), (B), (C)}", "wrong", "official"),
    ("C", ABCDE, "The answer is (C) because of the angles", "wrong", "official: all of the line is the answer"),
    ("C", ABCDE, "The answer is (C)\nbecause of the angles", "correct", "official: up to the end of the line"),
    ("C", ABCDE, "The correct answer is C. It has four sides", "correct", "official: up to the end of the sentence"),
    ("C", ABCDE, "so the answer should be: C", "correct", "official: announcements, colon"),
    ("C", ABCDE, "the final answer is\n\nC", "correct", "official: announcements, blanks"),
    ("C", ABCDE, "The answer is A, no: the answer is C", "correct", "official: the last announcement"),
    ("C", FREE, "C", "correct", "row 59: a letter though there are no options"),
    ("E", HALVES, "2.72", "wrong", "made: the letter e is no number"),
    ("A", ABCDE, "1", "wrong", "official: a letter is no number"),
    # The text of the option
    ("D", DAYS, "Saturday", "correct", "row 887"),
    ("D", DAYS, r"\boxed{\text{Saturday}}", "wrong", "official: {saturday} is not the option's text"),
    ("D", DAYS, "Sunday", "wrong", "official"),
    ("A", HALVES, r"\boxed{\frac{1}{2}}", "correct", "official: the option's text as a number"),
    ("A", HALVES, "1/2", "correct", "official: a/b"),
    ("A", HALVES, "0.5", "correct", "official: 0.5"),
    ("A", HALVES, r"\boxed{\frac12}", "correct", "kinder, row 2535: fractions without braces"),
    ("D", HALVES, "The number of sides is 4.", "correct", "official: a number after the last 'is'"),
    ("D", HALVES, "(D) 4", "wrong", "official, row 287: letter and text together are not the answer"),
    ("E", HALVES, "other answer", "wrong", "official: blanks are taken out of the answer only"),
    ("A", HALVES, r"\boxed{\frac{1}{3}}", "wrong", "official"),
    ("C", DEGREES, "60", "correct", "kinder, row 1113: degrees of an option"),
    ("B", DEGREES, r"\boxed{45^\circ}", "correct", "kinder, row 1385"),
    ("A", DEGREES, "30°", "correct", "kinder"),
    ("E", ("$1: 1$", "$3: 2$", "$4: 3$", "$7: 4$", "$8: 5$"), r"\boxed{8:5}", "correct", "row 285: a ratio is a number"),
    ("B", ("1:4", "1:3", "2:5", "4:11", "3:8"), r"\boxed{\frac{1}{3}}", "correct", "row 2296"),
    ("C", ("(-6,0)", "(-4,0)", "(-2,0)", "(2,0)", "(4,0)"), r"\boxed{(-2,0)}", "correct", "row 2587"),
    ("B", ("1", "m/n", "n/m", "2m/n", "2n/m"), r"\boxed{m/n}", "correct", "row 2423: equal as text, no number"),
    ("A", (r"$3 \cdot 2^{5}$", "$3^{6}$", "$6^{3}$", "1", "2"), r"\boxed{96}", "correct", "row 194"),
    ("E", ("1", "2", "3", "4", r"$5(\sqrt{5}-2)$"), r"\boxed{5\sqrt{5} - 10}", "correct", "row 1296"),
    ("B", ("3", r"$3 \frac{1}{2}$", "4", "5", "6"), r"\boxed{\frac{7}{2}}", "correct", "kinder: a mixed number"),
    # Numbers
    ("60", FREE, "60", "correct", "official"),
    ("60", FREE, "61", "wrong", "official"),
    ("60", FREE, "060.0", "correct", "official: equal as numbers"),
    ("60", FREE, "The area is 60.", "correct", "official: a number after the last 'is'"),
    ("60", FREE, r"The area is \boxed{50}, no, it is 60", "correct", "official: the number goes before the box"),
    ("6.5", FREE, r"\boxed{\frac{13}{2}}", "correct", "row 2361"),
    ("5", FREE, r"\boxed{\frac{15}{3}}", "correct", "row 2686"),
    ("1", FREE, r"\boxed{1:1}", "correct", "row 1440"),
    ("0.33", FREE, r"\boxed{\frac{1}{3}}", "correct", "official: 2 decimals"),
    ("0.33", FREE, "0.34", "wrong", "official: 2 decimals"),
    (r"$\frac{1}{60}$", FREE, r"\boxed{\frac{1}{55}}", "correct", "official, row 2827: 2 decimals, alas"),
    (r"5\sqrt{5}", FREE, r"$\boxed{5 \sqrt{5}}$", "correct", "official: blanks"),
    (r"5\sqrt{5}", FREE, "11.18", "correct", "official: roots as numbers"),
    (r"5\sqrt{5}", FREE, r"\boxed{\sqrt{125}}", "correct", "official: roots as numbers"),
    (r"8\pi", FREE, r"\boxed{8\pi}", "correct", "official: pi"),
    (r"8\pi", FREE, "25.13", "correct", "official: pi as a number"),
    (r"8\pi", FREE, "8π", "correct", "kinder: π"),
    ("1:2", FREE, "0.5", "correct", "row 2937: a ratio is a number"),
    ("45^2", FREE, "2025", "correct", "row 2925"),
    ("-2", FREE, r"\boxed{-2}", "correct", "row 203"),
    ("-2", FREE, r"\boxed{−2}", "correct", "kinder: a minus sign"),
    ("69{degrees}", FREE, "69", "correct", "kinder, row 2947: the gold has a unit"),
    ("60", FREE, r"\boxed{60^\circ}", "correct", "official: degrees"),
    ("60", FREE, r"\boxed{60^{\circ}}", "correct", "official: degrees"),
    ("60", FREE, "60°", "correct", "kinder: degrees"),
    ("60", FREE, r"\boxed{60\%}", "correct", "official: percent"),
    ("60", FREE, "60%", "correct", "kinder: percent"),
    ("60", FREE, r"\boxed{60\text{ km}}", "correct", "official: kilometres"),
    ("60", FREE, "60 units", "correct", "official: units"),
    ("60", FREE, r"\boxed{60\text{ apples}}", "wrong", "official: other units stay"),
    ("60", FREE, r"\boxed{60} \mathrm{~cm}^{2}", "correct", "official: the box ends at its brace"),
    (r"\frac{10}{3}", FREE, r"\boxed{\frac{10}{3}}\text{.}\end{aligned}", "correct", "row 1882: the box ends at its brace"),
    ("6", FREE, r"\boxed{x = 6}", "correct", "official: the right side"),
    ("6", FREE, r"\boxed{x \approx 6}", "correct", "official: the right side"),
    ("6", FREE, "x = 2 + 4 = 6", "correct", "official: the right side of all that was said"),
    ("7", FREE, r"first \boxed{6}, then \boxed{7}", "correct", "official: the last box"),
    ("6", FREE, "\x08oxed{6}", "correct", "official: a box that lost its backslash"),
    ("(3,-4)", FREE, r"\boxed{(3, -4)}", "correct", "row 2955: tuples"),
    ("(3,-4)", FREE, r"\boxed{(\frac{6}{2}, -4)}", "correct", "kinder: 3.0 is 3 in a tuple, too"),
    (r"(\frac{1}{3},4)", FREE, "(0.33,4)", "correct", "official: tuples member by member"),
    ("(3,-4)", FREE, r"\boxed{(-4, 3)}", "wrong", "official: tuples have an order"),
    ("(3,-4)", FREE, r"\boxed{(3, -4, 0)}", "wrong", "official"),
    ("(3,-4)", FREE, "[3,-4]", "wrong", "official: other brackets"),
    ("1000", FREE, "1,000", "correct", "official: thousands"),
    # Dirty golds
    ("$60$", FREE, "60", "correct", "made"),
    ("11 ", FREE, "11", "correct", "row 2521"),
    (r"\boxed{3}", FREE, r"\boxed{3}", "correct", "kinder"),
    (r"$\boxed{\frac{16}{7}}$", FREE, r"\boxed{\frac{16}{7}}", "correct", "kinder, row 2828"),
    ("\x0crac{36}{13}", FREE, r"\boxed{\frac{36}{13}}", "correct", "kinder, row 2830: \\f became a form feed"),
    (r"\frac{360}7", FREE, r"\boxed{\frac{360}{7}}", "correct", "kinder, row 2989"),
    (r"$\frac{90}{23}^{\circ}$", FREE, r"\boxed{\frac{90}{23}}", "correct", "kinder, row 2804"),
    (r"$\pi-\tan ^{-1}\left(\frac{1}{d}\right)$", FREE, r"\boxed{\pi - \tan^{-1}\left(\frac{1}{d}\right)}", "correct", "kinder, row 2866: text"),
    (r"$\frac{7^3}{2^{12} 13^2}$", FREE, r"\boxed{\frac{7^3}{2^{12} 13^2}}", "correct", "row 2825"),
    # Nothing that can be an answer
    ("60", FREE, "", "no_answer", "made"),
    ("60", FREE, " \n", "no_answer", "made"),
    ("60", FREE, r"The sum is \boxed{}", "no_answer", "row 999"),
    ("60", FREE, r"The sum is \boxed{6", "no_answer", "made: cut at the token limit"),
    ("60", FREE, "I look at the picture and go on and on. " * 20, "no_answer", "row 480"),
    ("60", FREE, r"\boxed{" + "6+" * 600 + "0}", "no_answer", "made: more than 1,000 characters"),
    ("60", FREE, "I can't see the picture", "wrong", "official: what is short is an answer"),
    # Hostile
    ("9", FREE, r"\boxed{9^9^9^9}", "wrong", "made: a tower"),
    ("9", FREE, r"\boxed{9^{9^{9^{9}}}}", "wrong", "made: a tower"),
    ("9", FREE, r"\boxed{99999999!}", "wrong", "made"),
    ("9", FREE, "__import__('os')._exit(9)", "wrong", "made: code"),
    ("9", FREE, r"\boxed{exit(9)}", "wrong", "made: code"),
    ("9", FREE, r"\boxed{" * 3000 + "9", "no_answer", "made"),
    ("9", FREE, r"\boxed{" + "(" * 900 + "9}", "wrong", "made: nesting"),
    ("9", FREE, r"\boxed{\frac{9}{0}}", "wrong", "made"),
    ("9", FREE, "nan", "wrong", "made"),
    ("9", FREE, "1e400", "wrong", "made"),
]  # fmt: skip


def scored(gold: str | None, choices: tuple[str, ...] | None, response: str) -> Score:
    return MathVisionScorer().score(Sample("1", 1, {}, "", gold=gold, choices=choices), response)


@pytest.mark.parametrize(("gold", "choices", "response", "verdict", "source"), CASES)
def test_the_protocol(gold: str, choices: tuple[str, ...], response: str, verdict: str, source: str) -> None:
    score = scored(gold, choices, response)
    assert score.verdict == verdict, source
    assert score.gold == gold
    assert (score.answer is None) == (verdict == "no_answer")


@pytest.mark.parametrize("gold", [None, "", " "])
def test_a_row_without_gold_is_unscored(gold: str | None) -> None:
    assert scored(gold, None, r"\boxed{6}") == Score(
        "unscored", "6", None, "the row has no gold answer", gold_at_fault=True
    )


@pytest.mark.parametrize(
    ("gold", "choices", "response", "reason"),
    [
        ("C", ABCDE, "C", "equal as text"),
        ("A", HALVES, "0.5", "the choice's text equal as numbers to 2 decimals"),
        ("D", DAYS, "Saturday", "the choice's text equal as text"),
        ("(3,-4)", FREE, "(3.0,-4)", "equal as tuples"),
        ("60", None, "61", "differs"),
        ("60", FREE, "", "the answer is empty"),
    ],
)
def test_the_reason_says_how(gold: str, choices: tuple[str, ...] | None, response: str, reason: str) -> None:
    assert scored(gold, choices, response).reason == reason


@pytest.mark.parametrize("path", OUTPUTS, ids=lambda path: path.stem)
def test_verdicts_agree_with_the_official_ones(path: Any) -> None:
    questions = {row["id"]: row for row in rows(path.parent.parent / "test.jsonl")}
    total = 0
    disagreements = []
    for row in rows(path):
        question = questions[row["id"]]
        score = scored(question["answer"], tuple(question["options"]), row["response"])
        total += 1
        if (score.verdict == "correct") != row["correct"]:
            disagreements.append((row["id"], row["model_answer"], row["correct"], score, question["options"]))
    print(*disagreements, sep="\n")
    assert len(disagreements) <= total * 0.005


def rows(path: Any) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)
