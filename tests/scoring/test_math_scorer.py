r"""Check what the scorer `math` says of answers with signs beyond ASCII, with units, and of sentences that say more.

A verdict is what a careful human grader would give. The sentences are of the kind that models write; some are those of
Bard and LLaVA on MathVista and of the example solutions of GSM8K.
"""

from __future__ import annotations

import pytest
from support.cases import from_file

from mathbatch.records import Sample
from mathbatch.scoring.expressions.measures import split_unit
from mathbatch.scoring.expressions.normalize import to_latex
from mathbatch.scoring.scorers.auto import AutoScorer
from mathbatch.scoring.scorers.math import MathScorer

RIGHT, WRONG, NONE, UNSCORED = "correct", "wrong", "no_answer", "unscored"


WRITTEN = [
    ("2√3", r"2\sqrt{3}"), ("√(x+1)", r"\sqrt{x+1}"), ("√3/2", r"\sqrt{3}/2"), ("∛8", r"\sqrt[3]{8}"), ("3²", "3^{2}"), ("10⁻³", "10^{-3}"),
    ("1½", r"1\frac{1}{2}"), ("3×10⁵", r"3\times 10^{5}"), ("60°", r"60^{\circ}"), ("−3", "-3"), ("λ", r"\lambda "), ("Δ", r"\Delta "),
    ("1e6", r"1 \times 10^{6}"), (r"0.\overline{3}", r"\frac{3}{9}"), (r"1.2\overline{34}", r"\frac{1222}{990}"), ("2e", "2e"), ("x + y", "x + y"),
]  # fmt: skip

UNITS = [  # text, value, unit
    ("5 cm", "5", "cm"), ("120 km per hour", "120", "km per hour"), (r"5\text{ m/s}^2", "5", "m/s^2"), (r"864 \mbox{ inches}^2", "864", "inches^2"),
    ("10 apples", "10", "apples"), ("2x", "2x", ""), ("2 pi", "2 pi", ""), (r"5 \text{ or } 6", r"5 \text{ or } 6", ""), (r"6\pi m", r"6\pi m", ""), ("$57500/year", "$57500", "/year"),
]  # fmt: skip


@from_file("scoring/cases/math_signs_and_units.jsonl", "gold", "response", "verdict")
def test_math_answers(gold: str, response: str, verdict: str) -> None:
    assert MathScorer().score(Sample("1", 1, {}, "", gold=gold), response).verdict == verdict


@pytest.mark.parametrize(
    ("gold", "response", "verdict"),
    [
        ("Yes", "Yes. The lines are parallel because they never meet.", RIGHT),
        ("No", "Yes. The lines are parallel because they never meet.", WRONG),
        ("Yes", "No. A yes would need 4.", WRONG),
        ("east", "Sure. So he walks east.", RIGHT),
    ],
)
def test_the_first_word_answers_a_yes_or_no_question(gold: str, response: str, verdict: str) -> None:
    assert AutoScorer().score(Sample("1", 1, {}, "", gold=gold), response).verdict == verdict


def test_a_gold_list_is_named_as_what_it_is() -> None:
    score = MathScorer().score(Sample("1", 1, {}, "", gold='["1", "2"]'), "\\boxed{1}")
    assert score.reason == "the gold answer is a list of several in JSON, and `math` compares one"


@pytest.mark.parametrize(("text", "written"), WRITTEN)
def test_signs_beyond_ascii_become_latex(text: str, written: str) -> None:
    assert to_latex(text) == written


@pytest.mark.parametrize(("text", "value", "unit"), UNITS)
def test_the_unit_behind_a_value(text: str, value: str, unit: str) -> None:
    assert split_unit(text)[:2] == (value, unit)
