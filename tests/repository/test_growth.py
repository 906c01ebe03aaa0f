"""Check that the measure of other tests tells work that explodes from work that grows with its input."""

from __future__ import annotations

import re

import pytest
from support.growth import LINEAR, SQUARED, growth

from mathbatch.scoring.answers.statements import statements

ANEW = re.compile(r"a+b")


@pytest.mark.parametrize("size", [500, 2_500, 12_500])
def test_a_pass_over_the_input_is_linear(size: int) -> None:
    assert growth(lambda size: sum(at * at for at in range(size)), size) < LINEAR
    assert growth(lambda size: sorted(range(size, 0, -1)), size) < LINEAR


def test_what_costs_the_same_for_all_inputs_is_linear_too() -> None:
    assert growth(lambda size: sum(range(1000)), 500) < LINEAR


@pytest.mark.parametrize("size", [100, 200])
def test_loops_within_each_other_are_not_linear(size: int) -> None:
    assert LINEAR < growth(lambda size: sum(1 for one in range(size) for other in range(size)), size) < SQUARED


def test_three_loops_within_each_other_are_more_than_the_square() -> None:
    assert growth(lambda size: sum(1 for a in range(size) for b in range(size) for c in range(size)), 20) > SQUARED


@pytest.mark.parametrize("size", [500, 1_000])
def test_an_expression_that_begins_anew_at_each_letter_is_not_linear(size: int) -> None:
    assert growth(lambda size: ANEW.search("a" * size), size) > LINEAR


def test_a_cache_does_not_hide_what_a_call_costs() -> None:
    asked = []

    def work(size: int) -> None:
        before = statements.cache_info().misses
        statements("The answer is 3. " * (size // 17))
        asked.append(statements.cache_info().misses - before)

    growth(work, 500)
    # The first call of all only warms up, and may find what an earlier test has left.
    assert set(asked[1:]) == {1}
