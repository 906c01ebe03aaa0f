r"""Score with the scorer `mathvista`: extract an answer, normalise it by the row's kind, and compare it exactly.

The protocol is that of the repository lupantech/MathVista, evaluation/extract_answer.py and
evaluation/calculate_score.py. There, a language model extracts the answer. Here, rules do (`mathvista_extract`), so
that a score costs nothing and never changes. Normalisation and comparison are the official ones with one exception: if
nothing is found, the verdict is `no_answer`, while the official script takes the choice that is most similar to "".

A row, a response and its score:

    {"question_type": "multi_choice", "answer_type": "text", "choices": ["135°", "140°", "145°", "150°"],
     "precision": null, "answer": "145°"}
    "The answer is (C)." -> correct: choice (C), stated as the answer; equal
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from mathbatch.base import BaseScorer
from mathbatch.records import Row, Sample, Score
from mathbatch.scoring.answers.stated import MAX_ANSWER, Stated
from mathbatch.scoring.scorers.mathvista_extract import extract

OPTION = re.compile(r"\(([a-zA-Z])\)")


class Normalised(NamedTuple):
    """Answer to compare with the gold answer, None if the extraction is not of the row's kind, and its description."""

    answer: str | None
    description: str


class MathVistaScorer(BaseScorer):
    """Scores by the row's `question_type`, `answer_type` and `precision`, its choices and its gold answer.

    With `extracted`, responses are extractions already, as in the benchmark's own output files.
    """

    def __init__(self, extracted: bool = False) -> None:
        self.extracted = extracted

    def score(self, sample: Sample, response: str) -> Score:
        found = Stated(response.strip(), "given") if self.extracted else extract(sample, response)
        if found is None or not found.text or len(found.text) > MAX_ANSWER:
            why, verdict = "no answer was found in the response", "unscored" if sample.gold is None else "no_answer"
            return Score(verdict, None, sample.gold, why, gold_at_fault=sample.gold is None)
        answer, description = normalised(found.text, sample.fields, sample.choices or ())
        reason = f"{description}, {found.rule}"
        if sample.gold is None:
            return Score("unscored", answer, None, f"{reason}; the row has no gold answer", gold_at_fault=True)
        same = answer == sample.gold
        return Score(
            "correct" if same else "wrong", answer, sample.gold, f"{reason}; {'equal' if same else 'different'}"
        )


def normalised(extraction: str, row: Row, choices: Sequence[str]) -> Normalised:
    """Normalise an extraction like the official `normalize_extracted_answer`; one of unknown kind stays as it is."""
    if row.get("question_type") == "multi_choice" and choices:
        return _choice(extraction, choices)
    if row.get("answer_type") in ("integer", "float"):
        return _number(extraction, row)
    return Normalised(extraction, "list" if row.get("answer_type") == "list" else "text")


def _choice(extraction: str, choices: Sequence[str]) -> Normalised:
    """Return the choice whose letter is given, in parentheses or alone; else the one with the smallest edit distance.

    Of several choices with the same distance, it is the first.
    """
    in_parentheses = OPTION.search(extraction)
    text = in_parentheses[1].upper() if in_parentheses else extraction
    letters = [chr(ord("A") + number) for number in range(len(choices))]
    if text in letters:
        return Normalised(choices[letters.index(text)], f"choice ({text})")
    from rapidfuzz.distance import Levenshtein  # imported here, since only this protocol needs the compiled package

    nearest = min(range(len(choices)), key=lambda number: Levenshtein.distance(text, choices[number]))
    exact = text == choices[nearest]
    return Normalised(choices[nearest], f"{'choice' if exact else 'most similar choice'} ({letters[nearest]})")


def _number(extraction: str, row: Row) -> Normalised:
    """Return a number as Python prints it: an integer without decimals (2.7 is 2), a float to the row's precision."""
    kind = str(row["answer_type"])
    try:
        value = float(extraction)
        if kind == "integer":
            return Normalised(str(int(value)), kind)
        precision = row.get("precision")
        return Normalised(str(round(value, None if precision is None else int(precision))), kind)
    except (ValueError, OverflowError):
        return Normalised(None, f"no {kind}: {extraction[:40]!r}")
