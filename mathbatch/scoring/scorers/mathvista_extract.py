"""Extract the answer to a MathVista row from a response, by rules instead of the official language model.

Each rule reads the statements of the response from the strongest to the weakest. The first rule that finds something
decides. For a choice, the rules are in this order:

1. a letter or a choice's text in a statement, then in any other sentence
2. the choice with the stated number
3. for the choices yes and no, the one that a sentence without either word means
4. a choice that nearly stands in a statement
5. the choice with the most words in common with a statement
6. an answer that is none of the choices: the official normalisation then takes the most similar choice

For a number or a list, the stated one is extracted. A refusal states nothing.
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
# Words that make a sentence mean "no".
NEGATION = re.compile(
    r"\b(?:no|not|none|never|neither|nor|cannot|incorrect|false|without)\b|n['’]t\b|[不没无]", re.IGNORECASE
)
# Sentences that are read one by one if no statement was enough.
MAX_SENTENCES = 40
# Characters of an answer that is none of the choices. For a longer one, the most similar choice means nothing.
MAX_OTHER = 100
# Fuzzy-match thresholds: minimum score of a choice (0 to 100), minimum lead over the next choice, and minimum length of
# the choice, since shorter ones nearly match anywhere.
NEAR, NEAR_LEAD, NEAR_LENGTH = 80, 5, 4
# Pairs of choices that a sentence may mean without naming one.
POLAR = ({"yes", "no"}, {"true", "false"})


def extract(sample: Sample, response: str) -> Stated | None:
    """Return the answer as text, a letter for a choice, with the rule that found it; None if there is no answer."""
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
    rest = sentences(final_part(response)[-SENTENCE_WINDOW:])[-MAX_SENTENCES:]
    everything = [Stated(one, Rule.ANY_SENTENCE) for one in reversed(rest) if is_statement(one)]
    found = _by_letter_or_text([*said, *everything], choices) or _by_number([*said, *everything], choices)
    if found is not None:
        return found
    plainly = [one for one in said if one.rule in (Rule.CONCLUSION, Rule.FIRST_SENTENCE)]
    polar = None if REFUSAL.search(response[:SENTENCE_WINDOW]) else _polar(plainly, choices)
    return polar or _nearly(said, choices) or _by_words(said, choices) or _other(said, choices)


def _by_letter_or_text(said: Sequence[Stated], choices: Sequence[str]) -> Stated | None:
    """Return the first choice that is named.

    If a statement introduces an expression without the value of any choice, later statements may name a choice only by
    its letter or as a full text.
    """
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
    """Return the index of the choice that a text as a whole names; None if there is none.

    A letter alone is read first, as in the official script, even if a choice's text is "(b)".
    """
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
    """Return a number that is the value of no choice, for the official rule of the most similar choice.

    Anything more than a number becomes an empty answer: it differs from every choice, however similar it looks.
    """
    return _other([stated], choices) or stated if as_number(stated.text) else Stated("", stated.rule)


def _by_number(said: Sequence[Stated], choices: Sequence[str]) -> Stated | None:
    """Return the only choice with the stated number, whatever the units: "145°" for "it is 145 degrees"."""
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
    """Return the meaning of a sentence that answers a yes-or-no question without either word.

    With a negation it means no, else yes.
    """
    plains = [canonical_text(choice) for choice in choices]
    if set(plains) not in POLAR or not said:
        return None
    negative = NEGATION.search(said[0].text) is not None
    place = next(place for place, one in enumerate(plains) if (one in ("no", "false")) is negative)
    return Stated(
        chr(ord("A") + place), f"{'denied' if negative else 'affirmed'} {said[0].rule.removeprefix('stated ')}"
    )


def _nearly(said: Sequence[Stated], choices: Sequence[str]) -> Stated | None:
    """Return the only choice in words that nearly stands in a statement: "Frogs" for "it would be the Frog"."""
    from rapidfuzz.fuzz import partial_ratio  # imported here, since most responses never need it

    owns = [(canonical_text(choice), len(choice) >= NEAR_LENGTH and not is_expression(choice)) for choice in choices]
    for one in said:
        text = canonical_text(one.text)
        likeness = [partial_ratio(own, text) if fuzzy else 0.0 for own, fuzzy in owns]
        best, second = [*sorted(likeness, reverse=True), 0.0][:2]
        if best >= NEAR and best - second >= NEAR_LEAD and len(text) >= max(map(len, choices)):
            return Stated(chr(ord("A") + likeness.index(best)), f"nearly its text, {one.rule}")
    return None


def _other(said: Sequence[Stated], choices: Sequence[str]) -> Stated | None:
    """Return an answer that is none of the choices, for the official rule of the most similar choice.

    It is a number if each choice has one, else what a box or another introduction of the answer holds.
    """
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
    """Return the only choice with the largest share of its words in a statement."""
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
    """Return the stated number in digits; if an integer is wanted, an inexact one such as a root stays as written."""
    rest = sentences(final_part(response)[:SENTENCE_WINDOW])[:MAX_SENTENCES]
    everything = [Stated(one, Rule.ANY_SENTENCE) for one in rest if is_statement(one)]
    for one in [*statements(response), *everything]:
        if (found := stated_quantity(one)) is not None:
            return Stated(found.digits if found.exact or kind == "float" else found.shown, one.rule)
        if is_answer_without_number(one):
            return one
    return None


def _list(response: str) -> Stated | None:
    """Return the last list in the strongest statement with a list, as Python prints it."""
    for one in [*statements(response), Stated(final_part(response)[-SENTENCE_WINDOW:], "at the end")]:
        if found := LIST.findall(one.text):
            return Stated(f"[{', '.join(item.strip() for item in found[-1][1:-1].split(','))}]", one.rule)
    return None
