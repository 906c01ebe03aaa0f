"""Numbers and collections of them are compared at once where there is no doubt, and then as Math-Verify would."""

from __future__ import annotations

import pytest

from mathbatch.scoring.expressions.compare import equal_as_mathematics
from mathbatch.scoring.expressions.tuples import as_values, same_values

CERTAIN = [
    (r"2\sqrt{3}", r"\sqrt{12}", True), (r"2\sqrt{3}", r"2 \cdot \sqrt{3}", True), (r"2\sqrt{3}", r"\frac{6}{\sqrt{3}}", True), (r"2\sqrt{3}", r"\sqrt{13}", False), (r"2\sqrt{3}", "3.5", False),
    (r"\frac{7\pi}{3}", r"7\pi/3", True), (r"\frac{7\pi}{3}", r"\dfrac{14\pi}{6}", True), (r"\frac{7\pi}{3}", r"\frac{7}{3}", False), (r"40\pi", "125.66", False),
    ("(3,-4)", "(3, -4)", True), ("(3,-4)", r"\left( 3 , -4 \right)", True), ("(3,-4)", "(-4,3)", False), ("(3,-4)", "(3,4)", False), (r"\left(2,\frac{3}{5}\right)", "(2, 3/5)", True), (r"\left(2,\frac{3}{5}\right)", "(2, 0.6)", True),
    ("[2,5)", "[2, 5)", True), ("[2,5)", r"x \in [2,5)", True), ("[2,5)", "[2,6)", False), ("[2,5)", "(2,5)", False), ("[2,5)", "[2,5]", False), (r"(-\infty,3]", r"(-\infty, 3]", True), (r"(-\infty,3]", r"(-\infty, 4]", False),
    (r"\{1,2,3\}", r"\{3, 1, 2\}", True), ("1, 2, 3", r"\{3,2,1\}", True), ("1,2", "2, 1", True), ("2^{10}", "1024.0", True),
    (r"\frac{1}{\sqrt{2}}", r"\frac{\sqrt{2}}{2}", True), (r"1+\sqrt{5}", r"\sqrt{5}+1", True), (r"-\frac{1}{2}\pi", r"-\frac{\pi}{2}", True),
]  # fmt: skip
"""Gold, answer, and whether they are equal."""
DOUBTFUL = [
    r"1/2\pi", "2^10", r"\sqrt12", r"\frac12", r"2\frac{1}{2}", "(1,000)", "1,000", r"10,\!080", "1 2", r"\sqrt{2}3", r"\pi2", "x", "", "(", "()", "(1,)", "1/2/3", "2:1", r"5\%", r"90^\circ", r"1 \pm 2", "9^9^9^9",
    "(1+2)^2", r"\frac{1}{0}", "3!", r"\sin{1}", "-2^2^2", "1" * 2000, r"(1,2) \cup (3,4)", r"\frac{1}{2", "(1,2", "²", "1e5", "x=3", r"\text{3}", "{1,2}", "(1,2.)", "2--5", "[1,2,3)", r"\{1,2)", "(3]",
]  # fmt: skip


@pytest.mark.parametrize(("gold", "answer", "equal"), CERTAIN)
def test_certain_pairs_are_judged_at_once_and_as_math_verify_does(gold: str, answer: str, equal: bool) -> None:
    assert same_values(gold, answer, 6) is equal
    assert equal_as_mathematics(gold, answer, 6) is equal


@pytest.mark.parametrize("text", DOUBTFUL)
def test_what_can_be_read_in_several_ways_has_no_values(text: str) -> None:
    assert as_values(text) is None


@pytest.mark.parametrize(
    ("gold", "answer", "rounding"),
    [(r"\frac{1}{3}", "0.333333", 6), (r"2\sqrt{3}", "3.464102", 6), ("(3,4)", "[3,4]", 6), ("1, 2", "1, 3", 6), ("(1,2)", "(1,2,3)", 6), (r"\sqrt{2}", "1.41", 2), (r"(-\infty,3]", r"[-\infty,3]", 6)],
)  # fmt: skip
def test_near_misses_are_left_to_math_verify(gold: str, answer: str, rounding: int) -> None:
    assert same_values(gold, answer, rounding) is None
