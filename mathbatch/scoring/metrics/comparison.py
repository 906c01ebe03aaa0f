"""Two scored runs, sample by sample: McNemar's test over those that one alone has right, and the difference with its
interval. Samples that one of the two has no verdict on are left out and counted. Of several rollouts the accuracy and
the difference take the mean, McNemar's test the majority; and a flip says how many are right.

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
from mathbatch.scoring.metrics.alike import OtherGolds, scorer_notes
from mathbatch.scoring.metrics.statistics import Interval, mcnemar, paired_difference, paired_shares


@dataclass(slots=True)
class Sums:
    """The judged rollouts of one sample, and for the list what the only one says."""

    gold: str | None = None
    group: str | None = None
    right: int = 0
    judged: int = 0
    verdict: str = ""
    answer: str | None = None

    def add(self, line: ScoreLine) -> None:
        self.right += line.verdict == "correct"
        self.judged += 1
        several = self.judged > 1  # no answer stands for all
        self.verdict = f"{self.right} of {self.judged} right" if several else line.verdict
        self.answer = None if several else line.answer

    @property
    def score(self) -> float:
        return self.right / self.judged

    @property
    def is_right(self) -> bool:
        """Of several rollouts more than half."""
        return 2 * self.right > self.judged


@dataclass
class Comparison:
    """What `compare` found. `pairs` samples have a verdict in both runs."""

    pairs: int = 0
    only_first: int = 0
    only_second: int = 0
    left_out: int = 0
    p: float = 1.0
    first: float = 0.0
    second: float = 0.0
    """Accuracies over the pairs."""
    difference: float = 0.0
    interval: Interval | None = None
    """None where samples have rollouts or groups, and the differences of all of them are equal."""
    has_rollouts: bool = False
    has_groups: bool = False
    both_right: int = 0
    notes: list[str] = field(default_factory=list)
    """Why the two may not be alike."""
    flips: list[dict[str, Any]] = field(default_factory=list)


def compare(first: Path, second: Path) -> Comparison:
    """Raises ConfigError for a folder without scores, for two with fewer than two samples in common, and for two
    datasets whose ids are the same by chance.
    """
    ours, theirs = _sums_of(first, "run_dir"), _sums_of(second, "other")
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
    golds = OtherGolds()
    for id in judged:
        _add(found, id, ours[id], theirs[id])
        golds.add(id, ours[id].gold, theirs[id].gold)
    golds.refuse_too_many()
    _measure(found, [(ours[id], theirs[id]) for id in judged])
    found.notes = [*golds.note(), *scorer_notes(first, second)]
    return found


def write_flips(found: Comparison, path: Path) -> None:
    with atomic_write(path) as stream:
        writer(stream).write_all(found.flips)


def _measure(found: Comparison, pairs: list[tuple[Sums, Sums]]) -> None:
    """What the pairs come to together. A sample that neither run knows a group of is one by itself."""
    found.p = mcnemar(found.only_first, found.only_second)
    found.first, found.second = (fmean(sums.score for sums in side) for side in zip(*pairs, strict=True))
    found.has_rollouts = any(max(ours.judged, theirs.judged) > 1 for ours, theirs in pairs)
    groups = [theirs.group if ours.group is None else ours.group for ours, theirs in pairs]
    found.has_groups = any(group is not None for group in groups)
    if not found.has_rollouts and not found.has_groups:
        neither = found.pairs - found.both_right - found.only_first - found.only_second
        shares = found.both_right, found.only_first, found.only_second, neither
        found.difference, found.interval = paired_shares(*shares)
        return
    found.difference, interval = paired_difference(
        ((ours.score, theirs.score) for ours, theirs in pairs),
        groups=[at if group is None else group for at, group in enumerate(groups)],
    )
    # A normal interval goes beyond what is possible where the samples are few.
    found.interval = interval and Interval(max(-1.0, interval.low), min(1.0, interval.high))


def _add(found: Comparison, id: str, ours: Sums, theirs: Sums) -> None:
    if ours.is_right == theirs.is_right:
        found.both_right += ours.is_right
        return
    found.only_first += ours.is_right
    found.only_second += theirs.is_right
    line = {"id": id, "first": ours.verdict, "second": theirs.verdict}
    found.flips.append(line | {"first_answer": ours.answer, "second_answer": theirs.answer, "gold": ours.gold})


def _sums_of(folder: Path, key: str) -> dict[str, Sums]:
    sums: dict[str, Sums] = {}
    for line in _lines(folder, key):
        own = sums.setdefault(line.id, Sums(line.gold, line.group))
        if line.is_judged:
            own.add(line)
    return sums


def _lines(folder: Path, key: str) -> Iterator[ScoreLine]:
    path = folder / SCORES
    if not path.is_file():
        raise ConfigError(key, f"{folder} has no {SCORES}", "python -m mathbatch.score run_dir=… makes it")
    with path.open("rb") as stream:
        try:
            yield from reader(stream, ScoreLine)
        except jsonlines.InvalidLineError as error:
            problem = f"{path}, line {error.lineno}: {error.__cause__ or error.message}"
            raise ConfigError(key, problem, "score that run again") from error
