"""Read the words that a response states as its answer, for gold answers of words: "Evelyn", "no solution"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mathbatch.scoring.answers.cues import BOLD, CONCLUSION, CONTRAST, DENIAL_BEFORE, DENIES
from mathbatch.scoring.answers.readable import answer_part
from mathbatch.scoring.answers.sentences import is_refusal, is_statement
from mathbatch.scoring.answers.stated import EXPLICIT, Rule, Stated
from mathbatch.scoring.answers.statements import statements
from mathbatch.scoring.expressions.canonical_text import canonical_text
from mathbatch.scoring.expressions.measures import without_wording
from mathbatch.scoring.expressions.spans import first_formulas, formulas_in

# Stands behind an answer in words: "Evelyn, as her distance is greatest".
REASON = re.compile(r"[,;:(]?\s(?:as|because|since|which|for|so)\s|[,;:(](?=\s)|\n")
# The subject of a superlative is the answer: "Evelyn has the greatest average speed".
SUBJECT_OF_SUPERLATIVE = re.compile(
    r"((?!(?i:the|an?|it|this|that|he|she|they|there|we)\b)\w\S*(?:\s[A-Z0-9]\S*){0,4})\s[a-z]{2,10}\sthe\s(?:[a-z]+\s){0,3}?"
    r"(?:[a-z]{2,12}est|most|least|best|worst|first|last|only|winner)\b"
)
# Words in front of an answer in a box: "There is no solution", "an ellipse".
FILLER = re.compile(r"(?:(?:there|it)\s(?:is|are)\s)?(?:(?:an?|the)\s(?=[a-z]))?", re.IGNORECASE)
# Characters. A response of one line that is no longer is taken for the answer as a whole.
MAX_BARE_LENGTH = 100
SENTENCE_RULES = (Rule.CONCLUSION, Rule.LAST_SENTENCE)
# A "no" in front of a noun denies that and answers nothing: "no doubt".
TRUTH = re.compile(
    r"\b(?:yes|true|false|no(?!\s(?!(?:because|since|as|it|its|they|he|she|there|this|that|the|we|you|i)\b)\w))\b",
    re.IGNORECASE,
)
# Truths in other languages, each the first word of a statement.
OTHER_TRUTHS = {
    "yes": ("ja", "oui", "sí", "да", "是", "是的", "对", "正确"),
    "no": ("nein", "non", "нет", "否", "不是", "不", "错", "错误", "不对", "不正确"),
    "true": ("wahr", "richtig", "vrai", "verdadero", "对", "正确"),
    "false": ("falsch", "faux", "falso", "错", "错误", "不对", "不正确"),
}
FIRST_WORD = re.compile(r"(?:\W*\\text\{)?\W*([^\W\d_]+)(?=\W*\Z|\s?[.,;:!。，；：！])")
NOT_ONLY = re.compile(r"\b(?:only|just|simply|merely)\b", re.IGNORECASE)
OPPOSITE = {"true": "false", "false": "true"}
TRUTH_KINDS = dict.fromkeys(("yes", "no"), ("yes", "no")) | dict.fromkeys(("true", "false"), ("true", "false"))
TRUTHS = tuple(TRUTH_KINDS)


def stated_words(response: str, gold: str) -> list[Stated]:
    """Return what may be the answer where as many words as the gold answer has are looked for.

        gold "evelyn": "So Evelyn has the greatest speed." -> "evelyn"

    `gold` is in the spelling of `canonical_text`.
    """
    said = [] if is_refusal(answer_part(response)) else statements(response)
    words = len(gold.split())
    introduced = next((one for one in said if one.rule in EXPLICIT), None)
    if gold in TRUTHS:
        return _stated_truth([introduced] if introduced else said, gold)
    if introduced is not None:
        return _from_explicit(introduced)
    whole = answer_part(response).strip()
    if len(whole) <= MAX_BARE_LENGTH and is_statement(whole) and len(canonical_text(whole).split()) == words:
        return [Stated(whole, Rule.WHOLE_RESPONSE)]
    stated = next((one for one in said if one.rule in SENTENCE_RULES), None)
    return [] if stated is None else [_last_words(stated, words)]


def _stated_truth(said: Sequence[Stated], gold: str) -> list[Stated]:
    """Return the truth that the strongest statement with one states: "The claim is false." -> "false".

    The first sentence answers a question of yes or no before any later one.
    """
    ranked = sorted(said, key=lambda one: one.rule not in EXPLICIT and one.rule != Rule.FIRST_SENTENCE)
    for stated in ranked:
        first = FIRST_WORD.match(stated.text)
        other = [kind for kind in TRUTH_KINDS[gold] if first and first[1].lower() in OTHER_TRUTHS[kind]]
        if other:
            return [Stated(other[0], stated.rule)]
        found = [one for one in TRUTH.finditer(stated.text) if one[0].lower() in TRUTH_KINDS[gold]]
        if len({one[0].lower() for one in found}) == 1:
            denied = DENIAL_BEFORE.search(stated.text[: found[0].start()])
            said_truth = found[0][0].lower()
            if denied:
                opposite = None if NOT_ONLY.search(denied[0]) else OPPOSITE.get(said_truth)
                return [Stated(opposite or f"not {said_truth}", stated.rule)]
            return [Stated(said_truth, stated.rule)]
        if stated.rule in EXPLICIT:
            return _from_explicit(stated)
    return []


def _from_explicit(stated: Stated) -> list[Stated]:
    """Return the readings of an explicit statement: as a whole, and without filler or reason.

    "Evelyn, as her distance is greatest" -> the same, and "Evelyn"
    """
    text = stated.text.strip().strip("*").strip()
    if stated.rule == Rule.BOXED:
        readings = dict.fromkeys([text, _without_filler(without_wording(text))])
        return [Stated(reading, stated.rule) for reading in readings if reading]
    found = formulas_in(text)
    if found:
        return [Stated(first_formulas(text, found), stated.rule)]
    whole = text.rstrip(" .。*").strip() or text
    return [Stated(text, stated.rule) for text in dict.fromkeys([whole, REASON.split(whole)[0].strip("* ")])]


def _without_filler(text: str) -> str:
    """Return a text without the words around an answer in a box: "There is no solution" -> "no solution"."""
    return FILLER.sub("", text, count=1) if FILLER.match(text) else text


def _last_words(stated: Stated, words: int) -> Stated:
    """Return as many words of a sentence as the gold answer has.

    They are those before a reason, else the subject of a superlative, else those in bold, else the last ones. A
    sentence that denies is returned whole.
    """
    if DENIES.search(stated.text):
        return stated
    lead = CONCLUSION.match(stated.text)
    text = (stated.text[lead.end() :] if lead else stated.text).strip(" ,:*")
    head = REASON.split(text)[0]
    if len(head.split()) == words:
        return Stated(head.strip("* "), stated.rule)
    subject = SUBJECT_OF_SUPERLATIVE.match(text.replace("*", ""))
    named = [subject[1]] if subject else BOLD.findall(stated.text)
    last = canonical_text(named[-1] if named else CONTRAST.sub("", text)).split(" ")
    return Stated(" ".join(last[-words:]), stated.rule)
