"""Compare the runs of a report two by two."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from mathbatch.errors import MathBatchError
from mathbatch.reports.html.payload import Pair, RunFacts
from mathbatch.scoring.metrics.comparison import compare

# Pairs of runs that are all compared, those of eight runs; of more runs, each is compared with the first.
ALL_PAIRS = 28


def pairs_of(runs: Sequence[tuple[Path, RunFacts]]) -> list[Pair]:
    """Return the comparisons of scored runs over the same dataset.

    Where two can't be compared, a note of their pair says why.
    """
    scored = [(folder, facts) for folder, facts in runs if facts.metrics is not None and facts.metrics.judged]
    return [_pair(first, second) for first, second in _two_by_two(scored) if first[1].dataset == second[1].dataset]


def _two_by_two(
    runs: Sequence[tuple[Path, RunFacts]],
) -> Iterator[tuple[tuple[Path, RunFacts], tuple[Path, RunFacts]]]:
    if len(runs) * (len(runs) - 1) // 2 <= ALL_PAIRS:
        return itertools.combinations(runs, 2)
    return ((runs[0], other) for other in runs[1:])


def _pair(first: tuple[Path, RunFacts], second: tuple[Path, RunFacts]) -> Pair:
    pair = Pair(first=first[1].key, second=second[1].key)
    try:
        found = compare(first[0], second[0])
    except MathBatchError as error:
        pair.notes = [f"the two can't be compared: {error}"]
        return pair
    pair.pairs, pair.only_first, pair.only_second = found.pairs, found.only_first, found.only_second
    pair.both_right, pair.left_out, pair.p, pair.difference = (
        found.both_right,
        found.left_out,
        found.p,
        found.difference,
    )
    pair.low, pair.high = found.interval or (None, None)
    pair.notes = found.notes
    return pair
