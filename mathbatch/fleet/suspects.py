"""Find the request that ends member after member.

Whoever was aboard at two losses is a suspect. Suspects that were aboard together run again as one group, alone on a
member. If that one is lost too, the group is divided into eight, and so on, until a group of one is lost: that is the
culprit, whose sample fails. Members without a group go on meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Hashable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mathbatch.fleet.seat import Place

# Groups into which the suspects are divided.
GROUPS = 8
# Losses after which a unit is a suspect. Losing a machine is no sample's fault, so once is not enough.
SUSPECT_AFTER = 2


class Group:
    """Suspects that run together, alone on a member. `admitted` yields their place once nothing else is aboard."""

    def __init__(self, size: int) -> None:
        self.size = self.left = size
        self.admitted: asyncio.Future[Place] = asyncio.get_running_loop().create_future()


class Cohort:
    """Units that are aboard one member between two of its losses. `group` is what they are, if they run alone."""

    def __init__(self, group: Group | None = None) -> None:
        self.group = group
        self.aboard: set[Hashable] = set()
        self.is_lost = False
        self.suspects: list[asyncio.Future[Group | None]] = []


class Suspects:
    """Counts who was aboard at losses, and keeps the groups that wait for a member of their own."""

    def __init__(self) -> None:
        self.groups = deque[Group]()
        self._losses: Counter[Hashable] = Counter()

    def note_loss(self, unit: Hashable) -> bool:
        """Count a loss of a unit; tell whether it is a suspect now."""
        self._losses[unit] += 1
        return self._losses[unit] >= SUSPECT_AFTER

    def clear(self, unit: Hashable) -> None:
        """Forget a unit that has ended."""
        self._losses.pop(unit, None)

    def alone(self) -> Group:
        """Return a group for one suspect that has not run yet."""
        self.groups.append(group := Group(1))
        return group

    def divide(self, cohort: Cohort) -> None:
        """Form the groups of a lost cohort once nobody is aboard any more. A culprit gets None in place of a group."""
        found, ran = [one for one in cohort.suspects if not one.done()], cohort.group
        cohort.suspects = []
        if ran is not None and ran.size == 1:
            for future in found:
                future.set_result(None)
            return
        size = max(1, len(found) if ran is None else -(-len(found) // GROUPS))
        for at in range(0, len(found), size):
            group = Group(len(found[at : at + size]))
            self.groups.append(group)
            for future in found[at : at + size]:
                future.set_result(group)
