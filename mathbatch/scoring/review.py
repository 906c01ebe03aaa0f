"""Which verdicts a person should look at: where the rules of extraction disagree, or the gold answer stands at the end
of an answer that was judged wrong. Kept worst first, in `audit.jsonl`:

    {"id": "17", "rollout": 0, "weight": 3.2, "why": ["the gold answer stands in the last 200 characters"], …}
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from mathbatch.records import Sample, Score
from mathbatch.scoring.answers.choice_letters import letters_in
from mathbatch.scoring.answers.statements import EXPLICIT, statements
from mathbatch.scoring.expressions.canonical_text import canonical_text
from mathbatch.scoring.expressions.numbers import as_number, numbers_in

TAIL = 200
KEPT = 1_000
"""The worst so many are listed; all are counted."""
MAX_TEXT = 100
GOLD_IN_TAIL = 3.0
SCORERS_DISAGREE = 2.0
RULES_DISAGREE = 1.0
LONE_LETTER = re.compile(r"[A-J]")


class Suspicion(NamedTuple):
    """Why a verdict may be wrong; the weightier, the likelier."""

    weight: float
    why: str


def suspicions(sample: Sample, response: str, votes: dict[str, Score]) -> list[Suspicion]:
    """What is odd about the verdicts on one response."""
    if not votes or all(score.verdict == "unscored" for score in votes.values()):
        return []
    found = []
    verdicts = {score.is_correct for score in votes.values() if score.is_judged}
    if len(verdicts) > 1:
        found.append(Suspicion(SCORERS_DISAGREE, "the scorers disagree"))
    elif verdicts == {False} and _stands_in(sample.gold or "", response[-TAIL:]):
        rare = min(len(sample.gold or ""), 10) / 10  # a long gold answer does not stand there by chance
        found.append(Suspicion(GOLD_IN_TAIL + rare, f"the gold answer stands in the last {TAIL} characters"))
    stated = _stated_answers(response)
    if len(set(stated.values())) > 1:
        told = ", ".join(f"{rule}: {answer:.40}" for rule, answer in stated.items())
        found.append(Suspicion(RULES_DISAGREE, f"several answers are stated ({told})"))
    return found


class Suspects:
    """Collects the suspicions of a scoring run and keeps the worst."""

    def __init__(self) -> None:
        self.count = 0
        self._worst: list[tuple[float, int, dict[str, Any]]] = []

    def add(self, sample: Sample, rollout: int, response: str, score: Score, odd: Sequence[Suspicion]) -> None:
        if not odd:
            return
        self.count += 1
        weight = round(sum(suspicion.weight for suspicion in odd), 1)
        if len(self._worst) == KEPT and weight <= self._worst[0][0]:
            return
        line = {"id": sample.id, "rollout": rollout, "weight": weight, "why": [suspicion.why for suspicion in odd]}
        line |= {"verdict": score.verdict, "answer": score.answer, "gold": score.gold, "tail": response[-TAIL:]}
        entry = (weight, -self.count, line)
        heapq.heapreplace(self._worst, entry) if len(self._worst) == KEPT else heapq.heappush(self._worst, entry)

    def worst_first(self) -> list[dict[str, Any]]:
        return [line for _, _, line in sorted(self._worst, key=lambda entry: entry[:2], reverse=True)]


def _stands_in(gold: str, tail: str) -> bool:
    """Whether a text holds the gold answer as a word of its own: a letter as a choice, a number by its value."""
    gold = gold.strip()
    if not gold:
        return False
    if LONE_LETTER.fullmatch(gold):
        return re.search(rf"(?:[(\[{{*]\s?{gold}\s?[)\]}}*.]|\b{gold}[.)]?\s*$)", tail) is not None
    number = as_number(gold)
    if number is not None:
        return any(found.value == number.value for found in numbers_in(tail))
    return (
        re.search(rf"(?<!\w){re.escape(canonical_text(gold))}(?!\w)", canonical_text(tail)) is not None
        if canonical_text(gold)
        else False
    )


def _stated_answers(response: str) -> dict[str, str]:
    """By the reliable rules; letters, numbers and texts each in one form, so that only another answer counts."""
    found: dict[str, str] = {}
    for stated in statements(response):
        if stated.rule in EXPLICIT and stated.rule not in found:
            form = _form(stated.text)
            if form is not None:
                found[stated.rule] = form
    return found


def _form(text: str) -> str | None:
    letter = letters_in(text)
    if letter is not None:
        return letter.letters
    numbers = numbers_in(text)
    if numbers:
        return str(numbers[0].value) if len(numbers) == 1 else None
    return canonical_text(text)[:MAX_TEXT] if len(text) <= MAX_TEXT else None
