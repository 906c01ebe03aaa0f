"""The scorer `choice`: the letter, the set of letters, or the text of the choice that a response states."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score
from mathbatch.scoring.letters import ALPHABET, letters, named, plain
from mathbatch.scoring.numbers import as_number
from mathbatch.scoring.said import said_number
from mathbatch.scoring.stated import MAX_ANSWER, Stated, final_part, statements

INTRODUCED = ("boxed", "after ####", "stated as the answer")
"""Rules that are stronger than a letter in the first line."""
CONTRAST = re.compile(r"(?:[,;(]\s?(?:not|unlike)|\b(?:rather than|instead of))\b[^,;.()]{1,60}", re.IGNORECASE)


class Chosen(NamedTuple):
    """Letters in order (`B`, `AC`), and how they were found."""

    letters: str
    rule: str


class ChoiceScorer(BaseScorer):
    """Correct if the letters that the response states are those of the gold answer, which is a letter, a set of letters
    such as `A, C`, or the text of a choice. With `dataset.choices_field` the choices' own texts count too.
    """

    def score(self, sample: Sample, response: str) -> Score:
        choices = sample.choices or ()
        gold = gold_letters(sample.gold or "", choices)
        if gold is None:
            return Score.without_gold(sample.gold, "the gold answer names no choice")
        chosen = chosen_letters(response, choices)
        if chosen is None:
            return Score("no_answer", None, sample.gold, "no choice is stated")
        same = chosen.letters == gold or _same_text(chosen.letters, gold, choices)
        return Score("correct" if same else "wrong", chosen.letters, sample.gold, chosen.rule)


def gold_letters(gold: str, choices: Sequence[str]) -> str | None:
    """The letters of the gold answer in order; None where it names no choice. A choice's own text comes first."""
    texts = [choice.strip() for choice in choices]
    if gold.strip() in texts and len(gold.strip()) > 1:
        return ALPHABET[texts.index(gold.strip())]
    found = letters(gold.strip(), _allowed(choices))
    if found is not None:
        return "".join(sorted(found.letters))
    matches = [at for at, text in enumerate(texts) if text and plain(text) == plain(gold)]
    return ALPHABET[matches[0]] if matches and matches[0] < len(ALPHABET) else None


def chosen_letters(response: str, choices: Sequence[str]) -> Chosen | None:
    """The letters that the response states, by the strongest statement that names any."""
    said = statements(response)
    opened = opening(response, choices)
    if opened is not None:
        said.insert(sum(one.rule in INTRODUCED for one in said), opened)
    for stated in said:
        found = letters(stated.text, _allowed(choices))
        if found is not None:
            return Chosen("".join(sorted(found.letters)), f"{found.shown!r}, {stated.rule}")
        at = _by_text(stated.text, choices)
        if at is not None:
            return Chosen(ALPHABET[at], f"the text of {ALPHABET[at]}, {stated.rule}")
    return None


def opening(response: str, choices: Sequence[str]) -> Stated | None:
    """The first line of several, where that is a letter alone or with its choice's text: an explanation follows it."""
    line, _, rest = final_part(response).strip().partition("\n")
    if not rest or len(line) > MAX_ANSWER:
        return None
    words = plain(line).strip("()* ")
    label, text = words[:1].upper(), words[1:].lstrip(").:* ")
    at = _allowed(choices).find(label) if label else -1
    named = at >= 0 and (not text or (at < len(choices) and text == plain(choices[at])))
    return Stated(label, "in the first line") if named else None


def _by_text(text: str, choices: Sequence[str]) -> int | None:
    """The one choice whose text, or whose number, a statement gives."""
    mentioned = [at for at in named(CONTRAST.sub("", text), choices) if at < len(ALPHABET)]
    if mentioned:
        return mentioned[-1]
    number = as_number(text) or said_number(text)
    if number is None:
        return None
    values = [as_number(choice) for choice in choices[: len(ALPHABET)]]
    same = [at for at, value in enumerate(values) if value is not None and value.value == number.value]
    return same[0] if len(same) == 1 else None


def _allowed(choices: Sequence[str]) -> str:
    return ALPHABET[: len(choices)] if choices else ALPHABET


def _same_text(ours: str, gold: str, choices: Sequence[str]) -> bool:
    """Some datasets list one choice twice."""
    if len(ours) != 1 or len(gold) != 1 or not choices:
        return False
    at, of = ALPHABET.index(ours), ALPHABET.index(gold)
    return max(at, of) < len(choices) and choices[at].strip() == choices[of].strip()
