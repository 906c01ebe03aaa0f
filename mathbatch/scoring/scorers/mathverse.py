"""The scorer `mathverse`: the benchmark's golds cleaned, letters as choices, values as mathematics.

The official protocol (ZrrSkywalker/MathVerse, evaluation/) has a language model extract the answer and another judge
it; its `--quick_match` compares texts. This scorer needs neither; `judge` asks a model. Its golds are letters such as
`A`, `(C)` or two of them in two lines, and raw LaTeX with units, broken degree signs and words around.
"""

from __future__ import annotations

import re

import msgspec

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score
from mathbatch.scoring.answers.statements import statements
from mathbatch.scoring.scorers.choice import ChoiceScorer, gold_letters
from mathbatch.scoring.scorers.math import MathScorer

CHOICE = re.compile(r"(?:^|\n)\s*\(?([A-F])\)?\s?[:.、)]\s?(.*?)(?=\n|$)")
UNITS = re.compile(
    r"\.?\s*(?:\\(?:mathrm|text|mbox|rm)\s?\{[\s~]{0,3})?(?<![A-Za-z])(?:(?:square|cubic)\s)?"
    r"(?:units?|metres?|meters?|feet|foot|inch(?:es)?|miles?|lit(?:re|er)s?|mm|cm|km(?:\s?/\s?h)?|mi|ft|in|m|k?g)\b"
    r"\s?\.?\}?(?:\s?\^\s?\{?\s?[23]\s?\}?)?\s*\}?$",
    re.IGNORECASE,
)
LEAD = re.compile(r"(?:\\mathrm\{)?[A-Za-z.]{2,}(?:\s[A-Za-z.]+)*\}?\s?=|=")
"""A name of words in front of a value: "Surface Area =", "S.A. of rectangular prism ="."""
TURNED = re.compile(r"(-?[\d.]+)\s?=\s?([A-Za-z])")
NAMED_POINT = re.compile(r"[^=]*=(?:.*=)?\s*((?:\\left)?\([^()]*,[^()]*\))")
BROKEN_DEGREE = re.compile(r"(?<=\d)\s?(?:掳|º|˚)T?")
LOST_FRACTION = re.compile(r"(?<![\w}])(\{\d+\}\s?\{\d+\})")
LABELLED = re.compile(
    r"(domain|range|increas|decreas|constant|maxim|minim)|[(\[][^()\[\],]{1,60},[^()\[\],]{1,60}[)\]]", re.IGNORECASE
)
SPACING = re.compile(r"\\(?:left|right)|\\[,;! ]|\s")


class MathVerseScorer(BaseScorer):
    """`choice` for the rows whose `question_type` is multi-choice, `math` for the others."""

    preload = MathScorer.preload

    def __init__(self) -> None:
        self._choice, self._math = ChoiceScorer(), MathScorer(float_rounding=2)

    def score(self, sample: Sample, response: str) -> Score:
        gold = sample.gold or ""
        if sample.fields.get("question_type") == "multi-choice":
            choices = sample.choices or choices_in(str(sample.fields.get("question") or sample.query))
            if gold_letters(gold, choices) is not None:
                listed = msgspec.structs.replace(sample, choices=choices)
                return self._told(sample, self._choice.score(listed, response))
        labels = labelled(gold)
        if labels:
            return _score_labelled(sample, labels, response)
        return self._told(sample, self._math.score(msgspec.structs.replace(sample, gold=cleaned(gold)), response))

    def gold_as_response(self, sample: Sample) -> str:
        """The gold answer as the scorer cleans it."""
        gold = sample.gold or ""
        is_value = sample.fields.get("question_type") != "multi-choice" and not labelled(gold)
        return f"\\boxed{{{cleaned(gold) if is_value else gold}}}"

    def _told(self, sample: Sample, score: Score) -> Score:
        return msgspec.structs.replace(score, gold=sample.gold)


def choices_in(question: str) -> tuple[str, ...]:
    """The texts of the choices at the end of a question, `A:40°` a line; none where their letters do not follow."""
    found = CHOICE.findall(question.rpartition("Choices:")[2] if "Choices:" in question else "")
    letters = "".join(letter for letter, _ in found)
    return tuple(text.strip() for _, text in found) if letters and letters == "ABCDEF"[: len(letters)] else ()


def cleaned(gold: str) -> str:
    r"""A gold value without units, words in front and broken signs: `Area $=9 \pi \mathrm{cm}^{2}$` is `9 \pi`."""
    gold = BROKEN_DEGREE.sub(r"^\\circ", gold.strip().split("\n")[0]).replace("$", "").strip()
    gold = LOST_FRACTION.sub(r"\\frac\1", LEAD.sub("", gold, count=1) if LEAD.match(gold) else gold).strip()
    gold = TURNED.sub(r"\2=\1", gold) if TURNED.fullmatch(gold) else gold
    point = NAMED_POINT.fullmatch(gold)
    gold = point[1] if point else gold
    shorter = UNITS.sub("", gold).strip().rstrip("\\").strip()
    return shorter if any(sign.isalnum() for sign in shorter) else gold


def labelled(text: str) -> dict[str, list[str]]:
    r"""Labels and the intervals or points behind them, where a text has both: `domain: (2,8] and range: [6,8)`."""
    found: dict[str, list[str]] = {}
    label = ""
    for one in LABELLED.finditer(SPACING.sub("", text)):
        if one[1]:
            label = one[1].lower()
        elif label:
            found.setdefault(label, []).append(one[0])
    return found


def _score_labelled(sample: Sample, gold: dict[str, list[str]], response: str) -> Score:
    """The same labels with the same intervals, in any order of the labels."""
    for stated in statements(response):
        found = labelled(stated.text)
        if found:
            verdict = "correct" if found == gold else "wrong"
            return Score(verdict, stated.text, sample.gold, f"{stated.rule}: intervals by their labels")
    return Score("no_answer", None, sample.gold, "no interval has a label")
