"""Build the scorers of a dataset from its config: one scorer, or several that vote.

The key `dataset.scoring` takes three forms:

scoring: math
scoring: [math, choice]
scoring:
  choice: {where: question_type == 'multi-choice'}
  number: {where: question_type == 'free-form', tolerance: 0.01}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from mathbatch.base import BaseScorer, BaseSummary
from mathbatch.config.instantiate import make
from mathbatch.config.templates.compile import compile_expression
from mathbatch.errors import ConfigError, nearest
from mathbatch.parts.checks import shown, writable, wrong_type
from mathbatch.parts.faults import PartError, PartFailure, failure, is_ours, returned
from mathbatch.records import Row, Sample, Score
from mathbatch.scoring.judge import Judge

# Scorers are named by their dotted paths, so that only those that a dataset uses are imported.
SCORERS = {
    "auto": "mathbatch.scoring.scorers.auto.AutoScorer",
    "choice": "mathbatch.scoring.scorers.choice.ChoiceScorer",
    "dynamath": "mathbatch.scoring.scorers.dynamath.DynaMathScorer",
    "exact": "mathbatch.scoring.scorers.exact.ExactScorer",
    "gsm8k": "mathbatch.scoring.scorers.gsm8k.Gsm8kScorer",
    "math": "mathbatch.scoring.scorers.math.MathScorer",
    "mathverse": "mathbatch.scoring.scorers.mathverse.MathVerseScorer",
    "mathvision": "mathbatch.scoring.scorers.mathvision.MathVisionScorer",
    "mathvista": "mathbatch.scoring.scorers.mathvista.MathVistaScorer",
    "number": "mathbatch.scoring.scorers.number.NumberScorer",
    "wemath": "mathbatch.scoring.scorers.wemath.WeMathScorer",
}
# Name of the judge model among the scorers.
JUDGE = "judge"
# Verdicts that a scorer may return. A response that is not there has `failed`, which no scorer is asked about.
VERDICTS = ("correct", "wrong", "no_answer", "unscored")
SCORER_ERROR = "scorer_error"
# Protocols of benchmarks that ask for free responses. Their limits are part of them, so `auto` scores beside them and
# is shown where the two differ. DynaMath asks for JSON, which `auto` doesn't read.
PROTOCOLS = frozenset({"gsm8k", "mathverse", "mathvision", "mathvista", "wemath"})
BESIDE = "auto"

# Scores of one response by the names of the scorers that take its row.
Votes = dict[str, Score]


@dataclass(frozen=True)
class Voter:
    """Scorer with its name in the config, and the expression that selects its rows (None: all rows).

    A voter that only stands beside the others is asked like them, but decides no verdict.
    """

    name: str
    scorer: BaseScorer
    where: Callable[[Row], Any] | None = None
    is_beside: bool = False

    def takes(self, sample: Sample) -> bool:
        """Tell whether this scorer has a vote on the row."""
        return self.where is None or bool(self.where(sample.fields))

    def score(self, sample: Sample, response: str) -> Score:
        """Return its verdict. Raise PartFailure for what a user's own scorer raises, and for what is no Score."""
        if is_ours(self.scorer):
            return self.scorer.score(sample, response)
        try:
            found = self.scorer.score(sample, response)
        except MemoryError:
            raise
        except BaseException as error:
            raise failure(self.scorer, "score", error, SCORER_ERROR) from error
        wrong = _wrong_score(found)
        if wrong is not None:
            fault = returned(self.scorer, "score", wrong)
            raise PartFailure(SCORER_ERROR, fault.sentence(), fault)
        return found

    def score_of_gold(self, sample: Sample) -> Score:
        """Return its verdict on the gold answer itself. Raise PartFailure as `score` does."""
        if is_ours(self.scorer):
            return self.scorer.score(sample, self.scorer.gold_as_response(sample))
        try:
            stated = self.scorer.gold_as_response(sample)
        except MemoryError:
            raise
        except BaseException as error:
            raise failure(self.scorer, "gold_as_response", error, SCORER_ERROR) from error
        if not isinstance(stated, str):
            fault = returned(self.scorer, "gold_as_response", f"{shown(stated)}, not a str")
            raise PartFailure(SCORER_ERROR, fault.sentence(), fault)
        return self.score(sample, stated)


def _wrong_score(found: object) -> str | None:
    wrong = wrong_type(found, Score)
    if wrong is None and isinstance(found, Score) and found.verdict not in VERDICTS:
        return f"a Score whose verdict is {shown(found.verdict)}, not {' or '.join(VERDICTS)}"
    texts = (found.answer, found.gold, found.reason) if wrong is None and isinstance(found, Score) else ()
    if any(text is not None and text != writable(text) for text in texts):
        return "a Score with half a surrogate pair, which is no text"
    return wrong


class Panel:
    """All scorers of a dataset.

    `spec` holds the two arguments of `panel_of`, as plain data: a worker process makes the same panel from it.
    """

    def __init__(self, voters: Sequence[Voter], spec: Any, judge: Judge | None = None) -> None:
        self.voters, self.spec, self.judge = list(voters), spec, judge

    @property
    def settings(self) -> Any:
        """Return the scorers and their parameters, as they are written in the config."""
        scoring, section = self.spec
        return section or scoring

    @property
    def names(self) -> list[str]:
        """Return the names of all scorers that decide verdicts, the judge last."""
        own = [voter.name for voter in self.voters if not voter.is_beside]
        return own + ([] if self.judge is None else [JUDGE])

    @property
    def has_beside(self) -> bool:
        """Tell whether one of the scorers only stands beside the others."""
        return any(voter.is_beside for voter in self.voters)

    @property
    def preload(self) -> list[str]:
        """Return the modules that worker processes import before they start."""
        return sorted({module for voter in self.voters for module in voter.scorer.preload})

    def votes(self, sample: Sample, response: str, only: str | None = None) -> Votes:
        """Return the score by each scorer that takes the sample's row, or by the one named `only`."""
        taking = [voter for voter in self.voters if only in (None, voter.name) and voter.takes(sample)]
        return {voter.name: voter.score(sample, response) for voter in taking}

    def summaries(self) -> list[BaseSummary]:
        """Return the summaries of the scorers that have one. Raise PartError for what is none."""
        found = [(voter.scorer, summary) for voter in self.voters if (summary := voter.scorer.summary()) is not None]
        for scorer, summary in found:
            if not isinstance(summary, BaseSummary):
                raise PartError(returned(scorer, "summary", f"{shown(summary)}, not a BaseSummary or None").sentence())
        return [summary for _, summary in found]

    def counted(self, votes: Votes) -> Votes:
        """Return the votes of the scorers that decide verdicts."""
        return {name: score for name, score in votes.items() if not (self.has_beside and name == BESIDE)}

    def gold_problem(self, sample: Sample) -> str | None:
        """Return why a scorer rejects even the gold answer itself; None if every scorer finds it correct."""
        for voter in self.voters:
            if voter.takes(sample) and not voter.is_beside:
                score = voter.score_of_gold(sample)
                if not score.is_correct:
                    return f"{voter.name}: {score.reason}"
        return None

    def gold_limits(self, sample: Sample) -> str | None:
        """Return why only the text of the gold answer is correct for one of the scorers; None if other forms are."""
        deciding = (voter for voter in self.voters if voter.takes(sample) and not voter.is_beside)
        found = ((voter.name, voter.scorer.gold_limits(sample)) for voter in deciding)
        return next((f"{name}: {limits}" for name, limits in found if limits), None)


def panel_of(scoring: Any, section: Mapping[str, Any]) -> Panel:
    """Build the panel from `dataset.scoring`, or from a section with a `_target_`, which replaces it.

    Raises ConfigError for an unknown scorer, and for parameters that a scorer does not take.
    """
    spec = scoring, dict(section)
    if section:
        return Panel([Voter("scorer", make("scorer", section, BaseScorer))], spec)
    named = _parameters_by_name(scoring)
    voters = [_voter(name, dict(parameters)) for name, parameters in named.items() if name != JUDGE]
    if voters and all(voter.name in PROTOCOLS for voter in voters):
        voters.append(replace(_voter(BESIDE, {}), is_beside=True))
    return Panel(voters, spec, _judge(named[JUDGE]) if JUDGE in named else None)


def facts_of(summary: BaseSummary) -> dict[str, Any]:
    """Return the metrics of a summary. Raise PartError for what can't be written as JSON."""
    facts = summary.facts()
    if not isinstance(facts, dict):
        raise PartError(returned(summary, "facts", f"{shown(facts)}, not a dict").sentence())
    try:
        msgspec.json.encode(facts)
    except (TypeError, UnicodeEncodeError) as error:
        raise PartError(returned(summary, "facts", f"what is no JSON: {error}").sentence()) from error
    return facts


def combine(gold: str | None, votes: Votes) -> Score:
    """Return the verdict of most scorers, of the first one if there is a tie.

    `unscored` is the verdict only if all scorers say so.
    """
    if not votes:
        return Score("unscored", None, gold, "no scorer of dataset.scoring takes this row")
    verdicts = [score.verdict for score in votes.values() if score.verdict != "unscored"]
    if not verdicts:
        return next(iter(votes.values()))
    best = max(verdicts, key=verdicts.count)
    winner = next(score for score in votes.values() if score.verdict == best)
    if len(votes) == 1:
        return winner
    named = {name: score.verdict for name, score in votes.items()}
    reason = winner.reason
    if len(set(named.values())) > 1:
        opinions = (f"{name} says {score.verdict} ({_detail(score)})" for name, score in votes.items())
        reason = f"{reason}; {', '.join(opinions)}"
    return msgspec.structs.replace(winner, reason=reason, votes=named)


def _detail(score: Score) -> str:
    return score.reason[:120] if score.verdict == "unscored" else f"{score.answer!r:.40}"


def _parameters_by_name(scoring: Any) -> dict[str, Mapping[str, Any]]:
    """Return each scorer's parameters by its name, for any of the three forms of `dataset.scoring`."""
    if scoring is None:
        return {}
    if isinstance(scoring, str):
        return {scoring: {}}
    if isinstance(scoring, list) and scoring and all(isinstance(name, str) for name in scoring):
        return {name: {} for name in scoring}
    if isinstance(scoring, dict) and all(isinstance(value, dict | None) for value in scoring.values()):
        return {str(name): value or {} for name, value in scoring.items()}
    raise ConfigError(
        "dataset.scoring", f"{scoring!r} names no scorers", "write a name, a list of names, or name: {parameter: value}"
    )


def _judge(parameters: Mapping[str, Any]) -> Judge:
    return make(f"dataset.scoring.{JUDGE}", {"_target_": "mathbatch.scoring.judge.Judge", **parameters}, Judge)


def _voter(name: str, parameters: dict[str, Any]) -> Voter:
    if name not in SCORERS:
        raise ConfigError("dataset.scoring", f"there is no scorer '{name}'", nearest(name, [*SCORERS, JUDGE]))
    path = f"dataset.scoring.{name}"
    where = parameters.pop("where", None)
    scorer = make(path, {"_target_": SCORERS[name], **parameters}, BaseScorer)
    return Voter(name, scorer, None if where is None else compile_expression(str(where), f"{path}.where"))
