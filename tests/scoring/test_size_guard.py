"""What is too large, or not an expression, for a computer algebra system; and the calculation of what is small enough."""

from __future__ import annotations

import math

import pytest
from support.growth import SQUARED, growth

from mathbatch.scoring.expressions.arithmetic import value_of
from mathbatch.scoring.expressions.size_guard import MAX_LENGTH, is_safe_expression

SAFE = [
    "", "60", "-2", "1,000", r"10,\!080", "0.5", r"\frac{1}{2}", r"\frac{360}7", r"4\sqrt{3}-\frac{4\pi}{3}", r"\sqrt[3]{5}", "(3,-4)", "1:2",
    r"\frac{3^{1008}-1}{3^{1009}}", r"\frac{7^3}{2^{12} 13^2}", "2^{10}", "10^{100}", "2^{-3}", "2^{1/2}", "9**99", "(9^9)^9", "e^{-x}", "e^{x^2}", r"\exp(-x^2)", r"\exp(2)+\exp(3)",
    "90^\\circ", r"90^{\circ}", r"\pi-\tan ^{-1}\left(\frac{1}{d}\right)", "x^2+y^2=1", "(a+b)^{5}", "(x+1)^{n}", "2^n", "f'(x)", r'$\frac{3}{16}"$', "5!", "(3+4)!", r"\binom{10}{3}",
    r"x \in [-2,7]", r"1 \pm \sqrt{19}", r"54\text{ sq. cm}", "1e5", "a != b", r"{5 \choose 2}", r"\sin^{2}(x)+\cos^2x", "(x+1)^{10}-(x-1)^{10}", "a_{1}+a_{2}", r"\frac{d}{2}", r"\sin(\cos(\tan(x)))", "{{{{1}}}}", "(" * 12 + "1" + ")" * 12,
]  # fmt: skip

REFUSED = [
    ("9^9^9^9", "a tower"), ("9 ^ 9 ^ 9", "a tower"), ("9**9**9", "a tower"), ("9^{9^{9}}", "a tower"), ("9**(9**9)", "a tower"), (r"10^{10^{10}}", "a tower"),
    (r"5^{\left(5^{5}\right)}", "a tower"), ("((9^{99})^{99})^{99}", "powers of powers"), ("9^{999}{}^{99}", "powers of powers"), (r"\frac{9^{999}}{1}^{999}", "powers of powers"),
    ("10^{100000000}", "the exponent"), ("x^{1000000}", "the exponent"), ("2^{0.00001}", "the exponent"), ("2^{1/0.00001}", "the exponent"), ("2^{99*99*99}", "the exponent"),
    ("+".join(["9^{999}"] * 9), "all powers together"), ("(a+b)^{100}", "expanded, 101 terms"), ("99999!", "a factorial"), ("9^{99}!", "a factorial of a power"),
    ("(9^{99})!", "a factorial of a power"), ("5!!", "a factorial of a factorial"), ("(5!)!", "a factorial of a factorial"), (r"9^{\binom{99}{9}}", "a binomial as exponent"), ("x^{n!}", "a factorial as exponent"), ("200!^{5000}", "a power of a factorial"),
    ("factorial(100000)", "a factorial by name"), (r"\binom{1000000}{3}", "a binomial"), ("binomial(10**9, 5)", "a binomial"), ("fibonacci(10**9)", "number theory"), ("prime(10**9)", "number theory"),
    ("1e99999", "scientific notation"), (r"\exp(\exp(9))", "a tower"), (r"\exp({999}^{999})", "a tower"), ("exp(999**999)", "a tower"), (r"\exp\left(x^{4999}\right)", "a tower"), (r"\sum_{i=1}^{5} i", "work"), (r"\int_0^1 x dx", "work"),
    ("7" * 101, "a long number"), ("1,000" * 40, "a long number"), ("-" * 11 + "3", "signs"), ("(" * 13 + "1" + ")" * 13, "nesting"), ("{" * 500, "nesting"), (r"\sqrt" * 101 + "2", "commands"),
    ("1+" * 600 + "1", "length"), ("__import__('os')", "Python"), ("().__class__", "Python"), ("a.b()", "Python"), ("'a'*9", "Python"), ('"a"*9', "Python"), ("[0]*10**9", "Python"),
    ("10**9*(0,)", "Python"), ("lambda: 0", "Python"), ("exec(x)", "Python"),
]  # fmt: skip


@pytest.mark.parametrize("text", SAFE)
def test_what_benchmarks_have_as_answers_is_safe(text: str) -> None:
    assert is_safe_expression(text)


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_what_could_grow_or_run_is_refused(text: str, why: str) -> None:
    assert not is_safe_expression(text), why


@pytest.mark.parametrize(
    "piece", ["{1}^{1}", "1!", "^", "(9)", "1^", "!", "(99", "a^", r"\frac", "2^{3}", "9", " ", "{", "}"]
)
def test_the_guard_itself_costs_no_more_than_the_square_of_the_length(piece: str) -> None:
    def look(size: int) -> None:
        text = (piece * size)[:size]
        is_safe_expression(text)
        value_of(text)

    # A power looks at all that stands before it; a text of more than MAX_LENGTH is refused unread.
    assert growth(look, MAX_LENGTH // 8) < SQUARED
    assert not is_safe_expression(piece * MAX_LENGTH + piece)


VALUES = [
    ("60", 60), ("1,000", 1000), ("95{,}000", 95000), ("12.", 12), (".5", 0.5), ("--3", 3), ("3-5", -2), ("8:5", 1.6), ("1:2:4", 1 / 8), (r"6\div4", 1.5),
    (r"\frac{1}{2}", 0.5), (r"\frac12", 0.5), (r"\frac{360}7", 360 / 7), (r"2\frac{1}{2}", 2.5), (r"\frac{1}{2}3", 1.5), ("45^2", 2025), ("-2^2", -4), ("2^{-1}", 0.5),
    (r"2\sqrt{3}", math.sqrt(12)), (r"\sqrt2", math.sqrt(2)), (r"\sqrt[3]{8}", 2), (r"(\sqrt{2}-1)^{2}", (math.sqrt(2) - 1) ** 2), (r"40\pi/3", 40 * math.pi / 3), (r"\frac{3}{4}\pi", math.pi * 3 / 4),
    (r"\sin(\frac{\pi}{2})", 1), (r"\tan^{-1}1", math.pi / 4), (r"\arctan{1}", math.pi / 4), (r"\binom{5}{2}", 10), ("5!", 120), ("[3]", 3), ("(1+2)(3)", 9), (r"\frac{3^{1008}-1}{3^{1009}}", 1 / 3),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_a_number_in_latex_has_its_value(text: str, value: float) -> None:
    found = value_of(text)
    assert found is not None
    assert float(found) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    ["", "x", "the answer", "e", "3 apples", "4cm", "1/0", "0^{-1}", r"\sqrt{-1}", "(3", "3)", "3+", "()", r"\frac{1}", "1,00", "(3,4)", r"\pi\%", r"\tan^{-2}1",
     r"\arcsin2", "9^9^9^9", "9^{999.5}9^{999.5}", "(-1)^{0.5}", "2^3!", "0.5!", "(-3)!", r"\binom{2.5}{1}", r"\infty", "nan", "inf", "=", "½"],
)  # fmt: skip
def test_what_is_not_a_number_has_no_value(text: str) -> None:
    assert value_of(text) is None


def test_whole_numbers_are_exact() -> None:
    assert value_of("2002^{9}+1") == 2002**9 + 1
