"""Fleets lose members, never answers."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable

import pytest
from support.fleet_members import FakeMember, kill_at_random

from mathbatch.errors import EngineDied, EngineError, SampleError
from mathbatch.fleet.pool import Pool
from mathbatch.records import ImageRef, Request


def requests(count: int) -> list[Request]:
    return [Request(id=str(number), prompt=number, messages=[]) for number in range(count)]


async def answers_of(pool: Pool, asked: list[Request], at_once: int = 40) -> dict[str, object]:
    """Return the text of each answer, or the error, by id."""
    places, found = asyncio.Semaphore(at_once), dict[str, object]()

    async def ask(request: Request) -> None:
        async with places:
            try:
                answer: object = (await pool.answer(request)).text
            except SampleError as error:
                answer = error
            assert request.id not in found
            found[request.id] = answer

    async with asyncio.TaskGroup() as tasks:
        for request in asked:
            tasks.create_task(ask(request))
    return found


def in_pool(members: list[FakeMember], work: Callable[[Pool], Awaitable[object]]) -> list[str]:
    """Do some work with a pool that is open; return the news."""
    news: list[str] = []

    async def run() -> None:
        pool = Pool(members)
        pool.begin_stream(news.append, asyncio.Event())
        await pool.open()
        await work(pool)
        await pool.close()

    asyncio.run(run())
    return news


@pytest.mark.parametrize("number", range(20))
def test_members_that_are_killed_at_random_instants_cost_no_answer(number: int) -> None:
    seed = int(os.environ.get("POOL_SEED", "4711")) + number
    print(f"POOL_SEED={seed}")
    draws = random.Random(seed)
    members = [FakeMember(f"m{at}", draws.choice([1, 4, 16]), turns=draws.randrange(1, 9)) for at in range(3)]

    async def work(pool: Pool) -> None:
        killing = asyncio.create_task(kill_at_random(members, draws, 25))
        found = await answers_of(pool, requests(400))
        await killing
        assert found == {str(at): str(at) for at in range(400)}

    in_pool(members, work)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("culprits", [["7"], ["7", "8", "200"]])
def test_requests_that_end_every_member_fail_alone(count: int, culprits: list[str]) -> None:
    members = [FakeMember(f"m{at}", 16, culprits) for at in range(count)]

    async def work(pool: Pool) -> None:
        found = await answers_of(pool, requests(300))
        errors = {id: error for id, error in found.items() if isinstance(error, SampleError)}
        assert sorted(errors) == sorted(culprits)
        assert {error.kind for error in errors.values()} == {"engine_killed"}
        assert len(found) == 300

    in_pool(members, work)


def test_a_member_that_cannot_start_is_named_and_the_others_answer_all() -> None:
    members = [FakeMember("good"), FakeMember("bad")]
    members[1].refuses = EngineError("no memory")

    async def work(pool: Pool) -> None:
        found = await answers_of(pool, requests(100))
        assert all(found[id] == id for id in found)

    news = in_pool(members, work)
    assert any("bad can't start: no memory; it is given up" in line for line in news)


def test_no_member_at_all_ends_the_run_with_its_reason() -> None:
    members = [FakeMember("a"), FakeMember("b")]
    for member in members:
        member.refuses = EngineError("no memory")

    async def work(pool: Pool) -> None: ...

    with pytest.raises(EngineError, match="no memory"):
        in_pool(members, work)


def test_members_that_die_at_once_again_and_again_end_the_run() -> None:
    members = [FakeMember("a"), FakeMember("b")]

    async def work(pool: Pool) -> None:
        for member in members:
            member.refuses = EngineError("gone for good")
            member.kill()
        await answers_of(pool, requests(20))

    with pytest.raises(ExceptionGroup) as raised:
        in_pool(members, work)
    assert raised.group_contains(EngineError)


def test_a_member_that_is_lost_again_and_again_without_an_answer_is_given_up_and_that_is_told() -> None:
    bad, good = FakeMember("bad", turns=1 << 20), FakeMember("good")

    async def work(pool: Pool) -> None:
        good.limit = 0
        for request in requests(8):
            asked = asyncio.create_task(pool.answer(request))
            for _ in range(20):
                await asyncio.sleep(0)
            bad.kill()
            await asyncio.sleep(0)
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
        assert pool.figures()[0].state == "given up"
        good.limit = 8
        good.on_room()
        assert (await pool.answer(Request(id="9", prompt=9, messages=[]))).text == "9"

    news = in_pool([bad, good], work)
    assert sum("it is given up" in line for line in news) == 1


def test_after_a_stop_no_member_is_started_again() -> None:
    member, stop = FakeMember(turns=50), asyncio.Event()

    async def run() -> None:
        pool = Pool([member])
        pool.begin_stream(lambda _: None, stop)
        await pool.open()
        asked = [asyncio.create_task(pool.answer(request)) for request in requests(4)]
        await asyncio.sleep(0)
        stop.set()
        member.kill()
        ended = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(one) for one in ended] == [EngineDied] * 4
        assert pool.figures()[0].starts == 1
        await pool.close()

    asyncio.run(run())


def test_members_are_loaded_by_what_they_run_together() -> None:
    members = [FakeMember("small", 4, turns=200), FakeMember("large", 12, turns=200)]

    async def work(pool: Pool) -> None:
        asked = [asyncio.create_task(pool.answer(request)) for request in requests(64)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert [one.in_flight for one in pool.figures()] == [16, 48]
        await asyncio.gather(*asked)

    in_pool(members, work)


def test_no_member_gets_more_than_its_limit_and_all_are_asked_as_it_grows() -> None:
    members = [FakeMember("a", 16), FakeMember("b", 16)]
    members[0].limit, members[1].limit = 3, 2

    async def work(pool: Pool) -> None:
        await answers_of(pool, requests(50))
        assert [member.most_aboard for member in members] == [3, 2]
        members[1].limit = 6
        members[1].on_room()
        await answers_of(pool, requests(50))
        assert members[1].most_aboard == 6

    in_pool(members, work)


def test_requests_with_the_same_picture_meet_the_same_member() -> None:
    members = [FakeMember(f"m{at}", 64) for at in range(4)]
    images = [ImageRef(f"image {at}", f"identity {at}", path=f"/{at}.png") for at in range(40)]
    asked = [
        Request(
            id=f"{at}-{rollout}",
            prompt=at,
            rollout=rollout,
            messages=[{"role": "user", "content": [{"type": "image", "image": image}]}],
        )
        for at, image in enumerate(images)
        for rollout in range(4)
    ]

    async def work(pool: Pool) -> None:
        await answers_of(pool, asked)
        meetings = {(member.name, id.partition("-")[0]) for member in members for id in member.seen}
        assert len(meetings) <= 44  # of 160, had they been dealt out in turn

    in_pool(members, work)


def test_a_member_that_joins_is_used() -> None:
    members = [FakeMember("first", 4)]

    async def work(pool: Pool) -> None:
        late = FakeMember("late", 4)
        asked = asyncio.create_task(answers_of(pool, requests(400)))
        await asyncio.sleep(0)
        pool.add(late)
        await asked
        assert len(late.seen) > 100
        assert pool.capacity == 8

    in_pool(members, work)


def test_news_of_a_member_go_to_the_stream_that_runs_now() -> None:
    member, later = FakeMember(), list[str]()

    async def work(pool: Pool) -> None:
        pool.begin_stream(later.append, asyncio.Event())
        member.say("a warning")

    assert in_pool([member], work) == []
    assert later == ["a warning"]


def test_a_request_that_meets_members_which_are_gone_already_is_no_culprit() -> None:
    members = [FakeMember("a", 4), FakeMember("b", 4)]

    async def work(pool: Pool) -> None:
        for _ in range(10):
            for member in members:
                member.kill()  # while it has nothing
            assert (await pool.answer(requests(1)[0])).text == "0"

    in_pool(members, work)
