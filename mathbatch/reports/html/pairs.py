"""Compare the runs of a report two by two."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mathbatch.errors import MathBatchError
from mathbatch.reports.explain import explain
from mathbatch.reports.explanation.sentence import verdict_of
from mathbatch.reports.explanation.setup import Setup, different_setups
from mathbatch.reports.html.payload import Pair, RunFacts
from mathbatch.scoring.metrics.comparison import compare

# Pairs of runs that are all compared, those of eight runs; of more runs, each is compared with the first.
ALL_PAIRS = 28
# Runs whose prompts and pictures are compared as well: that reads the rows of both for each pair.
EXPLAINED_RUNS = 4

Run = tuple[Path, RunFacts]


def pairs_of(runs: Sequence[Run], is_swept: bool = False) -> list[Pair]:
    """Return the comparisons of scored runs over the same dataset.

    What differs between runs of a sweep is what was swept, so their prompts are not read. Where two can't be compared,
    a note of their pair says why.
    """
    scored = [(folder, facts) for folder, facts in runs if facts.metrics is not None and facts.metrics.judged]
    reads_rows = len(scored) <= EXPLAINED_RUNS and not is_swept
    setups = {} if reads_rows else {folder: Setup(folder) for folder, _ in scored}
    pairs = _two_by_two(scored)
    return [_pair(first, second, setups) for first, second in pairs if first[1].dataset == second[1].dataset]


def _two_by_two(runs: Sequence[Run]) -> Iterator[tuple[Run, Run]]:
    if len(runs) * (len(runs) - 1) // 2 <= ALL_PAIRS:
        return itertools.combinations(runs, 2)
    return ((runs[0], other) for other in runs[1:])


def _pair(first: Run, second: Run, setups: Mapping[Path, Setup]) -> Pair:
    """Return the numbers of two runs, what differs between them, and what follows from that."""
    pair = Pair(first=first[1].key, second=second[1].key)
    try:
        found = compare(first[0], second[0])
        pair.pairs, pair.left_out, pair.both_right = found.pairs, found.left_out, found.both_right
        pair.only_first, pair.only_second, pair.p = found.only_first, found.only_second, found.p
        pair.difference, (pair.low, pair.high) = found.difference, found.interval or (None, None)
        pair.notes, pair.sentence = found.notes, verdict_of(found)
        if setups:
            pair.differences = list(different_setups(setups[first[0]], setups[second[0]]))
            return pair
        explanation = explain(first[0], second[0])
        pair.differences, pair.sentence = explanation.differences, explanation.sentence
        pair.notes += explanation.unknown
    except MathBatchError as error:
        pair.notes = [f"the two can't be compared: {error}"]
    return pair
