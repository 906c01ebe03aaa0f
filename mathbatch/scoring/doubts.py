"""Find the reasons to doubt a verdict.

A verdict is doubtful if the scorers disagree, if the rules for finding an answer disagree, or if the gold answer stands
at the end of a response that was judged wrong.
"""

from __future__ import annotations

import re

from mathbatch.records import Sample, Score
from mathbatch.scoring.answers.choice_letters import letters_in
from mathbatch.scoring.answers.stated import EXPLICIT
from mathbatch.scoring.answers.statements import statements
from mathbatch.scoring.expressions.canonical_text import canonical_text
from mathbatch.scoring.expressions.numbers import as_number, numbers_in
from mathbatch.scoring.review import TAIL, ReviewReason

# Characters of a stated answer beyond which it is not compared with other statements.
MAX_TEXT = 100
GOLD_IN_TAIL = 3.0
SCORERS_DISAGREE = 2.0
RULES_DISAGREE = 1.0
LONE_LETTER = re.compile(r"[A-J]")


def review_reasons(sample: Sample, response: str, votes: dict[str, Score]) -> list[ReviewReason]:
    """Return the reasons to doubt the verdicts on one response."""
    if not votes or all(score.verdict == "unscored" for score in votes.values()):
        return []
    found = []
    verdicts = {score.is_correct for score in votes.values() if score.is_judged}
    if len(verdicts) > 1:
        found.append(ReviewReason(SCORERS_DISAGREE, "the scorers disagree"))
    elif verdicts == {False} and _contains_gold(response[-TAIL:], sample.gold or ""):
        # Longer gold answers weigh more, since they do not stand there by chance.
        rare = min(len(sample.gold or ""), 10) / 10
        found.append(ReviewReason(GOLD_IN_TAIL + rare, f"the gold answer stands in the last {TAIL} characters"))
    stated = _stated_answers(response)
    if len(set(stated.values())) > 1:
        answers = ", ".join(f"{rule}: {answer:.40}" for rule, answer in stated.items())
        found.append(ReviewReason(RULES_DISAGREE, f"several answers are stated ({answers})"))
    return found


def _contains_gold(text: str, gold: str) -> bool:
    """Tell whether a text holds the gold answer as a word of its own.

    A letter must look like a choice, as in "(B)"; a number counts by its value.
    """
    gold = gold.strip()
    if not gold:
        return False
    if LONE_LETTER.fullmatch(gold):
        return re.search(rf"(?:[(\[{{*]\s?{gold}\s?[)\]}}*.]|\b{gold}[.)]?\s*$)", text) is not None
    number = as_number(gold)
    if number is not None:
        return any(found.value == number.value for found in numbers_in(text))
    canonical = canonical_text(gold)
    return bool(canonical) and re.search(rf"(?<!\w){re.escape(canonical)}(?!\w)", canonical_text(text)) is not None


def _stated_answers(response: str) -> dict[str, str]:
    """Return the answer that each reliable rule finds, in a form in which equal answers are equal texts."""
    found: dict[str, str] = {}
    for stated in statements(response):
        if stated.rule in EXPLICIT and stated.rule not in found:
            form = _comparable_form(stated.text)
            if form is not None:
                found[stated.rule] = form
    return found


def _comparable_form(text: str) -> str | None:
    """Return letters, a number or a short text in one way of writing; None for a text that can't be compared."""
    letter = letters_in(text)
    if letter is not None:
        return letter.letters
    numbers = numbers_in(text)
    if numbers:
        return str(numbers[0].value) if len(numbers) == 1 else None
    return canonical_text(text)[:MAX_TEXT] if len(text) <= MAX_TEXT else None
