r"""The answer in the last `\boxed{}`, compared as text and as a number."""

from __future__ import annotations

import re

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score

BRACES = re.compile(r"\\boxed\{|[{}]")


class BoxedScorer(BaseScorer):
    r"""Correct if the content of the last `\boxed{}` is the gold answer, as text or as a number."""

    def score(self, sample: Sample, response: str) -> Score:
        answer = last_boxed(response)
        if sample.gold is None:
            return Score("unscored", answer, None, "the row has no gold answer")
        if answer is None:
            return Score("no_answer", None, sample.gold, r"there is no \boxed{} in the response")
        same = _same(answer, sample.gold)
        return Score("correct" if same else "wrong", answer, sample.gold, "equal" if same else "different")


def last_boxed(text: str) -> str | None:
    r"""What stands in the last `\boxed{}` whose braces are balanced, None where there is none; in one pass."""
    opened: list[int | None] = []
    last: tuple[int, int] | None = None
    for brace in BRACES.finditer(text):
        if brace[0] != "}":
            opened.append(brace.end() if len(brace[0]) > 1 else None)
        elif opened and (start := opened.pop()) is not None and (last is None or start > last[0]):
            last = start, brace.start()
    return None if last is None else text[slice(*last)].strip()


def _same(answer: str, gold: str) -> bool:
    if answer.casefold() == gold.strip().casefold():
        return True
    try:
        return float(answer.replace(",", "")) == float(gold.replace(",", ""))
    except ValueError:
        return False
