"""Count the verdicts of some rows, all of them or those with one label, and give their accuracy an interval.

{"accuracy": 0.837, "interval": [0.749, 0.898], "correct": 77, "judged": 92}

Scores of one row, or of rows with one group, are alike. They form a cluster, and the interval takes that into account.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from mathbatch.records import Score
from mathbatch.scoring.metrics.statistics import clustered, wilson

# Flags of a group: one of its scores is judged and not correct; one of its scores is not judged.
HAS_WRONG, HAS_UNJUDGED = 1, 2
NOTHING_JUDGED: dict[str, Any] = {"accuracy": None, "interval": None}

# Number of clusters for each pair (correct scores, judged scores). Its size is the number of different pairs, however
# many rows there are.
Clusters = Counter[tuple[int, int]]


class RowScores(NamedTuple):
    """Scores of all rollouts of one row. `place` is its number among the rows that have a group, None without one."""

    verdicts: Sequence[str]
    correct: int
    judged: int
    place: int | None


class GroupedRows:
    """Rows that have a group, each known by its place: the number of such rows before it.

    Everything is stored as numbers in arrays. A million rows in half a million groups, broken down by four metadata
    fields, take 110 MB, most of it for the names of the groups.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        # Flags of each group.
        self._flags = bytearray()
        # Group number, correct scores and judged scores of each row.
        self._group, self._correct, self._judged = array("I"), array("I"), array("I")
        # Correct and judged scores of each group, used by `clusters` only: all are 0 before and after. So a label with
        # few rows costs no time for all the other groups.
        self._scratch = array("I"), array("I")

    def __bool__(self) -> bool:
        return bool(self._numbers)

    def add(self, group: str | None, scores: Sequence[Score]) -> RowScores:
        """Count the scores of one row; keep them if the row has a group."""
        judged = [score for score in scores if score.is_judged]
        correct = sum(score.is_correct for score in judged)
        place = None if group is None else self._place(group, correct, len(judged), len(scores))
        return RowScores([score.verdict for score in scores], correct, len(judged), place)

    def _place(self, group: str, correct: int, judged: int, scores: int) -> int:
        """Store one row and return its place."""
        number = self._numbers.setdefault(group, len(self._numbers))
        if number == len(self._flags):
            for zeros in (self._flags, *self._scratch):
                zeros.append(0)
        self._flags[number] |= HAS_WRONG * (correct < judged) | HAS_UNJUDGED * (judged < scores)
        self._group.append(number)
        self._correct.append(correct)
        self._judged.append(judged)
        return len(self._group) - 1

    def clusters(self, places: Sequence[int]) -> Clusters:
        """Return the clusters that the rows at these places form, one for each group with a judged score."""
        correct, judged = self._scratch
        for place in places:
            correct[self._group[place]] += self._correct[place]
            judged[self._group[place]] += self._judged[place]
        found: Clusters = Counter()
        for place in places:
            group = self._group[place]
            if judged[group]:
                found[correct[group], judged[group]] += 1
                correct[group] = judged[group] = 0
        return found

    def worst_case(self) -> dict[str, Any]:
        """Return the share of groups in which every score is correct.

        A group without a wrong score, but with one that is not judged, could be either. It is left out and counted as
        `incomplete`.
        """
        counts = Counter(self._flags)
        incomplete = counts[HAS_UNJUDGED]
        correct, groups = counts[0], counts.total() - incomplete
        share = {"accuracy": correct / groups, "interval": list(wilson(correct, groups))} if groups else NOTHING_JUDGED
        return share | {"groups": groups, "incomplete": incomplete}


class VerdictCounts:
    """Counts the verdicts of some rows.

    Rows with one group form one cluster. The rollouts of a row without a group form a cluster of their own.
    """

    def __init__(self) -> None:
        self.verdicts: Counter[str] = Counter()
        self._ungrouped: Clusters = Counter()
        # Places of the rows with a group.
        self._places = array("I")

    def add(self, row: RowScores) -> None:
        """Count one row."""
        self.verdicts.update(row.verdicts)
        if row.place is not None:
            self._places.append(row.place)
        elif row.judged:
            self._ungrouped[row.correct, row.judged] += 1

    @property
    def judged(self) -> int:
        """Return the number of judged scores, over which the accuracy is taken."""
        return sum(self.verdicts[verdict] for verdict in ("correct", "wrong", "no_answer"))

    def clusters(self, grouped: GroupedRows) -> Clusters:
        """Return the clusters that the counted rows form."""
        return self._ungrouped + grouped.clusters(self._places)

    def facts(self, clusters: Clusters) -> dict[str, Any]:
        """Return the accuracy and its 95 % interval, both None if nothing is judged, and the counts."""
        correct, judged = self.verdicts["correct"], self.judged
        if not judged:
            return NOTHING_JUDGED | {"correct": 0, "judged": 0}
        interval = clustered(clusters.elements()) if is_clustered(clusters) else wilson(correct, judged)
        return {"accuracy": correct / judged, "interval": list(interval), "correct": correct, "judged": judged}


def is_clustered(clusters: Clusters) -> bool:
    """Tell whether a cluster has more than one score."""
    return any(judged > 1 for _, judged in clusters)
