"""Numbers and collections of them are compared at once where there is no doubt, and then as Math-Verify would."""

from __future__ import annotations

import pytest
from support.cases import from_file

from mathbatch.scoring.expressions.compare import equal_as_mathematics
from mathbatch.scoring.expressions.tuples import as_values, same_values

DOUBTFUL = [
    r"1/2\pi", "2^10", r"\sqrt12", r"\frac12", r"2\frac{1}{2}", "(1,000)", "1,000", r"10,\!080", "1 2", r"\sqrt{2}3", r"\pi2", "x", "", "(", "()", "(1,)", "1/2/3", "2:1", r"5\%", r"90^\circ", r"1 \pm 2", "9^9^9^9",
    "(1+2)^2", r"\frac{1}{0}", "3!", r"\sin{1}", "-2^2^2", "1" * 2000, r"(1,2) \cup (3,4)", r"\frac{1}{2", "(1,2", "²", "1e5", "x=3", r"\text{3}", "{1,2}", "(1,2.)", "2--5", "[1,2,3)", r"\{1,2)", "(3]",
]  # fmt: skip


@from_file("scoring/cases/equal_values.jsonl", "gold", "answer", "equal")
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
