"""Send each request to a member of a fleet, and to another one if that is lost.

Members come and go. One that is lost is started again beside the others, and what it had goes to them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

from mathbatch.errors import EngineDied, EngineError, MathBatchError, SampleError
from mathbatch.fleet.member import Member, MemberLost
from mathbatch.fleet.routing import Router
from mathbatch.fleet.seat import MemberFigures, Place, Seat
from mathbatch.fleet.starting import Starter
from mathbatch.fleet.suspects import Cohort, Group, Suspects
from mathbatch.records import Request, Response

# Samples set aside without an answer between them. More show that not the samples are at fault.
MAX_CULPRITS_IN_A_ROW = 32


class Waiter(NamedTuple):
    """Request for which no member has room yet."""

    request: Request
    unit: Hashable
    place: asyncio.Future[Place]


class Pool:
    """Members and the requests that they have. `on_capacity` is called when `capacity` has changed."""

    def __init__(self, members: Sequence[Member], on_capacity: Callable[[], object] = lambda: None) -> None:
        self._on_capacity = on_capacity
        self._units: set[Hashable] = set()
        self._seats: list[Seat] = []
        self._router = Router(self._seats)
        self._suspects = Suspects()
        self._waiting = deque[Waiter]()
        self._starter = Starter(self._note_up, self._note_end_of_start)
        self._first: asyncio.Future[None] | None = None
        self._culprits_in_a_row = 0
        self._fatal: BaseException | None = None
        self._say: Callable[[str], object] = print
        self._stop = asyncio.Event()
        for member in members:
            self._take_in(member)

    def begin_stream(self, say: Callable[[str], object], stop: asyncio.Event) -> None:
        """Tell news by `say` from now on. Once `stop` is set, no member is started again."""
        self._say, self._stop = say, stop
        self._starter.begin_stream(say, stop)

    @property
    def capacity(self) -> int:
        """Return the number of sequences that all members that are up run together."""
        return sum(seat.member.capacity for seat in self._seats if seat.state == "up")

    @property
    def members(self) -> list[Member]:
        """Return all members."""
        return [seat.member for seat in self._seats]

    def figures(self) -> list[MemberFigures]:
        """Return what each member has done so far."""
        return [seat.figures() for seat in self._seats]

    async def open(self) -> None:
        """Start all members; return when the first is up. Raise ConfigError or EngineError if none can be."""
        self._fatal, self._first = None, asyncio.get_running_loop().create_future()
        for seat in self._seats:
            self._starter.start(seat)
        await self._first

    def add(self, member: Member) -> None:
        """Take in one more member, and start it beside the others."""
        self._starter.start(self._take_in(member))

    async def close(self) -> None:
        """Stop all members. Raise the first error of one, after all were stopped."""
        await self._starter.cancel()
        for seat in self._seats:
            seat.state = "down"
        ends = await asyncio.gather(*(seat.member.stop() for seat in self._seats), return_exceptions=True)
        for error in ends:
            if isinstance(error, BaseException):
                raise error

    async def answer(self, request: Request) -> Response:
        """Return the answer to a request, from whichever member.

        Raise SampleError if it can't be answered, EngineError if no member can be had, EngineDied if none is left while
        the run is being stopped, and whatever else a member raises.
        """
        unit = (request.job, request.id, request.rollout, request.prompt)
        if unit in self._units:
            raise SampleError("duplicate_id", f"the id '{request.id}' is in flight already: the loader gave it twice")
        self._units.add(unit)
        try:
            return await self._answer(request, unit)
        finally:
            self._units.discard(unit)

    async def _answer(self, request: Request, unit: Hashable) -> Response:
        group: Group | None = None
        while True:
            seat, cohort = await (self._free_place(request, unit) if group is None else self._admission(group, unit))
            try:
                response = await seat.member.answer(request)
            except MemberLost as loss:
                self._lose(seat, cohort, str(loss))
                group = await self._after_loss(cohort, unit, loss)
                continue
            except BaseException:
                self._leave(seat, cohort, unit)
                raise
            seat.note(response)
            self._culprits_in_a_row = 0
            self._leave(seat, cohort, unit)
            return response

    def _take_in(self, member: Member) -> Seat:
        seat = Seat(member)
        member.on_room = self._fill
        self._seats.append(seat)
        return seat

    async def _free_place(self, request: Request, unit: Hashable) -> Place:
        """Take a place aboard a member that has room, once there is one."""
        if self._fatal is not None:
            raise self._fatal
        if not self._waiting and (seat := self._router.choose(request)) is not None:
            return Place(seat, seat.board(unit))
        waiter = Waiter(request, unit, asyncio.get_running_loop().create_future())
        self._waiting.append(waiter)
        self._give_up_if_hopeless()
        try:
            return await waiter.place
        except asyncio.CancelledError:
            if waiter.place.done() and not waiter.place.cancelled():
                self._leave(*waiter.place.result(), unit)
            raise

    async def _admission(self, group: Group, unit: Hashable) -> Place:
        """Take a place aboard the member on which the group runs alone, once nothing else is aboard there."""
        self._fill()
        self._give_up_if_hopeless()
        place = await asyncio.shield(group.admitted)
        place.cohort.aboard.add(unit)
        return place

    def _lose(self, seat: Seat, cohort: Cohort, reason: str) -> None:
        """Note that a member is lost, at the first request that says so, and start it again."""
        if cohort.is_lost:
            return
        cohort.is_lost = True
        seat.losses += 1
        seat.state, seat.cohort = "down", Cohort()
        self._on_capacity()
        if (group := seat.group) is not None:
            seat.group = None
            if cohort.group is not group:  # it was waiting for others to leave
                self._suspects.groups.appendleft(group)
        if cohort.group is None:  # in a search, losses are expected
            seat.failures = 0 if seat.answers_since_start else seat.failures + 1
        up = sum(one.state == "up" for one in self._seats)
        left = f"{len(cohort.aboard)} in flight; {up} of {len(self._seats)} engines are up"
        self._say(f"{seat.member.name} is lost ({reason}) with {left}")
        self._starter.start(seat)

    async def _after_loss(self, cohort: Cohort, unit: Hashable, loss: MemberLost) -> Group | None:
        """Return the group in which a suspect runs again, None for any other unit. Raise SampleError for a culprit."""
        cohort.aboard.discard(unit)
        if not loss.had_it:
            return None if cohort.group is None else self._suspects.alone()
        verdict: asyncio.Future[Group | None] | None = None
        if self._suspects.note_loss(unit):
            verdict = asyncio.get_running_loop().create_future()
            cohort.suspects.append(verdict)
        self._divide_if_empty(cohort)
        if verdict is None:
            return None
        group = await verdict
        if group is None:
            self._suspects.clear(unit)
            self._culprits_in_a_row += 1
            if self._culprits_in_a_row > MAX_CULPRITS_IN_A_ROW:
                problem = f"{MAX_CULPRITS_IN_A_ROW} samples in a row ended each engine that had them alone ({loss})"
                self._fail(EngineError(f"{problem}\n  fix: remove the cause, then run again: what is saved is kept"))
            raise SampleError("engine_killed", f"each engine that had it alone or with others was lost ({loss})")
        return group

    def _divide_if_empty(self, cohort: Cohort) -> None:
        if cohort.is_lost and not cohort.aboard and cohort.suspects:
            self._suspects.divide(cohort)
            self._fill()

    def _leave(self, seat: Seat, cohort: Cohort, unit: Hashable) -> None:
        """Let a unit that has ended go, and give its place to another."""
        cohort.aboard.discard(unit)
        self._suspects.clear(unit)
        if cohort.group is not None:
            cohort.group.left -= 1
            if not cohort.group.left and not cohort.is_lost:
                seat.group, seat.cohort = None, Cohort()
        self._divide_if_empty(cohort)
        self._fill()

    def _fill(self) -> None:
        """Give free places away: whole members to groups of suspects, then places to requests that wait."""
        if self._suspects.groups:
            self._assign_groups()
        for seat in self._seats:
            if seat.group is not None and not seat.in_flight and not seat.group.admitted.done():
                seat.cohort = Cohort(seat.group)
                seat.group.admitted.set_result(Place(seat, seat.cohort))
        while self._waiting:
            waiter = self._waiting[0]
            if not waiter.place.done():
                if (free := self._router.choose(waiter.request)) is None:
                    return
                waiter.place.set_result(Place(free, free.board(waiter.unit)))
            self._waiting.popleft()

    def _assign_groups(self) -> None:
        free = sorted(
            (seat for seat in self._seats if seat.state == "up" and seat.group is None), key=lambda seat: seat.load
        )
        for seat in free:
            if not self._suspects.groups:
                return
            seat.group = self._suspects.groups.popleft()

    def _note_up(self, seat: Seat) -> None:
        self._on_capacity()
        if self._first is not None and not self._first.done():
            self._first.set_result(None)
        elif seat.starts > 1 or len(self._seats) > 1:
            self._say(f"{seat.member.name} is up")
        self._fill()

    def _note_end_of_start(self, seat: Seat, error: BaseException | None) -> None:
        is_defect = error is not None and not isinstance(error, MathBatchError)
        if error is not None and (is_defect or all(one.state == "given up" for one in self._seats)):
            self._fail(error)
        elif error is not None:
            self._say(f"{seat.member.name} can't start: {error}; it is given up")
        self._give_up_if_hopeless()

    def _give_up_if_hopeless(self) -> None:
        """End what waits for a member if none is up or being started."""
        if self._starter.is_busy or any(seat.state == "up" for seat in self._seats):
            return
        if self._stop.is_set():
            self._fail(EngineDied("no engine is left, and the run is being stopped"))
        else:
            self._fail(EngineError("no engine of the fleet is left\n  fix: see the messages above, then run again"))

    def _fail(self, error: BaseException) -> None:
        """End all that waits for a member by this error."""
        self._fatal = self._fatal or error
        places = [waiter.place for waiter in self._waiting]
        admissions = [group.admitted for group in self._suspects.groups]
        for future in (self._first, *places, *admissions):
            if future is not None and not future.done():
                future.set_exception(self._fatal)
        self._waiting.clear()
        self._suspects.groups.clear()
