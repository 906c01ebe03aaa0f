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
from mathbatch.scoring.choice import ChoiceScorer, gold_letters
from mathbatch.scoring.mathematics import MathScorer

CHOICE = re.compile(r"(?:^|\n)\s*\(?([A-F])\)?\s?[:.、)]\s?(.*?)(?=\n|$)")
UNITS = re.compile(
    r"\\?\s*(?:\\(?:mathrm|text|mbox|rm)\s?\{\s?~?\s?)?\s*\b(?:square|cubic)?\s?"
    r"(?:units?|metres?|meters?|feet|foot|inch(?:es)?|miles?|mm|cm|km|mi|ft|in|m)\b\s?\.?\}?(?:\s?\^\s?\{?\s?[23]\s?\}?)?\s*\}?\s*$"
)
WORDY = re.compile(r"^[A-Za-z ]+\$(.+)\$\s*$")
BROKEN_DEGREE = re.compile(r"(?<=\d)\s?(?:掳|º|˚)T?")


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
        return self._told(sample, self._math.score(msgspec.structs.replace(sample, gold=cleaned(gold)), response))

    def _told(self, sample: Sample, score: Score) -> Score:
        return msgspec.structs.replace(score, gold=sample.gold)


def choices_in(question: str) -> tuple[str, ...]:
    """The texts of the choices at the end of a question, `A:40°` a line; none where their letters do not follow."""
    found = CHOICE.findall(question.rpartition("Choices:")[2] if "Choices:" in question else "")
    letters = "".join(letter for letter, _ in found)
    return tuple(text.strip() for _, text in found) if letters and letters == "ABCDEF"[: len(letters)] else ()


def cleaned(gold: str) -> str:
    r"""A gold value without units, words in front and broken signs: `Area $=9 \pi \mathrm{cm}^{2}$` is `9 \pi`."""
    gold = BROKEN_DEGREE.sub(r"^\\circ", gold.split("\n")[0].strip())
    wordy = WORDY.match(gold)
    gold = (wordy[1] if wordy else gold).strip().strip("$").strip()
    gold = gold.removeprefix("=").strip()
    shorter = UNITS.sub("", gold).strip().rstrip("\\").strip()
    return shorter if any(sign.isalnum() for sign in shorter) else gold
