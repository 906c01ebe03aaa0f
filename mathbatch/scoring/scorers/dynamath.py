"""The scorer `dynamath`: the `short answer` of a JSON reply, compared by the row's `answer_type`.

Protocol: DynaMath/DynaMath, evaluation/opensource_json_eval.py: a float may be 0.001 off, a factor of pi behind it
counts; of a multiple choice the letter is the gold's, or the gold stands in the first three characters; of a text the
gold is part, capitals as they are. Average and worst case over the ten variants of a seed question come from
`dataset.group_field`.
"""

from __future__ import annotations

import re
from fractions import Fraction

import msgspec

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score
from mathbatch.scoring.answers.number_in_sentence import stated_quantity
from mathbatch.scoring.answers.statements import Rule, Stated, statements
from mathbatch.scoring.answers.tags import final_part
from mathbatch.scoring.expressions.parse import as_quantity
from mathbatch.scoring.scorers.number import stated_number

SHORT = re.compile(
    r"""["']short[ _]answer["']\s{0,9}:\s{0,9}(?:"([^"\n]{0,1000})"|'([^'\n]{0,1000})'|([^,}\n]{1,1000}))"""
)
TOLERANCE = Fraction(1, 1000)


class DynaMathScorer(BaseScorer):
    """Correct by the rule of the row's `answer_type`: float, multiple choice, or text."""

    def score(self, sample: Sample, response: str) -> Score:
        gold = (sample.gold or "").strip()
        if not gold:
            return Score.without_gold(sample.gold, "the row has no gold answer")
        if sample.fields.get("answer_type") == "float" and as_quantity(gold) is None:
            return Score.without_gold(gold, "the gold answer is not one number")
        response = final_part(response)
        found = short_answer(response)
        answer, rule = found if found is not None else _stated(sample, response)
        if not answer:
            return Score("no_answer", None, gold, "there is no short answer")
        same = _RULES.get(str(sample.fields.get("answer_type")), _same_text)(answer, gold)
        return Score("correct" if same else "wrong", answer, gold, f"{rule}: {'equal' if same else 'different'}")

    def gold_as_response(self, sample: Sample) -> str:
        return msgspec.json.encode({"solution": "", "short answer": sample.gold}).decode()


def short_answer(response: str) -> tuple[str, str] | None:
    """The value of the last key `short answer`, "" where that is null; also in JSON that is broken elsewhere, as
    unescaped LaTeX makes it.
    """
    found = SHORT.findall(response)
    if not found:
        return None
    value = next(filter(None, found[-1]), "").strip()
    return ("" if value == "null" else value), Rule.SHORT_ANSWER


def _stated(sample: Sample, response: str) -> tuple[str, str]:
    """What a reply without JSON states."""
    if sample.fields.get("answer_type") == "float":
        number = stated_number(response)
        return ("", "") if number is None else (number.shown, number.rule)
    first = next(iter(statements(response)), None)
    return ("", "") if first is None else (first.text, first.rule)


def _same_float(answer: str, gold: str) -> bool:
    ours, theirs = stated_quantity(Stated(answer, Rule.SHORT_ANSWER)), as_quantity(gold)
    return ours is not None and theirs is not None and abs(ours.value - theirs.value) <= TOLERANCE


def _same_letter(answer: str, gold: str) -> bool:
    return answer == gold if len(answer) == 1 else gold in answer[:3]


def _same_text(answer: str, gold: str) -> bool:
    return gold in answer


_RULES = {"float": _same_float, "multiple choice": _same_letter, "text": _same_text}
