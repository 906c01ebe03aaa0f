r"""Every right and every wrong choice of MathVista and MATH-V, written in the ways in which models write it.

The answers are made from the rows: the letter, the text, both; texts in LaTeX without blanks, as models write them.
Each choice is written in every second way, in the others with the next choice; EVERY_FORM=1 writes each in all.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from support.paths import REAL_DATA

from mathbatch.base import BaseScorer
from mathbatch.records import Row, Sample
from mathbatch.scoring.scorers.auto import AutoScorer
from mathbatch.scoring.scorers.choice import ChoiceScorer
from mathbatch.scoring.scorers.mathvision import MathVisionScorer
from mathbatch.scoring.scorers.mathvista import MathVistaScorer

needs_rows = pytest.mark.skipif(not REAL_DATA.is_dir(), reason="the benchmarks' own files are not here")
EVERY = 1 if os.environ.get("EVERY_FORM") == "1" else 2
BY_LETTER = ("({letter})", "{letter}", "\\boxed{{{letter}}}", "The answer is {letter}.")
BY_TEXT = ("{letter}. {text}", "{text}", "\\boxed{{{tight}}}", "The answer is {tight}.")
PROSE = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}|\\[a-z]+ [a-z]")

# Rows in which a letter and a text can't be told apart.
UNDECIDED = {
    "MATH-V 742": "A, B, C, E and a sentence: E is the letter of the sentence and the text of D",
    "MATH-V 2605": "B, G, O, R, Y: B is the letter of G and the text of A",
    "MathVista 168": "(c), (a), (e), (d), (b): the official script takes a text for a letter",
    "MathVista 849": "(c), (d), (a), (b), (e): the same",
}


class Case(NamedTuple):
    sample: Sample
    right: int


def mathvista() -> Iterator[Case]:
    for pid, row in json.loads((REAL_DATA / "mathvista" / "testmini.json").read_text(encoding="utf-8")).items():
        if row["choices"]:
            yield case(f"MathVista {pid}", row["choices"], row["answer"], row)


def mathvision() -> Iterator[Case]:
    for line in (REAL_DATA / "mathvision" / "test.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["options"]:
            yield case(f"MATH-V {row['id']}", row["options"], row["answer"], row)


def case(name: str, choices: list[str], gold: str, row: Row) -> Case:
    right = ord(gold) - ord("A") if name.startswith("MATH-V") else choices.index(gold)
    return Case(Sample(name, 1, {}, "", fields=row, gold=gold, choices=tuple(choices)), right)


def tight(text: str) -> str:
    """LaTeX without its blanks and dollars; other texts as they are."""
    if "\\" not in text or PROSE.search(text):
        return text
    return text.replace(" ", "").strip("$")


def misjudged(scorer: BaseScorer, cases: Iterator[Case], forms: tuple[str, ...]) -> list[str]:
    found = []
    for row, (sample, right) in enumerate(cases):
        choices = sample.choices or ()
        for at, text in enumerate(choices):
            is_right = at == right or text.strip() == choices[right].strip()
            for form in forms[(row + at) % EVERY :: EVERY]:
                response = form.format(letter="ABCDEFGHIJ"[at], text=text, tight=tight(text))
                score = scorer.score(sample, response)
                if (score.verdict == "correct") != is_right and (sample.id not in UNDECIDED or form in BY_LETTER):
                    found.append(f"{sample.id}: {response!r} of {choices}, gold {sample.gold!r}: {score}")
    return found


@needs_rows
@pytest.mark.parametrize(
    "scorer", [ChoiceScorer(), AutoScorer(), MathVistaScorer()], ids=lambda one: type(one).__name__
)
def test_each_choice_of_mathvista_is_told_from_the_others(scorer: BaseScorer) -> None:
    assert misjudged(scorer, mathvista(), (*BY_LETTER, *BY_TEXT)) == []


@needs_rows
@pytest.mark.parametrize("scorer", [ChoiceScorer(), AutoScorer()], ids=lambda one: type(one).__name__)
def test_each_choice_of_math_vision_is_told_from_the_others(scorer: BaseScorer) -> None:
    assert misjudged(scorer, mathvision(), (*BY_LETTER, *BY_TEXT)) == []


@needs_rows
def test_each_letter_of_math_vision_counts_in_its_own_protocol() -> None:
    cases = (one for one in mathvision() if one.sample.id not in UNDECIDED)
    assert misjudged(MathVisionScorer(), cases, BY_LETTER[1:]) == []


@needs_rows
@pytest.mark.parametrize("scorer", [ChoiceScorer(), MathVistaScorer()], ids=lambda one: type(one).__name__)
def test_a_number_with_a_root_is_not_the_choice_of_that_number(scorer: BaseScorer) -> None:
    rows = [one.sample for one in mathvista() if re.fullmatch(r"\d+", one.sample.gold or "")]
    assert len(rows) > 50
    for row in rows:
        for form in ("\\boxed{%s\\sqrt{2}}", "The answer is $%s\\sqrt{2}$.", "\\boxed{%s+x}", "So it is %s\\pi."):
            assert scorer.score(row, form % row.gold).verdict != "correct", (row.id, form)
