"""Explain why one run scores other than another: what differs between them, next to what flipped.

    python -m mathbatch.compare run_dir=… other=… explain=true

Prompts and pictures are compared row by row, in the order of the scores, as the records of both runs know them. Rows
that are read and words that change are counted, not kept.
"""

from __future__ import annotations

from pathlib import Path

from mathbatch.errors import ConfigError
from mathbatch.reports.explanation.asked import asked_in
from mathbatch.reports.explanation.explanation import Difference, Effect, Explanation
from mathbatch.reports.explanation.rows import ComparedRows
from mathbatch.reports.explanation.sentence import sentence_of
from mathbatch.reports.explanation.setup import Setup, different_setups, unknown_of
from mathbatch.scoring.metrics.comparable import refuse_damaged
from mathbatch.scoring.metrics.comparison import Tally
from mathbatch.scoring.metrics.scored_pairs import scored_pairs

__all__ = ["Difference", "Effect", "Explanation", "explain"]


def explain(first: Path, second: Path, with_marks: bool = False) -> Explanation:
    """Explain why the scores in two folders differ.

    With `with_marks` verdicts of a person take the place of those of the scorers. Raises ConfigError for a folder
    without scores, for scores that can't be read, and for runs without a judged sample in common. What else can't be
    read is told in the explanation.
    """
    refuse_damaged(first, "run_dir")
    refuse_damaged(second, "other")
    ours, theirs = Setup(first), Setup(second)
    with asked_in(first) as asked, asked_in(second) as asked_other:
        rows = ComparedRows(asked, asked_other)
        for pair in scored_pairs(first, second, with_marks):
            rows.add(*pair)
        both = (first, asked), (second, asked_other)
        problems = [f"{folder}: its rows: {found.problem}" for folder, found in both if found.problem is not None]
    if not rows.all.found.pairs:
        problem = f"{first} and {second} have no judged sample in common"
        raise ConfigError("other", problem, "name two runs over one dataset")
    differences = [*rows.differences(), *different_setups(ours, theirs)]
    found = Explanation(
        first=str(first),
        second=str(second),
        differences=differences,
        effect=_effect(rows.all),
        changed=_effect(rows.changed) if rows.changed.found.pairs else None,
        same=_effect(rows.same) if rows.same.found.pairs else None,
        unseen=rows.unseen,
        unknown=[*unknown_of(ours, theirs), *problems],
    )
    found.sentence = sentence_of(found, rows.all.found)
    return found


def _effect(tally: Tally) -> Effect:
    tally.measure()
    found = tally.found
    return Effect(
        rows=found.pairs,
        only_first=found.only_first,
        only_second=found.only_second,
        first=found.first,
        second=found.second,
        difference=found.difference,
        interval=None if found.interval is None else (found.interval.low, found.interval.high),
        p=found.p,
    )
