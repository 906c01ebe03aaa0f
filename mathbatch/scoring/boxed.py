r"""The answer in the last `\boxed{}`, compared as text and as a number."""

from __future__ import annotations

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score


class BoxedScorer(BaseScorer):
    r"""Correct if the content of the last `\boxed{}` is the gold answer, as text or as a number."""

    def score(self, sample: Sample, response: str) -> Score:
        answer = last_boxed(response)
        if answer is None:
            return Score("no_answer", None, sample.gold, r"there is no \boxed{} in the response")
        if sample.gold is None:
            return Score("unscored", answer, None, "the row has no gold answer")
        same = _same(answer, sample.gold)
        return Score("correct" if same else "wrong", answer, sample.gold, "equal" if same else "different")


def last_boxed(text: str) -> str | None:
    r"""What stands in the last `\boxed{}` whose braces are balanced; None where there is none."""
    end = len(text)
    while (start := text.rfind(r"\boxed{", 0, end)) >= 0:
        depth = 0
        for at in range(start + len(r"\boxed"), len(text)):
            depth += (text[at] == "{") - (text[at] == "}")
            if depth == 0:
                return text[start + len(r"\boxed{") : at].strip()
        end = start
    return None


def _same(answer: str, gold: str) -> bool:
    if answer.casefold() == gold.strip().casefold():
        return True
    try:
        return float(answer.replace(",", "")) == float(gold.replace(",", ""))
    except ValueError:
        return False
