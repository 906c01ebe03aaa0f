"""Score with the scorer `number`: the stated number must be the gold answer, within a tolerance.

scoring: {number: {tolerance: 0.001}}          # the difference may be at most 0.001
scoring: {number: {decimals: precision}}       # both are rounded to the decimals in the row's field `precision`
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import ceil, floor
from typing import Any, NamedTuple

from mathbatch.base import BaseScorer
from mathbatch.data.rows.fields import ABSENT, getter
from mathbatch.errors import ConfigError
from mathbatch.records import Sample, Score
from mathbatch.scoring.answers.number_in_sentence import is_answer_without_number, stated_quantity
from mathbatch.scoring.answers.readable import only_gold
from mathbatch.scoring.answers.statements import statements_of_values
from mathbatch.scoring.expressions.arithmetic import value_with_functions
from mathbatch.scoring.expressions.compare import DOLLAR, without_math_delimiters
from mathbatch.scoring.expressions.latex_tokens import MAX_LENGTH
from mathbatch.scoring.expressions.measures import split_unit, without_wording
from mathbatch.scoring.expressions.normalize import to_latex
from mathbatch.scoring.expressions.numbers import Number
from mathbatch.scoring.expressions.parse import as_quantity
from mathbatch.scoring.expressions.relations import right_side
from mathbatch.scoring.expressions.units import conversion_factor, have_different_dimensions, unit_of

PERCENT = ("either", "value", "ignore")
UNITS = ("compatible", "same", "ignore")
# Functions and powers, of which `as_quantity` reads none.
FUNCTION = re.compile(
    r"\\(?:log|ln|lg|exp|sin|cos|tan|cot|sec|csc|arc[a-z]+)(?![A-Za-z])|\be\s?\^|/\s?\d+\s?(?:\\[ps]|\()"
)
# Relative difference that a root may have from its value as a float.
NOISE = Fraction(1, 10**9)


class Found(NamedTuple):
    """Stated answer and the rule that found it. `number` is None if the answer is not exactly one number."""

    number: Number | None
    shown: str
    rule: str


class NumberScorer(BaseScorer):
    """Finds a response correct if its number differs from the gold answer by no more than a tolerance.

    `tolerance` is absolute, and `relative_tolerance` is a share of the gold answer; the larger one counts. `decimals`
    rounds both numbers first, a number half-way to either side. Each of the three is a number, or the name of the row's
    field with the number.

    `percent` says what 28% is: 0.28 (value), 28 (ignore), or either of them (either). `units` says how units count.
    With compatible, a known unit is converted to the gold answer's, and a unit of another kind is wrong. With same, the
    answer must have the gold answer's unit. With ignore, units do not count.

    An answer that is not one number, such as `2x+1` or "6 or 7", is wrong.
    """

    def __init__(
        self,
        tolerance: float | str = 0.0,
        relative_tolerance: float | str = 0.0,
        decimals: int | str | None = None,
        percent: str = "either",
        units: str = "compatible",
    ) -> None:
        """Raise ConfigError for an unknown value of `percent` or `units`."""
        _one_of("percent", percent, PERCENT)
        _one_of("units", units, UNITS)
        self._tolerance, self._relative, self._decimals = tolerance, relative_tolerance, decimals
        self._percent, self._units = percent, units

    def score(self, sample: Sample, response: str) -> Score:
        gold = as_quantity(only_gold(sample.gold or ""))
        if gold is None:
            return Score.without_gold(sample.gold, "the gold answer is not one number")
        found = stated_number(response)
        if found is None:
            return Score("no_answer", None, sample.gold, "no number is stated")
        if found.number is None:
            return other_answer(found, sample.gold)
        verdict, why = self._compare(sample, found.number, gold)
        return Score(verdict, found.shown, sample.gold, f"{found.rule}: {why}")

    def _compare(self, sample: Sample, answer: Number, gold: Number) -> tuple[str, str]:
        if self._is_other_unit(answer.unit, gold.unit):
            return "wrong", f"the unit is {answer.unit or 'missing'}, not {gold.unit}"
        room = max(self._setting(sample, self._tolerance), abs(gold.value) * self._setting(sample, self._relative))
        if not (answer.exact and gold.exact):
            room = max(room, abs(gold.value) * NOISE)
        decimals = None if self._decimals is None else self._setting(sample, self._decimals, none=True)
        for one, other in self._readings(answer, gold):
            rounded = (
                [{one}, {other}] if decimals is None else [_roundings(side, int(decimals)) for side in (one, other)]
            )
            apart = min(abs(ours - theirs) for ours in rounded[0] for theirs in rounded[1])
            if apart <= room:
                return "correct", f"within {float(room):g}" if apart else "equal"
        return "wrong", "different"

    def _is_other_unit(self, ours: str, theirs: str) -> bool:
        if self._units == "ignore" or not theirs:
            return False
        if self._units == "compatible" or ours.casefold() == theirs.casefold():
            return have_different_dimensions(ours, theirs)
        known = unit_of(ours)
        return known is None or known != unit_of(theirs)

    def _readings(self, answer: Number, gold: Number) -> list[tuple[Fraction, Fraction]]:
        """Return the pairs of values (answer, gold answer) of which one must be equal.

        They follow the rule for per cent, and are in the gold answer's unit. A word such as "million" multiplies both
        values; if only one of the two has such a word, they are also compared without it.
        """
        ours = answer.value * (conversion_factor(answer.unit, gold.unit) if self._units == "compatible" else 1)
        scaled = (ours * answer.scale, gold.value * gold.scale)
        as_written = scaled if answer.scale > 1 and gold.scale > 1 else (ours, gold.value)
        as_value = (scaled[0] / (100 if answer.percent else 1), scaled[1] / (100 if gold.percent else 1))
        return {"ignore": [as_written, scaled], "value": [as_value], "either": [as_written, as_value]}[self._percent]

    def _setting(self, sample: Sample, setting: float | str, none: bool = False) -> Any:
        """Return a constant, or the value of the row's field. Raises ValueError if the row has no number there."""
        value = getter(setting)(sample.fields) if isinstance(setting, str) else setting
        if value is None and none:
            return None
        if value is ABSENT or value is None or isinstance(value, bool):
            raise ValueError(f"the row has no field '{setting}'" if value is ABSENT else f"{setting} is {value}")
        return Fraction(str(value))


def stated_number(response: str) -> Found | None:
    """Return the strongest statement that has a number or is another answer; None if there is none."""
    for stated in statements_of_values(response):
        number = stated_quantity(stated)
        is_answer = is_answer_without_number(stated)
        if number is None and is_answer and FUNCTION.search(stated.text):
            number = calculated(stated.text)
        if number is not None or is_answer:
            return Found(number, stated.text if number is None else number.shown, stated.rule)
    return None


def calculated(text: str) -> Number | None:
    r"""Return the number that an expression with functions comes to, or None: `x = \log_2 8` -> 3.

    One without a value, and one too large to calculate, is no number.
    """
    if len(text) > MAX_LENGTH:
        return None
    found = split_unit(without_wording(right_side(DOLLAR.sub("", to_latex(without_math_delimiters(text))))))
    value = value_with_functions(found.value)
    exact = isinstance(value, Fraction)
    return None if value is None else Number(Fraction(value), False, found.unit, text, 0, len(text), exact)


def other_answer(found: Found, gold: str | None) -> Score:
    """Return the score of an answer that is not one number, or none that can be calculated: it is wrong."""
    return Score("wrong", found.shown, gold, f"{found.rule}: not one number")


def _roundings(value: Fraction, decimals: int) -> set[Fraction]:
    """Return the value rounded to so many decimals. Both neighbours count half-way, since gold answers have either."""
    unit = Fraction(10) ** -decimals
    return {unit * ceil(value / unit - Fraction(1, 2)), unit * floor(value / unit + Fraction(1, 2))}


def _one_of(name: str, value: str, valid: tuple[str, ...]) -> None:
    if value not in valid:
        raise ConfigError(f"dataset.scoring.number.{name}", f"there is no '{value}'", f"set it to {', '.join(valid)}")
