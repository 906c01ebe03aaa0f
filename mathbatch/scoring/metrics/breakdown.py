"""Verdicts counted for some of the rows: all of them, or those under one label of the metadata.

{"accuracy": 0.837, "interval": [0.749, 0.898], "correct": 77, "judged": 92}
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from mathbatch.records import Score
from mathbatch.scoring.metrics.statistics import clustered, wilson

WRONG, MISSING = 1, 2
"""What a group has among its scores: one that is judged and not right, one that is not judged."""
NOTHING: dict[str, Any] = {"accuracy": None, "interval": None}

Clusters = Counter[tuple[int, int]]
"""(right, judged) to the number of clusters: as many entries as there are different ones."""


class Row(NamedTuple):
    """The scores of one row, counted once for all cells. `place` is that among the rows with a group, else None."""

    verdicts: Sequence[str]
    right: int
    judged: int
    place: int | None


class Groups:
    """The rows that have a group, as numbers in arrays that cells share: a million of them in half a million groups,
    under four fields, take 110 MB, and most of that is the groups' names.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._state = bytearray()
        self._group, self._right, self._judged = array("I"), array("I"), array("I")
        """By place of the row."""
        self._room = array("I"), array("I")
        """For the sums: zeros, one for each group, and zeros again after use. So a label that few groups have is done
        in no time, however many groups there are.
        """

    def __bool__(self) -> bool:
        return bool(self._numbers)

    def add(self, group: str | None, scores: Sequence[Score]) -> Row:
        judged = [score for score in scores if score.is_judged]
        right = sum(score.is_correct for score in judged)
        place = None if group is None else self._place(group, right, len(judged), len(scores))
        return Row([score.verdict for score in scores], right, len(judged), place)

    def _place(self, group: str, right: int, judged: int, scores: int) -> int:
        number = self._numbers.setdefault(group, len(self._numbers))
        if number == len(self._state):
            for zeros in (self._state, *self._room):
                zeros.append(0)
        self._state[number] |= WRONG * (right < judged) | MISSING * (judged < scores)
        self._group.append(number)
        self._right.append(right)
        self._judged.append(judged)
        return len(self._group) - 1

    def sums(self, places: Sequence[int]) -> Clusters:
        """Of the groups over the rows at these places; groups without a judged score there are left out."""
        right, judged = self._room
        for place in places:
            right[self._group[place]] += self._right[place]
            judged[self._group[place]] += self._judged[place]
        found: Clusters = Counter()
        for place in places:
            group = self._group[place]
            if judged[group]:
                found[right[group], judged[group]] += 1
                right[group] = judged[group] = 0
        return found

    def worst_case(self) -> dict[str, Any]:
        """How many groups have nothing but correct answers. Nothing is known of one that has no wrong answer but lacks
        a verdict: those are only counted, as `incomplete`.
        """
        states = Counter(self._state)
        incomplete = states[MISSING]
        right, groups = states[0], states.total() - incomplete
        told = {"accuracy": right / groups, "interval": list(wilson(right, groups))} if groups else NOTHING
        return told | {"groups": groups, "incomplete": incomplete}


class Cell:
    """Verdicts of some rows. Rows with one group are one cluster; of a row without one the rollouts are."""

    def __init__(self) -> None:
        self.verdicts: Counter[str] = Counter()
        self._alone: Clusters = Counter()
        """Rows without a group."""
        self._places = array("I")

    def add(self, row: Row) -> None:
        self.verdicts.update(row.verdicts)
        if row.place is not None:
            self._places.append(row.place)
        elif row.judged:
            self._alone[row.right, row.judged] += 1

    @property
    def judged(self) -> int:
        return sum(self.verdicts[verdict] for verdict in ("correct", "wrong", "no_answer"))

    def clusters(self, groups: Groups) -> Clusters:
        return self._alone + groups.sums(self._places)

    def facts(self, clusters: Clusters) -> dict[str, Any]:
        """Accuracy and its 95 % interval, null where nothing is judged."""
        correct, judged = self.verdicts["correct"], self.judged
        if not judged:
            return NOTHING | {"correct": 0, "judged": 0}
        interval = clustered(clusters.elements()) if is_clustered(clusters) else wilson(correct, judged)
        return {"accuracy": correct / judged, "interval": list(interval), "correct": correct, "judged": judged}


def is_clustered(clusters: Clusters) -> bool:
    """Whether one has several scores."""
    return any(judged > 1 for _, judged in clusters)
