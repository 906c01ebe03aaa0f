"""Score with the scorer `mathverse`: clean the benchmark's gold answers, then compare choices or mathematics.

In the official protocol (ZrrSkywalker/MathVerse, evaluation/), one language model extracts the answer and another
judges it, or `--quick_match` compares texts. This scorer compares by rules, without a model; the scorer `judge` asks
one. The benchmark's gold answers are letters such as `A`, `(C)` or two of them on two lines, or raw LaTeX with units,
broken degree signs and surrounding words.
"""

from __future__ import annotations

import re

import msgspec

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score
from mathbatch.scoring.answers.statements import statements
from mathbatch.scoring.scorers.choice import ChoiceScorer, gold_letters
from mathbatch.scoring.scorers.math import MathScorer

# One choice on a line of its own: its letter and its text.
CHOICE = re.compile(r"(?:^|\n)\s*\(?([A-F])\)?\s?[:.、)]\s?(.*?)(?=\n|$)")
# Unit at the end of a value, with or without LaTeX and a power.
UNITS = re.compile(
    r"\.?\s*(?:\\(?:mathrm|text|mbox|rm)\s?\{[\s~]{0,3})?(?<![A-Za-z])(?:(?:square|cubic)\s)?"
    r"(?:units?|metres?|meters?|feet|foot|inch(?:es)?|miles?|lit(?:re|er)s?|mm|cm|km(?:\s?/\s?h)?|mi|ft|in|m|k?g)\b"
    r"\s?\.?\}?(?:\s?\^\s?\{?\s?[23]\s?\}?)?\s*\}?$",
    re.IGNORECASE,
)
# Name made of words before a value: "Surface Area =", "S.A. of rectangular prism =".
LEAD = re.compile(r"(?:\\mathrm\{)?[A-Za-z.]{2,}(?:\s[A-Za-z.]+)*\}?\s?=|=")
# Point or interval with its name: "A = (1, 2)".
NAMED_POINT = re.compile(r"[^=]*=(?:.*=)?\s*((?:\\left)?\([^()]*,[^()]*\))")
# Degree signs that were read in a wrong encoding or by text recognition.
BROKEN_DEGREE = re.compile(r"(?<=\d)\s?(?:掳|º|˚)T?")
# Fraction that has lost its command: "{1}{2}".
LOST_FRACTION = re.compile(r"(?<![\w}])(\{\d+\}\s?\{\d+\})")
# Label of an interval, or the interval or point itself.
LABELLED = re.compile(
    r"(domain|range|increas|decreas|constant|maxim|minim)|[(\[][^()\[\],]{1,60},[^()\[\],]{1,60}[)\]]", re.IGNORECASE
)
SPACING = re.compile(r"\\(?:left|right)|\\[,;! ]|\s")


class MathVerseScorer(BaseScorer):
    """Scores with `choice` if the row's `question_type` is multi-choice, else with `math`."""

    def __init__(self) -> None:
        self._choice, self._math = ChoiceScorer(), MathScorer(float_rounding=2)

    def score(self, sample: Sample, response: str) -> Score:
        gold = sample.gold or ""
        if sample.fields.get("question_type") == "multi-choice":
            choices = sample.choices or choices_in(str(sample.fields.get("question") or sample.query))
            if gold_letters(gold, choices) is not None:
                listed = msgspec.structs.replace(sample, choices=choices)
                return self._with_gold_of(sample, self._choice.score(listed, response))
        labels = labelled(gold)
        if labels:
            return _score_labelled(sample, labels, response)
        return self._with_gold_of(
            sample, self._math.score(msgspec.structs.replace(sample, gold=cleaned(gold)), response)
        )

    def gold_as_response(self, sample: Sample) -> str:
        """Return the gold answer as the scorer cleans it, in a box."""
        gold = sample.gold or ""
        is_value = sample.fields.get("question_type") != "multi-choice" and not labelled(gold)
        return f"\\boxed{{{cleaned(gold) if is_value else gold}}}"

    def _with_gold_of(self, sample: Sample, score: Score) -> Score:
        """Return the score with the row's own gold answer in the place of the cleaned one."""
        return msgspec.structs.replace(score, gold=sample.gold)


def choices_in(question: str) -> tuple[str, ...]:
    """Return the texts of the choices that a question ends with, one a line, such as `A:40°`.

    Returns none if their letters are not A, B, C and so on.
    """
    found = CHOICE.findall(question.rpartition("Choices:")[2] if "Choices:" in question else "")
    letters = "".join(letter for letter, _ in found)
    return tuple(text.strip() for _, text in found) if letters and letters == "ABCDEF"[: len(letters)] else ()


def cleaned(gold: str) -> str:
    r"""Return a gold value without units, leading words and broken signs.

    So `Area $=9 \pi \mathrm{cm}^{2}$` becomes `9 \pi`.
    """
    gold = BROKEN_DEGREE.sub(r"^\\circ", gold.strip().split("\n")[0]).replace("$", "").strip()
    gold = LOST_FRACTION.sub(r"\\frac\1", LEAD.sub("", gold, count=1) if LEAD.match(gold) else gold).strip()
    point = NAMED_POINT.fullmatch(gold)
    gold = point[1] if point else gold
    shorter = UNITS.sub("", gold).strip().rstrip("\\").strip()
    return shorter if any(sign.isalnum() for sign in shorter) else gold


def labelled(text: str) -> dict[str, list[str]]:
    r"""Return the intervals or points after each label, for a text such as `domain: (2,8] and range: [6,8)`."""
    found: dict[str, list[str]] = {}
    label = ""
    for one in LABELLED.finditer(SPACING.sub("", text)):
        if one[1]:
            label = one[1].lower()
        elif label:
            found.setdefault(label, []).append(one[0])
    return found


def _score_labelled(sample: Sample, gold: dict[str, list[str]], response: str) -> Score:
    """Return the score for a gold answer with labels: the first statement with labels must have the same intervals."""
    for stated in statements(response):
        found = labelled(stated.text)
        if found:
            verdict = "correct" if found == gold else "wrong"
            return Score(verdict, stated.text, sample.gold, f"{stated.rule}: intervals by their labels")
    return Score("no_answer", None, sample.gold, "no interval has a label")
