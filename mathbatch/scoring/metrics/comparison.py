"""Compare two scored runs sample by sample.

The result has McNemar's test over the samples that only one of the two runs got right, and the difference of the two
accuracies with its interval. Samples without a verdict in one of the runs are left out and counted.

If samples have several rollouts, accuracies and their difference use the mean over a sample's rollouts, and McNemar's
test uses their majority. A flip, a sample that only one run got right, then says how many rollouts are right:

    {"id": "17", "first": "correct", "second": "wrong", "first_answer": "B", "second_answer": "C", "gold": "B"}
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

import jsonlines

from mathbatch.data.storage.atomic import atomic_write
from mathbatch.data.storage.json_lines import reader, writer
from mathbatch.errors import ConfigError
from mathbatch.scoring.files import SCORES, ScoreLine
from mathbatch.scoring.metrics.comparable import GoldDifferences, refuse_damaged, scorer_notes
from mathbatch.scoring.metrics.statistics import Interval, mcnemar, paired_difference, paired_shares


@dataclass(slots=True)
class SampleResult:
    """Result of one run on one sample: how many judged rollouts it has, and how many are correct.

    `verdict` and `answer` are what the list of flips shows. With several rollouts there is no single answer.
    """

    gold: str | None = None
    group: str | None = None
    correct: int = 0
    judged: int = 0
    verdict: str = ""
    answer: str | None = None

    def add(self, line: ScoreLine) -> None:
        """Count one judged rollout."""
        self.correct += line.verdict == "correct"
        self.judged += 1
        several = self.judged > 1
        self.verdict = f"{self.correct} of {self.judged} right" if several else line.verdict
        self.answer = None if several else line.answer

    @property
    def score(self) -> float:
        """Return the share of correct rollouts."""
        return self.correct / self.judged

    @property
    def is_right(self) -> bool:
        """Tell whether more than half of the rollouts are correct."""
        return 2 * self.correct > self.judged


@dataclass
class Comparison:
    """Result of `compare`.

    `pairs` counts the samples with a verdict in both runs, `left_out` all others. `only_first`, `only_second` and
    `both_right` count the samples that one run alone, or both, got right. `p` is the p-value of McNemar's test.
    `first` and `second` are the accuracies over the pairs, `difference` is first less second, and `interval` its 95 %
    interval: None if samples have rollouts or groups and all differences are equal. `notes` say why the runs may not
    be comparable.
    """

    pairs: int = 0
    only_first: int = 0
    only_second: int = 0
    left_out: int = 0
    p: float = 1.0
    first: float = 0.0
    second: float = 0.0
    difference: float = 0.0
    interval: Interval | None = None
    has_rollouts: bool = False
    has_groups: bool = False
    both_right: int = 0
    notes: list[str] = field(default_factory=list)
    flips: list[dict[str, Any]] = field(default_factory=list)


def compare(first: Path, second: Path) -> Comparison:
    """Compare the scores in two folders.

    Raises ConfigError for a folder without scores, for runs with fewer than two judged samples in common, and for runs
    over different datasets whose ids are the same by chance.
    """
    refuse_damaged(first, "run_dir")
    refuse_damaged(second, "other")
    ours, theirs = _results_of(first, "run_dir"), _results_of(second, "other")
    found = Comparison(left_out=len(ours.keys() ^ theirs.keys()))
    shared = [id for id in ours if id in theirs]
    judged = [id for id in shared if ours[id].judged and theirs[id].judged]
    found.left_out += len(shared) - len(judged)
    found.pairs = len(judged)
    if found.pairs < 2:
        raise ConfigError(
            "other",
            f"{first} and {second} have {found.pairs} judged samples in common",
            "name two runs over one dataset",
        )
    golds = GoldDifferences()
    for id in judged:
        _add(found, id, ours[id], theirs[id])
        golds.add(id, ours[id].gold, theirs[id].gold)
    golds.refuse_too_many()
    _measure(found, [(ours[id], theirs[id]) for id in judged])
    found.notes = [*golds.note(), *scorer_notes(first, second)]
    return found


def write_flips(found: Comparison, path: Path) -> None:
    """Write the samples that only one run got right, one a line."""
    with atomic_write(path) as stream:
        writer(stream).write_all(found.flips)


def _measure(found: Comparison, pairs: list[tuple[SampleResult, SampleResult]]) -> None:
    """Fill in accuracies, difference, interval and p-value. A sample without a group is a group of its own."""
    found.p = mcnemar(found.only_first, found.only_second)
    found.first, found.second = (fmean(result.score for result in side) for side in zip(*pairs, strict=True))
    found.has_rollouts = any(max(ours.judged, theirs.judged) > 1 for ours, theirs in pairs)
    groups = [theirs.group if ours.group is None else ours.group for ours, theirs in pairs]
    found.has_groups = any(group is not None for group in groups)
    if not found.has_rollouts and not found.has_groups:
        neither = found.pairs - found.both_right - found.only_first - found.only_second
        counts = found.both_right, found.only_first, found.only_second, neither
        found.difference, found.interval = paired_shares(*counts)
        return
    found.difference, interval = paired_difference(
        ((ours.score, theirs.score) for ours, theirs in pairs),
        groups=[at if group is None else group for at, group in enumerate(groups)],
    )
    # With few samples, a normal interval extends beyond the possible differences.
    found.interval = interval and Interval(max(-1.0, interval.low), min(1.0, interval.high))


def _add(found: Comparison, id: str, ours: SampleResult, theirs: SampleResult) -> None:
    if ours.is_right == theirs.is_right:
        found.both_right += ours.is_right
        return
    found.only_first += ours.is_right
    found.only_second += theirs.is_right
    line = {"id": id, "first": ours.verdict, "second": theirs.verdict}
    found.flips.append(line | {"first_answer": ours.answer, "second_answer": theirs.answer, "gold": ours.gold})


def _results_of(folder: Path, key: str) -> dict[str, SampleResult]:
    results: dict[str, SampleResult] = {}
    for line in _lines(folder, key):
        result = results.setdefault(line.id, SampleResult(line.gold, line.group))
        if line.is_judged:
            result.add(line)
    return results


def _lines(folder: Path, key: str) -> Iterator[ScoreLine]:
    """Yield the lines of `scores.jsonl`. Raises ConfigError, with `key` as its path, if one can't be read."""
    path = folder / SCORES
    if not path.is_file():
        raise ConfigError(key, f"{folder} has no {SCORES}", "python -m mathbatch.score run_dir=… makes it")
    with path.open("rb") as stream:
        try:
            yield from reader(stream, ScoreLine)
        except jsonlines.InvalidLineError as error:
            problem = f"{path}, line {error.lineno}: {error.__cause__ or error.message}"
            raise ConfigError(key, problem, "score that run again") from error
