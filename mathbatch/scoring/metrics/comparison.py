"""Compare two scored runs sample by sample.

The result has McNemar's test over the samples that only one of the two runs got right, and the difference of the two
accuracies with its interval. Samples without a verdict in one of the runs are left out and counted.

If samples have several rollouts, accuracies and their difference use the mean over a sample's rollouts, and McNemar's
test uses their majority. A flip, a sample that only one run got right, then says how many rollouts are right:

    {"id": "17", "first": "correct", "second": "wrong", "first_answer": "B", "second_answer": "C", "gold": "B"}
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from mathbatch.data.storage.atomic import atomic_write
from mathbatch.data.storage.json_lines import writer
from mathbatch.data.storage.spilled import SpilledMap
from mathbatch.errors import ConfigError
from mathbatch.scoring.metrics.comparable import GoldDifferences, mark_notes, refuse_damaged, scorer_notes
from mathbatch.scoring.metrics.scored_pairs import SampleResult, scored_pairs
from mathbatch.scoring.metrics.statistics import Interval, mcnemar, paired_difference_of, paired_shares

# Fewest flips with which McNemar's exact test can give a p-value below 0.05, all of them one way: 2 / 2^6 is 0.03.
FEWEST_FLIPS = 6
# Flips that are kept for the table; the file has all of them.
FLIPS_KEPT = 20


@dataclass
class Comparison:
    """Result of `compare`.

    `pairs` counts the samples with a verdict in both runs, `left_out` all others. `only_first`, `only_second` and
    `both_right` count the samples that one run alone, or both, got right. `p` is the p-value of McNemar's test.
    `first` and `second` are the accuracies over the pairs, `difference` is first less second, and `interval` its 95 %
    interval: None if samples have rollouts or groups and all differences are equal. `notes` say why the runs may not
    be comparable, and `flips` are the first FLIPS_KEPT samples that one run alone got right.
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

    @property
    def flipped(self) -> int:
        """Return the number of samples that one run alone got right."""
        return self.only_first + self.only_second


def compare(first: Path, second: Path, flips: Path | None = None, with_marks: bool = False) -> Comparison:
    """Compare the scores in two folders. The samples that only one run got right go to the file `flips`, one a line.
    With `with_marks` verdicts of a person take the place of those of the scorers.

    Raises ConfigError for a folder without scores, for runs with fewer than two judged samples in common, and for runs
    over different datasets whose ids are the same by chance; the file stays as it was.
    """
    refuse_damaged(first, "run_dir")
    refuse_damaged(second, "other")
    tally, golds = Tally(), GoldDifferences()
    found = tally.found
    with ExitStack() as stack:
        write = None if flips is None else writer(stack.enter_context(atomic_write(flips))).write
        for ours, theirs in scored_pairs(first, second, with_marks):
            if ours is None or theirs is None or not ours.judged or not theirs.judged:
                found.left_out += 1
                continue
            tally.add(ours, theirs, write)
            golds.add(ours.id, ours.gold, theirs.gold)
        if found.pairs < 2:
            raise ConfigError(
                "other",
                f"{first} and {second} have {found.pairs} judged samples in common",
                "name two runs over one dataset",
            )
        golds.refuse_too_many()
    tally.measure()
    found.notes = [*golds.note(), *scorer_notes(first, second), *mark_notes(first, second, with_marks)]
    return found


def why_undecided(found: Comparison) -> str | None:
    """Return why these samples can't tell two runs apart, whichever is better; None if they could."""
    if not found.flipped and not found.difference:
        if found.both_right == found.pairs:
            return f"both got all {found.pairs:,} samples right; harder ones would tell"
        if not found.both_right:
            return f"neither got one of {found.pairs:,} samples right; easier ones would tell"
        return f"the two agree on all {found.pairs:,} samples"
    if found.interval is None:
        return f"the difference is the same for every {'group' if found.has_groups else 'sample'}"
    if not found.has_rollouts and not found.has_groups and found.flipped < FEWEST_FLIPS:
        flips = "only 1 sample has" if found.flipped == 1 else f"only {found.flipped} samples have"
        return f"{flips} flipped, and McNemar's p is 0.05 or more for fewer than {FEWEST_FLIPS}, even all one way"
    return None


class Tally:
    """Compares the results of two runs on some samples, which are added one at a time; `found` is what comes of it."""

    def __init__(self) -> None:
        self.found = Comparison()
        self._scores = PairedScores()

    def add(self, ours: SampleResult, theirs: SampleResult, write: Callable[[Any], object] | None = None) -> None:
        """Count a sample with a verdict in both runs; one that only one run got right is given to `write`."""
        _add(self.found, ours, theirs, write)
        self._scores.add(ours, theirs)

    def measure(self) -> None:
        """Fill in accuracies, difference, interval and p-value. Raises ValueError for no sample."""
        self._scores.measure(self.found)


def _add(found: Comparison, ours: SampleResult, theirs: SampleResult, write: Callable[[Any], object] | None) -> None:
    found.pairs += 1
    if ours.is_right == theirs.is_right:
        found.both_right += ours.is_right
        return
    found.only_first += ours.is_right
    found.only_second += theirs.is_right
    line: dict[str, Any] = {"id": ours.id, "first": ours.verdict, "second": theirs.verdict}
    line |= {"first_answer": ours.answer, "second_answer": theirs.answer, "gold": ours.gold}
    if len(found.flips) < FLIPS_KEPT:
        found.flips.append(line)
    if write is not None:
        write(line)


class PairedScores:
    """Scores of two runs on the same samples. Only counts are kept of a sample, and two numbers of a group."""

    def __init__(self) -> None:
        # Samples without a group by correct and judged rollouts in both runs.
        self._alone: Counter[tuple[int, int, int, int]] = Counter()
        # Number of each group, by the hash of its name; then sum of differences and samples by that number.
        self._groups = SpilledMap()
        self._sums, self._sizes = array("d"), array("Q")
        self._first: Counter[tuple[int, int]] = Counter()
        self._second: Counter[tuple[int, int]] = Counter()

    def add(self, ours: SampleResult, theirs: SampleResult) -> None:
        """Count one sample."""
        self._first[ours.correct, ours.judged] += 1
        self._second[theirs.correct, theirs.judged] += 1
        group = theirs.group if ours.group is None else ours.group
        if group is None:
            self._alone[ours.correct, ours.judged, theirs.correct, theirs.judged] += 1
            return
        number = self._groups.get(hash(group))
        if number is None:
            number = len(self._groups)
            self._groups.add(hash(group), number)
            self._sums.append(0.0)
            self._sizes.append(0)
        self._sums[number] += ours.score - theirs.score
        self._sizes[number] += 1

    def measure(self, found: Comparison) -> None:
        """Fill in accuracies, difference, interval and p-value. A sample without a group is a group of its own."""
        found.p = mcnemar(found.only_first, found.only_second)
        found.first, found.second = _mean(self._first), _mean(self._second)
        found.has_rollouts = any(judged > 1 for _, judged in self._first | self._second)
        found.has_groups = bool(self._groups)
        self._groups.close()
        if not found.has_rollouts and not found.has_groups:
            neither = found.pairs - found.both_right - found.flipped
            counts = found.both_right, found.only_first, found.only_second, neither
            found.difference, found.interval = paired_shares(*counts)
            return
        clusters = Counter(zip(self._sums, self._sizes, strict=True))
        for (correct, judged, other_correct, other_judged), samples in self._alone.items():
            clusters[correct / judged - other_correct / other_judged, 1] += samples
        found.difference, interval = paired_difference_of(clusters)
        # With few samples, a normal interval extends beyond the possible differences.
        found.interval = interval and Interval(max(-1.0, interval.low), min(1.0, interval.high))


def _mean(shares: Counter[tuple[int, int]]) -> float:
    """Return the mean of shares, each of which is there so many times."""
    total = sum(Fraction(correct, judged) * samples for (correct, judged), samples in shares.items())
    return float(total / shares.total())
