"""The scorer `number`: the number that a response states, within a tolerance.

scoring: {number: {tolerance: 0.001}}          # at most so far from the gold answer
scoring: {number: {decimals: precision}}       # both rounded to the decimals that the row's field `precision` says
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from mathbatch.base import BaseScorer
from mathbatch.data.fields import ABSENT, getter
from mathbatch.errors import ConfigError
from mathbatch.records import Sample, Score
from mathbatch.scoring.numbers import Number
from mathbatch.scoring.said import numerals, said_number
from mathbatch.scoring.stated import Stated, statements

INTRODUCED = ("boxed", "after ####", "stated as the answer")
"""Rules whose text begins with the answer; a sentence states it anywhere."""
PERCENT = ("either", "value", "ignore")
UNITS = ("ignore", "same")


class NumberScorer(BaseScorer):
    """Correct if the number found differs from the gold answer by no more than a tolerance.

    `tolerance` is absolute, `relative_tolerance` a share of the gold answer: the larger counts. `decimals`: both are
    rounded to so many first. Each is a number, or the name of a field that holds it for each row. `percent`: 28% is
    0.28 (value), 28 (ignore), or both count (either). `units`: whether a unit behind the number must be the gold's
    (same) or not (ignore).
    """

    def __init__(
        self,
        tolerance: float | str = 0.0,
        relative_tolerance: float | str = 0.0,
        decimals: int | str | None = None,
        percent: str = "either",
        units: str = "ignore",
    ) -> None:
        """Raises ConfigError for a rule that there is not."""
        _one_of("percent", percent, PERCENT)
        _one_of("units", units, UNITS)
        self._tolerance, self._relative, self._decimals = tolerance, relative_tolerance, decimals
        self._percent, self._units = percent, units

    def score(self, sample: Sample, response: str) -> Score:
        golds = numerals(sample.gold or "")
        if not golds:
            return Score.without_gold(sample.gold, "the gold answer is no number")
        found = stated_number(response)
        if found is None:
            return Score("no_answer", None, sample.gold, "no number is stated")
        answer, rule = found
        verdict, why = self._compare(sample, answer, golds[-1])
        return Score(verdict, answer.shown, sample.gold, f"{rule}: {why}")

    def _compare(self, sample: Sample, answer: Number, gold: Number) -> tuple[str, str]:
        if self._units == "same" and gold.unit and answer.unit.casefold() != gold.unit.casefold():
            return "wrong", f"the unit is {answer.unit or 'missing'}, not {gold.unit}"
        room = max(self._setting(sample, self._tolerance), abs(gold.value) * self._setting(sample, self._relative))
        decimals = None if self._decimals is None else self._setting(sample, self._decimals, none=True)
        for ours, theirs in self._readings(answer, gold):
            if decimals is not None:
                ours, theirs = round(ours, int(decimals)), round(theirs, int(decimals))
            if abs(ours - theirs) <= room:
                return "correct", "equal" if ours == theirs else f"within {float(room):g}"
        return "wrong", "different"

    def _readings(self, answer: Number, gold: Number) -> list[tuple[Fraction, Fraction]]:
        """The pairs of values that count, by the rule for per cent."""
        as_written = (answer.value, gold.value)
        as_value = (answer.value / (100 if answer.percent else 1), gold.value / (100 if gold.percent else 1))
        return {"ignore": [as_written], "value": [as_value], "either": [as_written, as_value]}[self._percent]

    def _setting(self, sample: Sample, setting: float | str, none: bool = False) -> Any:
        """A constant, or the value of the row's field. Raises ValueError where the row has none."""
        value = getter(setting)(sample.fields) if isinstance(setting, str) else setting
        if value is None and none:
            return None
        if value is ABSENT or value is None or isinstance(value, bool):
            raise ValueError(f"the row has no field '{setting}'" if value is ABSENT else f"{setting} is {value}")
        return Fraction(str(value))


def stated_number(response: str) -> tuple[Number, str] | None:
    """The number that a response states as its answer, and by which rule it was found."""
    for stated in statements(response):
        number = _number_of(stated)
        if number is not None:
            return number, stated.rule
    return None


def _number_of(stated: Stated) -> Number | None:
    if stated.rule not in INTRODUCED:
        return said_number(stated.text)
    head, _, tail = stated.text.rpartition("=")
    return next(iter(numerals(tail) or numerals(head)), None)


def _one_of(name: str, value: str, valid: tuple[str, ...]) -> None:
    if value not in valid:
        raise ConfigError(f"dataset.scoring.number.{name}", f"there is no '{value}'", f"set it to {', '.join(valid)}")
