"""Score with the scorer `dynamath`: compare the `short answer` of a JSON reply by the row's `answer_type`.

The protocol is that of the repository DynaMath/DynaMath, evaluation/opensource_json_eval.py:

- float: the number may be off by 0.001. A factor of pi after it counts.
- multiple choice: the answer is the gold letter, or has it among its first three characters.
- text: the answer contains the gold answer, in the same case.

With `dataset.group_field`, the metrics have the average and the worst case over the variants of a seed question.
"""

from __future__ import annotations

import re
from fractions import Fraction

import msgspec

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score
from mathbatch.scoring.answers.number_in_sentence import stated_quantity
from mathbatch.scoring.answers.stated import Rule, Stated
from mathbatch.scoring.answers.statements import statements
from mathbatch.scoring.answers.tags import final_part
from mathbatch.scoring.expressions.parse import as_quantity
from mathbatch.scoring.scorers.number import stated_number

# Value of the key `short answer`: in double quotes, in single quotes, or bare.
SHORT = re.compile(
    r"""["']short[ _]answer["']\s{0,9}:\s{0,9}(?:"([^"\n]{0,1000})"|'([^'\n]{0,1000})'|([^,}\n]{1,1000}))"""
)
TOLERANCE = Fraction(1, 1000)


class DynaMathScorer(BaseScorer):
    """Compares by the rule for the row's `answer_type`: float, multiple choice, or text."""

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
    """Return the value of the last key `short answer`, "" for null, and the rule's name; None without such a key.

    The rest of the reply need not be valid JSON, since unescaped LaTeX often breaks it.
    """
    found = SHORT.findall(response)
    if not found:
        return None
    value = next(filter(None, found[-1]), "").strip()
    return ("" if value == "null" else value), Rule.SHORT_ANSWER


def _stated(sample: Sample, response: str) -> tuple[str, str]:
    """Return answer and rule of the strongest statement in a reply without JSON; two empty texts without one."""
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
