"""Keep the state of one member of a fleet: whether it is up, who is aboard, what it has done."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Literal, NamedTuple

from msgspec import Struct

from mathbatch.fleet.member import Member
from mathbatch.fleet.suspects import Cohort, Group
from mathbatch.records import Response

State = Literal["starting", "up", "down", "given up"]


class MemberFigures(Struct, frozen=True):
    """What one member has done, as progress shows it and the manifest keeps it."""

    name: str
    state: str
    in_flight: int
    answered: int
    output_tokens: int
    starts: int
    losses: int


class Seat:
    """Member with its state. `group` is what it is to run alone, `failures` counts failed starts in a row."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self.state: State = "starting"
        self.cohort = Cohort()
        self.group: Group | None = None
        self.failures = 0
        self.answers_since_start = 0
        self._answered = self._output_tokens = 0
        self.starts = self.losses = 0

    @property
    def in_flight(self) -> int:
        """Return how many units are aboard."""
        return len(self.cohort.aboard)

    @property
    def load(self) -> float:
        """Return the units aboard for each sequence that the member runs."""
        return len(self.cohort.aboard) / self.member.capacity

    @property
    def has_room(self) -> bool:
        """Tell whether one more unit may come aboard that is in no group."""
        return self.state == "up" and self.group is None and len(self.cohort.aboard) < self.member.limit

    def board(self, unit: Hashable) -> Cohort:
        """Take a unit aboard."""
        self.cohort.aboard.add(unit)
        return self.cohort

    def note(self, response: Response) -> None:
        """Count an answer."""
        self._answered += 1
        self.answers_since_start += 1
        self._output_tokens += response.output_tokens or 0

    def figures(self) -> MemberFigures:
        """Return what it has done so far."""
        return MemberFigures(
            name=self.member.name,
            state=self.state,
            in_flight=self.in_flight,
            answered=self._answered,
            output_tokens=self._output_tokens,
            starts=self.starts,
            losses=self.losses,
        )


class Place(NamedTuple):
    """Place of a unit aboard a member."""

    seat: Seat
    cohort: Cohort
