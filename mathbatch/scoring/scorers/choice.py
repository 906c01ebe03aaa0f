"""The scorer `choice`: the letter, the set of letters, or the text of the choice that a response states.

The strongest statement that names a choice decides, and it is read as a whole before any part of it: as a choice's own
text ("A and C" may be one), as letters, then as a sentence that holds a text or a number. An expression is never read
by its parts: the 6 of "6\\sqrt{2}" is not the choice "6"; but it is the one choice that has its value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score
from mathbatch.scoring.answers.choice_letters import ALPHABET, DEFAULT_LETTERS, letters_in
from mathbatch.scoring.answers.choice_mentions import choice_of_stated_number, choices_named_in
from mathbatch.scoring.answers.choice_texts import (
    choice_as_whole,
    choice_by_value,
    choice_in_last_formula,
    choice_with_letter,
    is_expression,
    opening_answer,
    without_circumstance,
)
from mathbatch.scoring.answers.choices_in_turn import option_called_right, undetermined_choice, undetermined_statement
from mathbatch.scoring.answers.statements import EXPLICIT, MAX_ANSWER, Rule, Stated, statements
from mathbatch.scoring.answers.tags import final_part
from mathbatch.scoring.expressions.canonical_text import places_of_same_text
from mathbatch.scoring.scorers.math import MathScorer

DECISIVE = (Rule.BOXED, Rule.AFTER_HASHES)
"""Where these name no choice, a weaker statement may still name a letter, but no text: that may be any number."""
CONTRAST = re.compile(r"(?:[,;(]\s?(?:not|unlike)|\b(?:rather than|instead of))\b[^,;.()]{1,60}", re.IGNORECASE)
TOO_MANY = f"there are more choices than the {len(ALPHABET)} letters"


class Chosen(NamedTuple):
    """Letters in order (`B`, `AC`), and how they were found."""

    letters: str
    rule: str


class ChoiceScorer(BaseScorer):
    """Correct if the letters that the response states are those of the gold answer, which is a letter, a set of letters
    such as `A, C`, or the text of a choice. With `dataset.choices_field` the choices' own texts count too.
    """

    preload = MathScorer.preload

    def score(self, sample: Sample, response: str) -> Score:
        choices = sample.choices or ()
        if len(choices) > len(ALPHABET):
            return Score.without_gold(sample.gold, TOO_MANY)
        gold = gold_letters(sample.gold or "", choices)
        if gold is None:
            return Score.without_gold(sample.gold, "the gold answer names no choice")
        chosen = chosen_letters(response, choices, max(gold))
        if chosen is None:
            return Score("no_answer", None, sample.gold, "no choice is stated")
        same = chosen.letters == gold or _same_text(chosen.letters, gold, choices)
        return Score("correct" if same else "wrong", chosen.letters, sample.gold, chosen.rule)


def gold_letters(gold: str, choices: Sequence[str]) -> str | None:
    """The letters of the gold answer in order; None where it names no choice. A choice's own text comes first."""
    gold = gold.strip()
    texts = [choice.strip() for choice in choices[: len(ALPHABET)]]
    if gold in texts and len(gold) > 1:
        return ALPHABET[texts.index(gold)]
    found = letters_in(gold, _allowed(choices, gold if len(gold) == 1 else ""))
    if found is not None:
        return "".join(sorted(found.letters))
    same = places_of_same_text(gold, texts)
    return ALPHABET[same[0]] if same else None


def chosen_letters(response: str, choices: Sequence[str], least: str = "") -> Chosen | None:
    """The letters that the response states, by the strongest statement that names any. `least`: a letter that there is,
    where the choices are not known."""
    allowed = _allowed(choices, least)
    whole = final_part(response).strip()
    if len(whole) <= MAX_ANSWER and (
        choice_as_whole(whole, choices) is not None or choice_with_letter(whole, choices) is not None
    ):
        said: Sequence[Stated] = [Stated(whole, Rule.WHOLE_RESPONSE)]
    else:
        said = _with_readings(whole, statements(response), choices, allowed)
    decided = False
    for stated in said:
        chosen = _by_letters_or_whole(stated, choices, allowed)
        if chosen is None and not decided and (at := _by_part(stated, choices)) is not None:
            chosen = Chosen(ALPHABET[at], f"the text of {ALPHABET[at]}, {stated.rule}")
        if chosen is not None:
            return chosen
        decided = decided or stated.rule in DECISIVE or (stated.rule in EXPLICIT and is_expression(stated.text))
    return None


def _with_readings(whole: str, said: Sequence[Stated], choices: Sequence[str], allowed: str) -> list[Stated]:
    """With what only choices have, right behind what is introduced: an answer that goes first, one that leaves it open,
    the one option that is called right."""
    place = sum(one.rule in EXPLICIT for one in said)
    right, rest = option_called_right(whole, said[place:])
    readings = (opening_answer(whole, choices, allowed), undetermined_statement(whole, choices), right)
    return [*said[:place], *filter(None, readings), *rest]


def _by_letters_or_whole(stated: Stated, choices: Sequence[str], allowed: str) -> Chosen | None:
    at = choice_as_whole(stated.text, choices)
    if at is not None:
        return Chosen(ALPHABET[at], f"the text of {ALPHABET[at]}, {stated.rule}")
    found = letters_in(stated.text, allowed)
    return Chosen("".join(sorted(found.letters)), f"{found.shown!r}, {stated.rule}") if found else None


def _by_part(stated: Stated, choices: Sequence[str]) -> int | None:
    """The choice that has the value of an expression; of a sentence the last named, or its formula or number."""
    if not choices:
        return None
    if is_expression(stated.text):
        return choice_by_value(stated.text, choices)
    text = without_circumstance(CONTRAST.sub("", stated.text))
    if (at := undetermined_choice(text, choices)) is not None:
        return at
    if mentioned := choices_named_in(text, choices):
        return mentioned[-1]
    at = choice_in_last_formula(text, choices)
    return choice_of_stated_number(text, choices) if at is None else at


def _allowed(choices: Sequence[str], least: str = "") -> str:
    """The letters that there are; where the choices are not known the first ten, or more if `least` is none of them."""
    most = len(choices) or max(len(DEFAULT_LETTERS), ALPHABET.find(least) + 1 if least else 0)
    return ALPHABET[:most]


def _same_text(ours: str, gold: str, choices: Sequence[str]) -> bool:
    """Some datasets list one choice twice."""
    if len(ours) != 1 or len(gold) != 1 or not choices:
        return False
    at, of = ALPHABET.index(ours), ALPHABET.index(gold)
    return max(at, of) < len(choices) and choices[at].strip() == choices[of].strip()
