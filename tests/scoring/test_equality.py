"""Test that an answer is equal to the gold answer if it means the same, and nothing of either is left out to find that."""

from __future__ import annotations

import random
import re

import pytest
from support.cases import from_file

from mathbatch.records import Sample
from mathbatch.scoring.expressions.compare import compare_with_gold, prepared_gold, why_indiscriminate
from mathbatch.scoring.scorers.math import MathScorer

SEED = 20_261
# Golds of many kinds, each with several numbers.
GOLDS = [
    "5x^{2}+7x+13=0", r"\log_{5}(125)=3", r"x=0, \frac{4\pm\sqrt{29}}{6}", "x=2, y=7, z=-4", r"\begin{pmatrix}4&7\\5&3\end{pmatrix}", r"v=\begin{bmatrix}2\\9\end{bmatrix}e^{3t}",
    r"\{x \mid -3 < x \le 8\}", r"(-\infty,-7]\cup(4,12)", r"f(x)=\begin{cases}3x+2 & x<5\\ x^{2}-8 & x\ge 5\end{cases}", r"I=e^{-30t}(4\cos 25t-107\sin 25t)", "2.67e-11", r"\frac{1}{23!}",
    r"\sum_{n=2}^{\infty}\frac{(-1)^{n}x^{3n}}{4n+5}", r"\int_{3}^{7} x^{2} dx", r"y=c_{1}e^{4x}+c_{2}e^{-3x}", r"\frac{72 \sqrt{3}}{5}-16", r"P(X_{3}=4)=\frac{5}{7}", "15 meters per second", r"37\%",
    r"\cos(217^\circ)\approx -0.799", r"d=3\sqrt{5}, M=\left(-\frac{7}{2},4\right)", r"\ln(x^{2}+3)-4", "(3,-8), (5,2)", r"x=\frac{\pi}{6}+2k\pi", "4 weeks", "7:35 PM", r"A=12\text{ cm}^2", "concave up on $(2,9)$", r"-6<t<4",
]  # fmt: skip


@from_file("scoring/cases/equal_values.jsonl", "gold", "answer", "equal")
def test_equal_is_what_means_the_same(gold: str, answer: str, equal: bool) -> None:
    verdict, why = compare_with_gold(prepared_gold(gold), answer)
    assert (verdict == "correct") is equal, why


@pytest.mark.parametrize("gold", GOLDS)
def test_a_gold_answer_is_its_own_answer_and_no_other_digit_is(gold: str) -> None:
    draw = random.Random(f"{SEED}{gold}")
    score = MathScorer().score
    sample = Sample("1", 1, {}, "", gold=gold)
    assert score(sample, rf"\boxed{{{gold}}}").verdict == "correct"
    for place in (match.start() for match in re.finditer(r"\d", gold)):
        digit = draw.choice([one for one in "123456789" if one != gold[place]])
        other = f"{gold[:place]}{digit}{gold[place + 1 :]}"
        assert score(sample, rf"\boxed{{{other}}}").verdict == "wrong", f"seed {SEED}: {other}"


@pytest.mark.parametrize(
    ("gold", "answer", "reason"),
    [
        (r"\cos(-\frac{9\pi}{2})=0, i^{8}=1", r"\cos(\frac{9\pi}{2})=0, i^{8}=1", "the comparison can't tell this gold answer from one with another number or sign, such as "),
        ("f(3.5 = 4", "f(3.5 = 4)", "the gold answer "),
    ],
)  # fmt: skip
def test_where_nothing_can_be_told_apart_only_the_same_text_counts(gold: str, answer: str, reason: str) -> None:
    assert compare_with_gold(gold, gold) == ("correct", "the same text")
    verdict, why = compare_with_gold(gold, answer)
    assert verdict == "wrong"
    assert why.startswith(reason)
    assert why == why_indiscriminate(gold)
    assert why.endswith(": only the same text counts")


@pytest.mark.parametrize(
    "gold", ["60", r"\frac{3}{7}", "1^{5}", r"2\sqrt{3}", "x=5", "(1,2)", "east", "7:35 PM", "101_2"]
)
def test_most_gold_answers_can_be_told_from_others(gold: str) -> None:
    assert why_indiscriminate(gold) is None


@pytest.mark.parametrize("gold", ["['70']", '["70"]', "$70$.", "\\[70\\]", "\x08oxed{70}", "70"])
def test_a_gold_answer_is_freed_of_what_stands_around_it(gold: str) -> None:
    assert MathScorer().score(Sample("1", 1, {}, "", gold=gold), r"\boxed{70}").verdict == "correct"
