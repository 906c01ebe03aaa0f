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
from mathbatch.scoring.letters import ALPHABET, letters, named, plain
from mathbatch.scoring.said import is_other, numerals, said_number, stated_quantity
from mathbatch.scoring.stated import REFUSAL, TAIL, Stated, final_part, sentences, statements, states

LIST = re.compile(r"\[[^\[\]]{1,1000}\]")
WORD = re.compile(r"[^\W\d_]{2,}")
NEGATION = re.compile(
    r"\b(?:no|not|none|never|neither|nor|cannot|incorrect|false|without)\b|n['’]t\b|[不没无]", re.IGNORECASE
)
MANY = 40
"""Sentences that are read one by one where no statement was enough."""
EXPLICIT = ("boxed", "after ####", "stated as the answer")
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
        return Stated(whole, "the whole response")
    said = statements(response)
    rest = sentences(final_part(response)[-TAIL:])[-MANY:]
    everything = [Stated(one, "in a sentence") for one in reversed(rest) if states(one)]
    for rule in (_letter_or_text, _by_number):
        for one in [*said, *everything]:
            if (number := rule(one.text, choices)) is not None:
                return Stated(chr(ord("A") + number), one.rule)
    plainly = [one for one in said if one.rule in ("stated in a conclusion", "in the first sentence")]
    polar = None if REFUSAL.search(response[:TAIL]) else _polar(plainly, choices)
    return polar or _nearly(said, choices) or _by_words(said, choices) or _other(said, choices)


def _letter_or_text(text: str, choices: Sequence[str]) -> int | None:
    found = letters(text, ALPHABET[: len(choices)])
    if found is not None and len(found.letters) == 1:
        return ALPHABET.index(found.letters)
    mentioned = named(text, choices)
    return mentioned[0] if len(mentioned) == 1 else None


def _by_number(text: str, choices: Sequence[str]) -> int | None:
    """The one choice that is the stated number and a unit: "it is 145 degrees" for "145°"."""
    found = said_number(text)
    numbers = [numerals(choice) for choice in choices]
    if found is None:
        return None
    same = [place for place, one in enumerate(numbers) if len(one) == 1 and float(one[0].digits) == float(found.digits)]
    return same[0] if len(same) == 1 else None


def _polar(said: Sequence[Stated], choices: Sequence[str]) -> Stated | None:
    """A sentence that answers a yes-or-no question without either word: with a negation it means no."""
    plains = [plain(choice) for choice in choices]
    if set(plains) not in POLAR or not said:
        return None
    negative = NEGATION.search(said[0].text) is not None
    place = next(place for place, one in enumerate(plains) if (one in ("no", "false")) is negative)
    return Stated(
        chr(ord("A") + place), f"{'denied' if negative else 'affirmed'} {said[0].rule.removeprefix('stated ')}"
    )


def _nearly(said: Sequence[Stated], choices: Sequence[str]) -> Stated | None:
    """The one choice that nearly stands in a statement: "it would be the Frog" for "Frogs"."""
    from rapidfuzz.fuzz import partial_ratio  # compiled; most responses never come here

    for one in said:
        text = plain(one.text)
        likeness = [partial_ratio(own, text) if len(own) >= NEAR_LENGTH else 0.0 for own in map(plain, choices)]
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
            (explicit or "conclusion" in one.rule)
            and all(map(numerals, choices))
            and (found := said_number(one.text)) is not None
        ):
            return Stated(found.digits, one.rule)
        if explicit and len(one.text) <= MAX_OTHER:
            return one
    return None


def _by_words(said: Sequence[Stated], choices: Sequence[str]) -> Stated | None:
    """The one choice that has the most words in common with a statement, in proportion to its length."""
    for one in said:
        words = set(WORD.findall(plain(one.text)))
        shares = [
            len(words & set(own)) / max(len(set(own)), 1) for own in (WORD.findall(plain(choice)) for choice in choices)
        ]
        best = max(shares)
        if best > 0 and shares.count(best) == 1:
            return Stated(chr(ord("A") + shares.index(best)), f"by most words in common, {one.rule}")
    return None


def _number(response: str, kind: str) -> Stated | None:
    """As Python reads numbers; one that is no decimal, such as a root, as it stands where an integer is asked for."""
    rest = sentences(final_part(response)[:TAIL])[:MANY]
    everything = [Stated(one, "in a sentence") for one in rest if states(one)]
    for one in [*statements(response), *everything]:
        if (found := stated_quantity(one)) is not None:
            return Stated(found.digits if found.exact or kind == "float" else found.shown, one.rule)
        if is_other(one):
            return one
    return None


def _list(response: str) -> Stated | None:
    """The last list of the strongest statement that holds one, printed as Python does."""
    for one in [*statements(response), Stated(final_part(response)[-TAIL:], "at the end")]:
        if found := LIST.findall(one.text):
            return Stated(f"[{', '.join(item.strip() for item in found[-1][1:-1].split(','))}]", one.rule)
    return None
