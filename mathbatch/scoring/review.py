"""Select what a person should look at: doubtful verdicts, and rows whose gold answer can't be used.

A verdict is doubtful if the scorers disagree, if the rules for finding an answer disagree, or if the gold answer stands
at the end of a response that was judged wrong. The most doubtful ones are listed first in `audit.jsonl`:

    {"id": "17", "rollout": 0, "weight": 3.2, "why": ["the gold answer stands in the last 200 characters"], …}

A gold answer can't be used if it can't be read or is not equal to itself. Such rows are listed in `metrics.json`:

    {"rows": 3, "reasons": {"the gold answer can't be read as mathematics": {"rows": 2, "ids": ["4", "7"]}, …}}
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

# Characters at the end of a response in which the gold answer is looked for.
TAIL = 200
# Doubtful verdicts that are listed, the most doubtful ones; all are counted.
MAX_LISTED = 1_000
# Characters of a stated answer beyond which it is not compared with other statements.
MAX_TEXT = 100
GOLD_IN_TAIL = 3.0
SCORERS_DISAGREE = 2.0
RULES_DISAGREE = 1.0
LONE_LETTER = re.compile(r"[A-J]")
# Different reasons for unusable gold answers, and ids listed for each; rows beyond them are counted.
MAX_GOLD_REASONS = 20
MAX_GOLD_IDS = 20
OTHERS = "(others)"


class ReviewReason(NamedTuple):
    """Reason to doubt a verdict. The higher the weight, the more likely the verdict is wrong."""

    weight: float
    why: str


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


class ReviewList:
    """Counts the doubtful verdicts of a scoring run and keeps the most doubtful ones."""

    def __init__(self) -> None:
        self.count = 0
        # A heap of (weight, minus the verdict's number, line), the least doubtful verdict first.
        self._heap: list[tuple[float, int, dict[str, Any]]] = []

    def add(self, sample: Sample, rollout: int, response: str, score: Score, reasons: Sequence[ReviewReason]) -> None:
        """Add the verdict on one response, if there is a reason to doubt it."""
        if not reasons:
            return
        self.count += 1
        weight = round(sum(reason.weight for reason in reasons), 1)
        if len(self._heap) == MAX_LISTED and weight <= self._heap[0][0]:
            return
        line = {"id": sample.id, "rollout": rollout, "weight": weight, "why": [reason.why for reason in reasons]}
        line |= {"verdict": score.verdict, "answer": score.answer, "gold": score.gold, "tail": response[-TAIL:]}
        entry = (weight, -self.count, line)
        heapq.heapreplace(self._heap, entry) if len(self._heap) == MAX_LISTED else heapq.heappush(self._heap, entry)

    def worst_first(self) -> list[dict[str, Any]]:
        """Return the lines of `audit.jsonl`, the most doubtful verdict first."""
        return [line for _, _, line in sorted(self._heap, key=lambda entry: entry[:2], reverse=True)]


class UnusableGolds:
    """Collects the rows on which no response could be correct, by the scorers' reasons."""

    def __init__(self) -> None:
        self._ids: dict[str, list[str]] = {}
        self._rows: dict[str, int] = {}

    def add(self, id: str, reason: str) -> None:
        """Add one row."""
        known = reason if reason in self._rows or len(self._rows) < MAX_GOLD_REASONS else OTHERS
        self._rows[known] = self._rows.get(known, 0) + 1
        ids = self._ids.setdefault(known, [])
        if len(ids) < MAX_GOLD_IDS:
            ids.append(id)

    def facts(self) -> dict[str, Any]:
        """Return the counts and first ids for `metrics.json`, the most frequent reason first."""
        names = sorted(self._rows, key=lambda reason: -self._rows[reason])
        reasons = {reason: {"rows": self._rows[reason], "ids": self._ids[reason]} for reason in names}
        return {"rows": sum(self._rows.values()), "reasons": reasons}


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
