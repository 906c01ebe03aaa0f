"""Finds the answer of a MathVista row in a free response, by rules in the place of the official language model.

Each rule reads the statements of the response from the strongest to the weakest; the first that finds something wins.
For a choice, in this order: a letter or a choice's text in a statement, else in any sentence; the choice of the stated
number; of yes and no the one that a sentence without either word means; the choice that nearly stands there; that with
the most words in common; an answer that is no choice, for the official rule of the most similar one. For a number: the
number stated. A refusal states nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mathbatch.records import Sample
from mathbatch.scoring.answers.choice_letters import ALPHABET, is_only_letters, letters_in
from mathbatch.scoring.answers.choice_mentions import choices_named_in, standalone_number
from mathbatch.scoring.answers.choice_texts import (
    choice_as_whole,
    choice_by_value,
    choice_with_letter,
    is_expression,
    opening_answer,
)
from mathbatch.scoring.answers.number_in_sentence import (
    is_answer_without_number,
    numbers_in_digits_or_words,
    stated_quantity,
)
from mathbatch.scoring.answers.statements import (
    EXPLICIT,
    MAX_ANSWER,
    REFUSAL,
    SENTENCE_WINDOW,
    Rule,
    Stated,
    is_statement,
    sentences,
    statements,
)
from mathbatch.scoring.answers.tags import final_part
from mathbatch.scoring.expressions.canonical_text import canonical_text
from mathbatch.scoring.expressions.numbers import as_number

LIST = re.compile(r"\[[^\[\]]{1,1000}\]")
WORD = re.compile(r"[^\W\d_]{2,}")
NEGATION = re.compile(
    r"\b(?:no|not|none|never|neither|nor|cannot|incorrect|false|without)\b|n['’]t\b|[不没无]", re.IGNORECASE
)
MANY = 40
"""Sentences that are read one by one where no statement was enough."""
MAX_OTHER = 100
"""Characters: longer than that, a most similar choice says nothing."""
NEAR, NEAR_LEAD, NEAR_LENGTH = 80, 5, 4
"""Of 100, how much of a choice must stand in a statement, and how far ahead of the next choice it must be; shorter
choices than four characters stand nearly anywhere."""
POLAR = ({"yes", "no"}, {"true", "false"})


def extract(sample: Sample, response: str) -> Stated | None:
    """The answer as text (a letter for a choice) and the rule that found it, None where nothing was found."""
    kind = sample.fields.get("answer_type")
    if sample.fields.get("question_type") == "multi_choice" and sample.choices:
        return _choice(response, sample.choices)
    if kind == "list":
        return _list(response)
    return _number(response, kind) if kind in ("integer", "float") else next(iter(statements(response)), None)


def _choice(response: str, choices: Sequence[str]) -> Stated | None:
    if (whole := response.strip()) in choices:
        return Stated(whole, Rule.WHOLE_RESPONSE)
    if len(whole) <= MAX_ANSWER and (place := choice_with_letter(whole, choices)) is not None:
        return Stated(chr(ord("A") + place), Rule.WHOLE_RESPONSE)
    said = statements(response)
    opened = opening_answer(final_part(response).strip(), choices, ALPHABET[: len(choices)])
    if opened is not None:
        place = sum(one.rule in EXPLICIT for one in said)
        said = (*said[:place], opened, *said[place:])
    rest = sentences(final_part(response)[-SENTENCE_WINDOW:])[-MANY:]
    everything = [Stated(one, Rule.ANY_SENTENCE) for one in reversed(rest) if is_statement(one)]
    found = _by_letter_or_text([*said, *everything], choices) or _by_number([*said, *everything], choices)
    if found is not None:
        return found
    plainly = [one for one in said if one.rule in (Rule.CONCLUSION, Rule.FIRST_SENTENCE)]
    polar = None if REFUSAL.search(response[:SENTENCE_WINDOW]) else _polar(plainly, choices)
    return polar or _nearly(said, choices) or _by_words(said, choices) or _other(said, choices)


def _by_letter_or_text(said: Sequence[Stated], choices: Sequence[str]) -> Stated | None:
    """The first that names a choice. Where a box without words names none, only a letter counts from there on."""
    expressed = None
    for one in said:
        place = _letter_or_whole(one.text, choices)
        if place is None and expressed is None:
            if one.rule in EXPLICIT and is_expression(one.text):
                expressed, place = one, choice_by_value(one.text, choices)
            else:
                place = _mentioned(one.text, choices)
        if place is not None:
            return Stated(chr(ord("A") + place), one.rule)
    return None if expressed is None else _expressed(expressed, choices)


def _letter_or_whole(text: str, choices: Sequence[str]) -> int | None:
    """A letter alone goes first, as in the official script: "(b)" where a choice is "(b)"."""
    allowed = ALPHABET[: len(choices)]
    found = letters_in(text, allowed)
    single = None if found is None or len(found.letters) > 1 else allowed.index(found.letters)
    if single is not None and is_only_letters(text, allowed):
        return single
    whole = choice_as_whole(text, choices)
    return single if whole is None else whole


def _mentioned(text: str, choices: Sequence[str]) -> int | None:
    mentioned = [] if is_expression(text) else choices_named_in(text, choices)
    return mentioned[0] if len(mentioned) == 1 else None


def _expressed(stated: Stated, choices: Sequence[str]) -> Stated:
    """What a box without words holds, of which no choice has the value: for the official rule of the most similar
    choice. Not so what is more than a number: however many signs it has in common with a choice, it is another."""
    return _other([stated], choices) or stated if as_number(stated.text) else Stated("", stated.rule)


def _by_number(said: Sequence[Stated], choices: Sequence[str]) -> Stated | None:
    """The one choice that is the stated number and a unit: "it is 145 degrees" for "145°"."""
    numbers = [numbers_in_digits_or_words(choice) for choice in choices]
    for one in said:
        found = standalone_number(one.text)
        if found is None:
            continue
        value = float(found.digits)
        same = [place for place, own in enumerate(numbers) if len(own) == 1 and float(own[0].digits) == value]
        if len(same) == 1:
            return Stated(chr(ord("A") + same[0]), one.rule)
    return None


def _polar(said: Sequence[Stated], choices: Sequence[str]) -> Stated | None:
    """A sentence that answers a yes-or-no question without either word: with a negation it means no."""
    plains = [canonical_text(choice) for choice in choices]
    if set(plains) not in POLAR or not said:
        return None
    negative = NEGATION.search(said[0].text) is not None
    place = next(place for place, one in enumerate(plains) if (one in ("no", "false")) is negative)
    return Stated(
        chr(ord("A") + place), f"{'denied' if negative else 'affirmed'} {said[0].rule.removeprefix('stated ')}"
    )


def _nearly(said: Sequence[Stated], choices: Sequence[str]) -> Stated | None:
    """The one choice in words that nearly stands in a statement: "it would be the Frog" for "Frogs"."""
    from rapidfuzz.fuzz import partial_ratio  # compiled; most responses never come here

    owns = [(canonical_text(choice), len(choice) >= NEAR_LENGTH and not is_expression(choice)) for choice in choices]
    for one in said:
        text = canonical_text(one.text)
        likeness = [partial_ratio(own, text) if fuzzy else 0.0 for own, fuzzy in owns]
        best, second = [*sorted(likeness, reverse=True), 0.0][:2]
        if best >= NEAR and best - second >= NEAR_LEAD and len(text) >= max(map(len, choices)):
            return Stated(chr(ord("A") + likeness.index(best)), f"nearly its text, {one.rule}")
    return None


def _other(said: Sequence[Stated], choices: Sequence[str]) -> Stated | None:
    """An answer that is none of the choices, for the official rule of the most similar one: a number where each choice
    has one, else what a box or a marker holds."""
    for one in said:
        explicit = one.rule in EXPLICIT
        if (
            (explicit or one.rule == Rule.CONCLUSION)
            and all(map(numbers_in_digits_or_words, choices))
            and (found := standalone_number(one.text)) is not None
        ):
            return Stated(found.digits, one.rule)
        if explicit and len(one.text) <= MAX_OTHER and not one.text.lower().startswith("not "):
            return one
    return None


def _by_words(said: Sequence[Stated], choices: Sequence[str]) -> Stated | None:
    """The one choice that has the most words in common with a statement, in proportion to its length."""
    for one in said:
        words = set(WORD.findall(canonical_text(one.text)))
        shares = [
            len(words & set(own)) / max(len(set(own)), 1)
            for own in (WORD.findall(canonical_text(choice)) for choice in choices)
        ]
        best = max(shares)
        if best > 0 and shares.count(best) == 1:
            return Stated(chr(ord("A") + shares.index(best)), f"by most words in common, {one.rule}")
    return None


def _number(response: str, kind: str) -> Stated | None:
    """As Python reads numbers; one that is no decimal, such as a root, as it stands where an integer is asked for."""
    rest = sentences(final_part(response)[:SENTENCE_WINDOW])[:MANY]
    everything = [Stated(one, Rule.ANY_SENTENCE) for one in rest if is_statement(one)]
    for one in [*statements(response), *everything]:
        if (found := stated_quantity(one)) is not None:
            return Stated(found.digits if found.exact or kind == "float" else found.shown, one.rule)
        if is_answer_without_number(one):
            return one
    return None


def _list(response: str) -> Stated | None:
    """The last list of the strongest statement that holds one, printed as Python does."""
    for one in [*statements(response), Stated(final_part(response)[-SENTENCE_WINDOW:], "at the end")]:
        if found := LIST.findall(one.text):
            return Stated(f"[{', '.join(item.strip() for item in found[-1][1:-1].split(','))}]", one.rule)
    return None
