"""Extract the answer to a MathVista row from a response, by rules instead of the official language model.

A choice is read as the scorer `choice` reads it, and a number as all scorers read it in a statement. A response that
refuses states nothing, nor does a sentence about the question. Where `choice` finds nothing, these rules take over, of
which the first that finds something decides:

1. the choice with the stated number, whatever the units
2. for the choices yes and no, the one that a claim without either word means
3. the choice that has the most words in common with a statement
4. a number that is none of the choices: the official normalisation then takes the most similar choice
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mathbatch.records import Sample
from mathbatch.scoring.answers.choice_letters import ALPHABET
from mathbatch.scoring.answers.choice_mentions import standalone_number
from mathbatch.scoring.answers.choices_in_turn import undetermined_choice
from mathbatch.scoring.answers.number_in_sentence import (
    is_answer_without_number,
    numbers_in_digits_or_words,
    stated_quantity,
)
from mathbatch.scoring.answers.readable import answer_part
from mathbatch.scoring.answers.sentences import SENTENCE_WINDOW, is_refusal
from mathbatch.scoring.answers.stated import EXPLICIT, Rule, Stated
from mathbatch.scoring.answers.statements import statements
from mathbatch.scoring.expressions.canonical_text import canonical_text
from mathbatch.scoring.scorers.choice import chosen_letters

LIST = re.compile(r"\[[^\[\]]{1,1000}\]")
WORD = re.compile(r"\b(?!(?:an|and|as|in|it|is|of|or|the|to)\b)[^\W\d_]{2,}")
# First line that only announces the answer: "Sure, here is the answer:".
LEAD_IN = re.compile(r"\A[^\n\d]{0,200}[:：][\s*]*\n")
# Words that make a sentence mean "no".
NEGATION = re.compile(
    r"\b(?:no|not|none|never|neither|nor|cannot|incorrect|false|without)\b|n['’]t\b|[不没无]", re.IGNORECASE
)
TOLD = r"(?:given|stated|shown|known|provided|specified|mentioned|visible|available|included|attached|clear)\b"
# Stands in a sentence that says that the answer is not known, or how to find it, so that its numbers are given ones.
UNKNOWN = re.compile(
    # What somebody can't do, or must do first: "I can't count them", "you need to look at all 4 bars".
    r"\b(?:I|we|you|one)\b(?:['’](?:m|re)|\sam|\sare)?\s?(?:\w+ly\s)?"
    r"(?:can(?:not|['’]t|\snot|\sonly\sguess)|unable|not\sable|do(?:n['’]t|\snot)\s(?:have|see|know)"
    r"|(?:would|['’]d|should|must|have\sto)\s(?!have\b|get\b|be\b)|needs?\s(?:to|the|an?|more)\b)"
    # What can't be done, or is not told: "it cannot be computed", "their ages are not given".
    r"|\b(?:can(?:not|\snot|['’]t)|could(?:n['’]t|\snot)|no\s(?:\w+\s){1,2}can)\sbe\s\w+(?:ed|en|wn)\b"
    rf"|\b(?:not|neither|no)\b[^.\n]{{0,30}}?\b{TOLD}|n['’]t\s{TOLD}"
    r"|\b(?:unclear|unknown|(?:in|not\s)sufficient|(?:not|n['’]t)\s(?:\w+\s)?enough|impossible|no\sway\s(?:to|of)"
    r"|(?:hard|difficult)\sto|depends?\son|more\s(?:information|context|details?|data)|please|tell\sme|you\smean|lets?\sus|(?:nobody|no\sone)\sknows)\b"
    # "The question asks for the 2 women", "To count them, look at the 7 rows", without a result.
    r"|\A\W*(?:(?:the|this|your)\s(?:question|problem|task)\b|to\s\w+\b)(?![^\n]*(?:=|\b(?:is|are|equals?|get)\s\W{0,3}\d))",
    re.IGNORECASE,
)
# Stands in a sentence about the question, the speaker or the sources, which claims nothing of the matter itself.
NO_CLAIM = re.compile(
    r"\A\W*(?:(?:the|this|that|these|any|no|your)\s)?(?:\w+\s)?"
    r"(?:answer|caption|context|data|description|details?|information|question|solution|text"
    r"|(?:image|picture|photo|figure|graph|chart|plot)\s(?:is|was|does|itself))\b"
    r"|\b(?:I|me|my|you|your|perhaps|maybe|might|would(?!\sbe)|questions?|answer(?:s|ed)?|unverified|missing|without)\b"
    rf"|\b{TOLD}",
    re.IGNORECASE,
)
# A number in a name, "Bar 1", where another number follows.
NUMBER_IN_NAME = re.compile(
    r"(?:(?<=[a-z,]\s)[A-Z][a-z]+\s|\A\W*[A-Z][a-z]+\s(?=\d+\s(?:is|has|was|had|shows)\b))"
    r"\d{1,3}(?![\d.,%°]*\d|\s?[%°])(?=.*\d)",
    re.DOTALL,
)
LETTER = re.compile(r"\(?[A-Za-z]\)?")
# The year of a date: "in 1985".
DATE = re.compile(
    r"\b(?:after|around|before|by|during|from|in|of|since|until)\s(?:the\s)?(?:year\s)?((?:1[5-9]|20)\d\d)\b",
    re.IGNORECASE,
)
# Pairs of choices that a claim may mean without naming one.
POLAR = ({"yes", "no"}, {"true", "false"})
# Share of a choice's words that a statement must have.
LEAST_SHARE = 0.5


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
    said = statements(response)
    known = [one for one in said if not _is_unknown(one)]
    if said and not known and undetermined_choice(said[-1].text, choices) is None:
        return None
    # A letter is the letter of a choice, as in the official script, even if another choice's text is "(b)".
    chosen = chosen_letters(response, ["" if LETTER.fullmatch(choice) else choice for choice in choices])
    if chosen is not None:
        return Stated(chosen.letters, chosen.rule) if len(chosen.letters) == 1 else None
    if is_refusal(answer_part(response)):
        return None
    return _by_number(known, choices) or _polar(known, choices) or _by_words(known, choices) or _other(known, choices)


def _is_unknown(stated: Stated) -> bool:
    """Tell whether a sentence says that the answer is not known, or only how to find it."""
    return stated.rule not in EXPLICIT and UNKNOWN.search(stated.text) is not None


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
            return Stated(ALPHABET[same[0]], one.rule)
    return None


def _polar(said: Sequence[Stated], choices: Sequence[str]) -> Stated | None:
    """Return the meaning of a claim that answers a yes-or-no question without either word: with a negation it is no."""
    plains = [canonical_text(choice) for choice in choices]
    claims = (one for one in said if one.rule in (Rule.CONCLUSION, Rule.FIRST_SENTENCE))
    claim = next((one for one in claims if not NO_CLAIM.search(one.text)), None)
    if set(plains) not in POLAR or claim is None:
        return None
    negative = NEGATION.search(claim.text) is not None
    place = next(place for place, one in enumerate(plains) if (one in ("no", "false")) is negative)
    rule = claim.rule.removeprefix("stated ")
    return Stated(ALPHABET[place], f"{'denied' if negative else 'affirmed'} {rule}")


def _by_words(said: Sequence[Stated], choices: Sequence[str]) -> Stated | None:
    """Return the only choice with the largest share of its words in a statement."""
    owns = [set(_words(choice)) for choice in choices]
    for one in said:
        words = set(_words(one.text))
        shares = [len(words & own) / max(len(own), 1) for own in owns]
        best = max(shares)
        if best >= LEAST_SHARE and shares.count(best) == 1:
            return Stated(ALPHABET[shares.index(best)], f"by most words in common, {one.rule}")
    return None


def _words(text: str) -> list[str]:
    """Return the words of a text without those that are in every sentence, and without the "s" of a plural."""
    return [word.removesuffix("s") for word in WORD.findall(canonical_text(text))]


def _other(said: Sequence[Stated], choices: Sequence[str]) -> Stated | None:
    """Return a number that is none of the choices, where each choice has one, for the official rule of likeness."""
    if not all(map(numbers_in_digits_or_words, choices)):
        return None
    decided = (one for one in said if one.rule in EXPLICIT or one.rule == Rule.CONCLUSION)
    found = ((one, standalone_number(one.text)) for one in decided)
    return next((Stated(number.digits, one.rule) for one, number in found if number is not None), None)


def _number(response: str, kind: str) -> Stated | None:
    """Return the stated number in digits; if an integer is wanted, a fraction or a root stays as written.

    A date in the last sentence counts only where nothing else has a number.
    """
    part = LEAD_IN.sub("", answer_part(response), count=1)
    said = [one for one in statements(part) if not _is_unknown(one)]
    said = [one for one in said if one.rule in EXPLICIT] if is_refusal(part) else said
    date = None
    for one in said:
        found = stated_quantity(Stated(NUMBER_IN_NAME.sub("", one.text), one.rule))
        if found is None:
            if is_answer_without_number(one):
                return one
            continue
        as_written = kind == "integer" and (not found.exact or "/" in found.shown or "frac" in found.shown)
        answer = Stated(found.shown if as_written else found.digits, one.rule)
        if one.rule != Rule.LAST_SENTENCE or found.digits not in DATE.findall(one.text):
            return answer
        date = answer
    return date


def _list(response: str) -> Stated | None:
    """Return the last list in the strongest statement with a list, as Python prints it."""
    for one in [*statements(response), Stated(answer_part(response)[-SENTENCE_WINDOW:], "at the end")]:
        if found := LIST.findall(one.text):
            return Stated(f"[{', '.join(item.strip() for item in found[-1][1:-1].split(','))}]", one.rule)
    return None
