"""Check the values of numbers written in LaTeX, and that no text of an answer costs more than it is long."""

from __future__ import annotations

import math

import pytest
from support.growth import SQUARED, growth

from mathbatch.scoring.expressions.arithmetic import value_of
from mathbatch.scoring.expressions.compare import compare_with_gold
from mathbatch.scoring.expressions.latex_tokens import MAX_LENGTH

HOSTILE = [
    "9^9^9^9", "9 ^ 9 ^ 9", "9**9**9", "9^{9^{9}}", "9**(9**9)", r"10^{10^{10}}",
    r"5^{\left(5^{5}\right)}", "((9^{99})^{99})^{99}", "9^{999}{}^{99}", r"\frac{9^{999}}{1}^{999}",
    "10^{100000000}", "x^{1000000}", "2^{0.00001}", "2^{1/0.00001}", "2^{99*99*99}",
    "+".join(["9^{999}"] * 9), "(a+b)^{100}", "99999!", "9^{99}!",
    "(9^{99})!", "5!!", "(5!)!", r"9^{\binom{99}{9}}", "x^{n!}", "200!^{5000}",
    "factorial(100000)", r"\binom{1000000}{3}", "binomial(10**9, 5)", "fibonacci(10**9)", "prime(10**9)",
    "1e99999", r"\exp(\exp(9))", r"\exp({999}^{999})", "exp(999**999)", r"\exp\left(x^{4999}\right)", r"\sum_{i=1}^{5} i", r"\int_0^1 x dx",
    "7" * 101, "1,000" * 40, "-" * 11 + "3", "(" * 13 + "1" + ")" * 13, "{" * 500, r"\sqrt" * 101 + "2",
    "1+" * 600 + "1", "__import__('os')", "().__class__", "a.b()", "'a'*9", '"a"*9', "[0]*10**9",
    "10**9*(0,)", "lambda: 0", "exec(x)",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_an_answer_that_would_grow_or_run_is_wrong(text: str) -> None:
    assert compare_with_gold("12", text)[0] == "wrong"
    assert compare_with_gold("x^{2}+1", text)[0] == "wrong"


@pytest.mark.parametrize("text", HOSTILE)
def test_the_same_text_is_correct_however_large_it_is(text: str) -> None:
    assert compare_with_gold(text, text) == ("correct", "the same text")


@pytest.mark.parametrize(
    "piece",
    [
        "{1}^{1}",
        "1!",
        "^",
        "(9)",
        "1^",
        "!",
        "(99",
        "a^",
        r"\frac",
        "2^{3}",
        "9",
        " ",
        "{",
        "}",
        r"\sum_{n=1}^{2}",
        "x+",
        "|",
    ],
)
def test_reading_costs_no_more_than_the_square_of_the_length(piece: str) -> None:
    def look(size: int) -> None:
        value_of((piece * size)[:size])

    assert growth(look, MAX_LENGTH // 8) < SQUARED
    assert value_of(piece * MAX_LENGTH + piece) is None


VALUES = [
    ("60", 60), ("1,000", 1000), ("95{,}000", 95000), ("12.", 12), (".5", 0.5), ("--3", 3), ("3-5", -2), ("8:5", 1.6), (r"6\div4", 1.5),
    (r"\frac{1}{2}", 0.5), (r"\frac12", 0.5), (r"\frac{360}7", 360 / 7), (r"2\frac{1}{2}", 2.5), (r"\frac{1}{2}3", 1.5), ("45^2", 2025), ("-2^2", -4), ("2^{-1}", 0.5),
    (r"2\sqrt{3}", math.sqrt(12)), (r"\sqrt2", math.sqrt(2)), (r"\sqrt[3]{8}", 2), (r"(\sqrt{2}-1)^{2}", (math.sqrt(2) - 1) ** 2), (r"40\pi/3", 40 * math.pi / 3), (r"\frac{3}{4}\pi", math.pi * 3 / 4),
    (r"\sin(\frac{\pi}{2})", 1), (r"\tan^{-1}1", math.pi / 4), (r"\tan^{-2}1", 1 / math.tan(1) ** 2), (r"\arctan{1}", math.pi / 4), (r"\binom{5}{2}", 10), ("5!", 120), ("[3]", 3), ("(1+2)(3)", 9), (r"\frac{3^{1008}-1}{3^{1009}}", 1 / 3),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_a_number_in_latex_has_its_value(text: str, value: float) -> None:
    found = value_of(text)
    assert found is not None
    assert float(found) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    ["", "x", "the answer", "e", "3 apples", "4cm", "1/0", "0^{-1}", r"\sqrt{-1}", "(3", "3)", "3+", "()", r"\frac{1}", "1,00", "(3,4)", r"\pi\%",
     r"\arcsin2", "9^9^9^9", "(-1)^{0.5}", "2^3!", "0.5!", "(-3)!", r"\binom{2.5}{1}", r"\infty", "nan", "inf", "=", "½"],
)  # fmt: skip
def test_what_is_not_a_number_has_no_value(text: str) -> None:
    assert value_of(text) is None


def test_whole_numbers_are_exact() -> None:
    assert value_of("2002^{9}+1") == 2002**9 + 1
