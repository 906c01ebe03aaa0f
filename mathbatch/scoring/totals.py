"""Add up what is written to `metrics.json`, over all responses of a scoring run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from mathbatch.base import BaseSummary
from mathbatch.records import Record, Sample, Score
from mathbatch.scoring.marks import Mark, Marks
from mathbatch.scoring.metrics.metrics import Metrics
from mathbatch.scoring.panel import BESIDE, Votes, facts_of
from mathbatch.scoring.review import ReviewList, ReviewReason, UnusableGolds

# Different reasons for unscored responses that are written to the metrics.
MAX_REASONS = 20
# Different reasons that are counted while scoring. Reasons may quote the response, so their number has no bound.
MAX_COUNTED_REASONS = 10 * MAX_REASONS


class ScoringUnit(NamedTuple):
    """One response to score. `remaining` counts the later responses to the same row."""

    sample: Sample
    record: Record
    remaining: int


class ScoredUnit(NamedTuple):
    """Score of one response, that of the scorer beside the others, and the mark of a person, if there is one."""

    score: Score
    beside: Score
    mark: Mark | None
    truncated: bool


@dataclass
class MarkedTotals:
    """What the marks of a person change: how many there are by fault, and the metrics with them.

    `changed` counts the marks that say other than the scorers, `fitting` those whose answers are there.
    """

    marks: Marks
    metrics: Metrics = field(default_factory=lambda: Metrics(()))
    faults: Counter[str] = field(default_factory=Counter)
    changed: int = 0

    def score(self, score: Score, mark: Mark | None) -> Score:
        """Return the score with the verdict of the mark, if there is one, and count it."""
        if mark is None:
            return score
        self.faults[mark.fault] += 1
        self.changed += mark.verdict != score.verdict
        return msgspec.structs.replace(score, verdict=mark.verdict)

    def facts(self) -> dict[str, Any]:
        """Return what `metrics.json` says about the marks."""
        metrics, count = self.metrics.facts(), self.faults.total()
        facts: dict[str, Any] = {"file": self.marks.file, "sha256": self.marks.sha256, "count": count}
        facts |= {"changed": self.changed, "faults": dict(sorted(self.faults.items()))}
        facts["of_other_answers"] = len(self.marks.of_units) - count
        return facts | {name: metrics[name] for name in ("accuracy", "interval", "correct", "judged", "verdicts")}


@dataclass
class ScoringTotals:
    """Everything that is added up over the responses of a scoring run.

    `beside` has the metrics of `auto` where it stands beside a benchmark's protocol. `unscored_reasons` counts why
    responses are unscored. `votes` counts the votes of each scorer on responses that
    exist, `unscored_votes` those without a verdict.
    """

    metrics: Metrics
    summaries: Sequence[BaseSummary]
    beside: Metrics | None = None
    review: ReviewList = field(default_factory=ReviewList)
    unusable_golds: UnusableGolds = field(default_factory=UnusableGolds)
    unscored_reasons: Counter[str] = field(default_factory=Counter)
    votes: Counter[str] = field(default_factory=Counter)
    unscored_votes: Counter[str] = field(default_factory=Counter)
    marked: MarkedTotals | None = None

    def facts(self) -> dict[str, Any]:
        """Return the content of `metrics.json`."""
        facts = self.metrics.facts()
        for summary in self.summaries:
            facts |= facts_of(summary)
        facts |= {"votes": dict(self.votes), "unscored_votes": dict(self.unscored_votes)}
        facts["unusable_golds"] = self.unusable_golds.facts()
        facts["unscored"] = dict(self.unscored_reasons.most_common(MAX_REASONS))
        if self.beside is not None:
            theirs = self.beside.facts()
            facts[BESIDE] = {name: theirs[name] for name in ("accuracy", "interval", "correct", "judged")}
        if self.marked is not None:
            facts["marks"] = self.marked.facts()
        return facts | {"suspects": self.review.count}

    def add_votes(self, unit: ScoringUnit, votes: Votes) -> None:
        """Count who has voted. A scorer without a verdict is overruled by the others, so it shows only here."""
        if unit.record.failure is None:
            self.votes.update(votes.keys())
            self.unscored_votes.update(name for name, score in votes.items() if score.verdict == "unscored")

    def add_score(self, unit: ScoringUnit, score: Score, reasons: Sequence[ReviewReason]) -> None:
        """Count the score of one response."""
        known = self.unscored_reasons
        if score.verdict == "unscored" and (score.reason in known or len(known) < MAX_COUNTED_REASONS):
            known[score.reason] += 1
        self.review.add(unit.sample, unit.record.rollout, unit.record.text or "", score, reasons)

    def add_row(self, sample: Sample, units: list[ScoredUnit]) -> None:
        """Count the scores of all rollouts of one row, those of the scorer beside the others, and those with marks."""
        scores, truncated = [unit.score for unit in units], [unit.truncated for unit in units]
        self.metrics.add(sample, scores, truncated)
        if self.beside is not None:
            self.beside.add(sample, [unit.beside for unit in units], truncated)
        if self.marked is not None:
            marked = [self.marked.score(unit.score, unit.mark) for unit in units]
            self.marked.metrics.add(sample, marked, truncated)
        for summary in self.summaries:
            summary.add(sample, scores)
        fault = next((score for score in scores if score.gold_at_fault), None)
        if fault is not None:
            self.unusable_golds.add(sample.id, fault.reason)
