"""Score with the scorer `choice`: find the letter, the set of letters, or the text of the choice that is stated.

The strongest statement that names a choice decides. It is read as one text before any part of it is read: first as the
text of a choice ("A and C" may be one), then as letters, then as a sentence that contains the text or the number of a
choice. An expression is never read by its parts, so the 6 of "6\\sqrt{2}" is not the choice "6". It is compared by its
value instead, and is the choice that alone has this value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score
from mathbatch.scoring.answers.choice_letters import ALPHABET, DEFAULT_LETTERS, letters_in
from mathbatch.scoring.answers.choice_mentions import choice_of_stated_number, choices_named_in, names_alternatives
from mathbatch.scoring.answers.choice_texts import (
    choice_as_whole,
    choice_by_value,
    choice_in_last_formula,
    choice_with_letter,
    is_expression,
    lists_choices,
    opening_answer,
    without_circumstance,
)
from mathbatch.scoring.answers.choices_in_turn import option_called_right, undetermined_choice, undetermined_statement
from mathbatch.scoring.answers.cues import CONTRAST
from mathbatch.scoring.answers.readable import answer_part, only_gold, readable
from mathbatch.scoring.answers.sentences import sentences
from mathbatch.scoring.answers.stated import EXPLICIT, MAX_ANSWER, Rule, Stated
from mathbatch.scoring.answers.statements import statements
from mathbatch.scoring.expressions.canonical_text import places_of_same_text

# Rules for statements that mark the final answer. If such a statement names no choice, a weaker statement may still
# name a choice by its letter, but not by its text: that could be any number on the way.
DECISIVE = (Rule.BOXED, Rule.AFTER_HASHES)
TOO_MANY = f"there are more choices than the {len(ALPHABET)} letters"


class Chosen(NamedTuple):
    """Letters in alphabetical order (`B`, `AC`), and the rule that found them."""

    letters: str
    rule: str


class ChoiceScorer(BaseScorer):
    """Finds a response correct if it states the letters of the gold answer.

    The gold answer is a letter, a set of letters such as `A, C`, or the text of a choice. If `dataset.choices_field` is
    set, a response may state the texts of choices, too.
    """

    def score(self, sample: Sample, response: str) -> Score:
        choices = tuple(map(readable, sample.choices or ()))
        if len(choices) > len(ALPHABET):
            return Score.without_gold(sample.gold, TOO_MANY)
        gold = gold_letters(only_gold(sample.gold or ""), choices)
        if gold is None:
            return Score.without_gold(sample.gold, "the gold answer names no choice")
        chosen = chosen_letters(response, choices, max(gold))
        if chosen is None:
            return Score("no_answer", None, sample.gold, "no choice is stated")
        same = chosen.letters == gold or _same_text(chosen.letters, gold, choices)
        return Score("correct" if same else "wrong", chosen.letters, sample.gold, chosen.rule)


def gold_letters(gold: str, choices: Sequence[str]) -> str | None:
    """Return the letters of the gold answer in alphabetical order; None if it names no choice.

    A gold answer that is the text of a choice means that choice, even if it could be read as letters.
    """
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
    """Return the letters in the strongest statement that names a choice; None if there is none.

    `least` is a letter that must be possible, if the choices are not known.
    """
    allowed = _allowed(choices, least)
    whole = answer_part(response).strip()
    if lists_choices(whole, choices):
        return None
    # The left side of an equation is cut off, but no sentence in front of the one with the equation.
    is_one = len(whole) <= MAX_ANSWER and ("=" not in whole or len(sentences(whole)) == 1)
    if is_one and (choice_as_whole(whole, choices) is not None or choice_with_letter(whole, choices) is not None):
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
    """Return the statements together with readings that only choices have, in order of strength.

    These are an answer at the start, an answer that nothing can be determined, and the only option that is called
    right. They rank right after the statements that introduce an answer.
    """
    place = sum(one.rule in EXPLICIT for one in said)
    right, rest = option_called_right(whole, said[place:])
    readings = (opening_answer(whole, choices, allowed), undetermined_statement(whole, choices), right)
    return [*said[:place], *filter(None, readings), *rest]


def _by_letters_or_whole(stated: Stated, choices: Sequence[str], allowed: str) -> Chosen | None:
    at = choice_as_whole(stated.text, choices)
    if at is not None:
        return Chosen(ALPHABET[at], f"the text of {ALPHABET[at]}, {stated.rule}")
    found = letters_in(stated.text, allowed, introduced=stated.rule in EXPLICIT)
    return Chosen("".join(sorted(found.letters)), f"{found.shown!r}, {stated.rule}") if found else None


def _by_part(stated: Stated, choices: Sequence[str]) -> int | None:
    """Return the index of the choice that a statement contains; None if there is none.

    For an expression, it is the choice with the same value. For a sentence, it is the last choice that is named, else
    the one with the sentence's formula or number.
    """
    if not choices:
        return None
    if is_expression(stated.text):
        return choice_by_value(stated.text, choices)
    text = without_circumstance(CONTRAST.sub("", stated.text))
    if (at := undetermined_choice(text, choices)) is not None:
        return at
    if mentioned := choices_named_in(text, choices):
        return mentioned[-1]
    if names_alternatives(text, choices):
        return None
    at = choice_in_last_formula(text, choices)
    return choice_of_stated_number(text, choices) if at is None else at


def _allowed(choices: Sequence[str], least: str = "") -> str:
    """Return the possible letters: if the choices are not known the first ten, or as many as `least` needs."""
    most = len(choices) or max(len(DEFAULT_LETTERS), ALPHABET.find(least) + 1 if least else 0)
    return ALPHABET[:most]


def _same_text(ours: str, gold: str, choices: Sequence[str]) -> bool:
    """Tell whether two letters stand for the same text, since some datasets list a choice twice."""
    if len(ours) != 1 or len(gold) != 1 or not choices:
        return False
    at, of = ALPHABET.index(ours), ALPHABET.index(gold)
    return max(at, of) < len(choices) and choices[at].strip() == choices[of].strip()
