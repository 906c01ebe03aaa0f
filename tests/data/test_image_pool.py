"""Decoded pictures stay within their budget in bytes, first come, first served."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path

import pytest
from support.bad_inputs import encoded
from support.image_requests import DECODER, request_for
from support.processes import run_process

from mathbatch.data.images.budget import ByteBudget
from mathbatch.data.images.decode import ImageRoot
from mathbatch.data.images.pool import ImagePool
from mathbatch.errors import SampleError


async def settle() -> None:
    """Let all tasks go as far as they can."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(5))
def test_the_budget_is_never_exceeded_and_all_of_it_comes_back(seed: int) -> None:
    print(f"seed {seed}")
    dice = random.Random(seed)

    async def claim(budget: ByteBudget, size: int) -> None:
        held = await budget.acquire(size)
        assert budget.used <= budget.total
        for _ in range(dice.randrange(5)):
            await asyncio.sleep(0)
        budget.release(held)

    async def check() -> None:
        budget = ByteBudget(1000)
        tasks = [asyncio.create_task(claim(budget, dice.choice((1, 300, 999, 1000, 5000)))) for _ in range(300)]
        for task in dice.sample(tasks, 60):
            await asyncio.sleep(0)
            task.cancel()
        ended = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 120)
        assert {type(end) for end in ended} <= {type(None), asyncio.CancelledError}
        assert budget.used == 0
        assert budget.peak == 1000

    asyncio.run(check())


def test_the_order_is_first_come_first_served() -> None:
    async def check() -> None:
        budget, order = ByteBudget(10), list[int]()

        async def claim(at: int, size: int) -> None:
            await budget.acquire(size)
            order.append(at)

        held = await budget.acquire(6)
        tasks = [asyncio.create_task(claim(at, size)) for at, size in enumerate((8, 1, 1))]
        await settle()
        assert order == [], "a small one does not pass a large one that came before it"
        budget.release(held)
        await settle()
        assert order == [0, 1, 2]
        await asyncio.gather(*tasks)

    asyncio.run(check())


def test_a_claim_larger_than_the_budget_is_let_in_alone() -> None:
    async def check() -> None:
        budget = ByteBudget(10)
        small = await budget.acquire(1)
        large = asyncio.create_task(budget.acquire(1000))
        behind = asyncio.create_task(budget.acquire(1))
        await settle()
        assert not large.done()
        budget.release(small)
        await settle()
        assert large.done()
        assert not behind.done()
        budget.release(large.result())
        assert await behind == 1
        assert budget.peak == 10

    asyncio.run(check())


def test_a_waiter_that_is_cancelled_lets_in_those_behind_it() -> None:
    async def check() -> None:
        budget = ByteBudget(10)
        await budget.acquire(5)
        large, small = asyncio.create_task(budget.acquire(10)), asyncio.create_task(budget.acquire(5))
        await settle()
        large.cancel()
        await settle()
        assert small.done(), "there is room for it"
        assert budget.used == 10

    asyncio.run(check())


def test_a_waiter_that_is_cancelled_as_its_turn_comes_gives_back() -> None:
    async def check() -> None:
        budget = ByteBudget(10)
        held = await budget.acquire(10)
        first, second = asyncio.create_task(budget.acquire(10)), asyncio.create_task(budget.acquire(10))
        await settle()
        budget.release(held)
        first.cancel()
        assert await second == 10
        assert first.cancelled()
        budget.release(10)
        assert budget.used == 0

    asyncio.run(check())


def test_many_pictures_in_flight_stay_within_the_budget(image_root: ImageRoot) -> None:
    async def check() -> None:
        one = DECODER.measure(image_root.reference("small.png"))
        pictures = ImagePool(3 * one, workers=2)
        held = seen = 0

        async def use(early: bool) -> None:
            nonlocal held, seen
            async with pictures.announce(request_for(image_root, "small.png"), DECODER).ready() as ready:
                held += 1
                assert held <= 3
                seen += 1
                assert ready.messages[0]["content"][0]["image"].size == (40, 30)
                await asyncio.sleep(0.001)
                held -= 1
                if early:
                    ready.drop_images()
                await asyncio.sleep(0.001)

        await asyncio.gather(*(use(at % 2 == 0) for at in range(40)))
        assert seen == 40
        assert pictures.budget.peak <= pictures.budget.total
        assert pictures.budget.used == 0
        pictures.close()

    asyncio.run(check())


def test_the_memory_of_a_picture_comes_back_when_the_engine_has_taken_it_over_whoever_has_the_object(
    image_root: ImageRoot,
) -> None:
    async def check() -> None:
        pictures = ImagePool(1 << 30, workers=1)
        async with pictures.announce(request_for(image_root, "small.png"), DECODER).ready() as ready:
            picture = ready.messages[0]["content"][0]["image"]
            picture.tobytes()
            ready.drop_images()
            with pytest.raises(ValueError, match="closed"):
                picture.tobytes()
        pictures.close()

    asyncio.run(check())


def test_a_picture_that_another_unit_will_show_is_left_as_it_is(image_root: ImageRoot) -> None:
    async def check() -> None:
        pictures = ImagePool(1 << 30, workers=1)
        first, second = (pictures.announce(request_for(image_root, "small.png"), DECODER) for _ in range(2))
        async with first.ready() as ready:
            pixels = ready.messages[0]["content"][0]["image"].tobytes()
            ready.drop_images()
        async with second.ready() as ready:
            assert ready.messages[0]["content"][0]["image"].tobytes() == pixels
        assert pictures.reads == 1
        pictures.close()

    asyncio.run(check())


def test_pictures_that_fail_are_cancelled_or_are_too_large_give_their_room_back(image_root: ImageRoot) -> None:
    async def check() -> None:
        pictures = ImagePool(10_000, workers=2)

        async def use(*names: str) -> None:
            async with pictures.announce(request_for(image_root, *names), DECODER).ready():
                await asyncio.sleep(0.001)

        kinds = [("small.png",), ("large.png",), ("broken.png",), ("small.png", "small.png", "small.png")]
        tasks = [asyncio.create_task(use(*kinds[at % 4])) for at in range(60)]
        for task in tasks[::7]:
            await asyncio.sleep(0.001)
            task.cancel()
        ended = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 120)
        assert {type(end) for end in ended} == {type(None), SampleError, asyncio.CancelledError}
        assert pictures.budget.used == 0
        assert pictures.budget.peak <= 10_000
        pictures.close()

    asyncio.run(check())


@pytest.mark.process
def test_a_run_with_a_budget_below_a_single_picture_completes(image_root: ImageRoot) -> None:
    names = ("small.png", "large.png", "broken.png")
    rows = [{"sample_index": at, "query_cot": "What?", "image": names[at % 3]} for at in range(30)]
    (image_root.folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    outcome = run_process(image_root.folder, "dataset.input=rows.jsonl", "image_budget_gib=0.000001")
    assert outcome.code == 1
    assert outcome.results is not None
    assert [bool(row["model_answer"]) for row in outcome.results] == [row["image"] != "broken.png" for row in rows]


@pytest.mark.process
def test_a_run_of_whose_pictures_none_is_there_is_refused_and_says_where_they_were_looked_for(tmp_path: Path) -> None:
    text = [{"sample_index": at, "query_cot": "What?", "image": ""} for at in range(30)]
    rows = [*text, *({"sample_index": f"p{at}", "query_cot": "What?", "image": f"pics/{at}.png"} for at in range(12))]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "pics").mkdir()
    refused = run_process(tmp_path, "dataset.input=rows.jsonl", "dataset.image_base_path=pics")
    assert refused.code == 2
    assert "dataset.image_base_path" in refused.err
    assert f"{tmp_path}/pics/pics/0.png" in refused.err
    (tmp_path / "pics" / "0.png").write_bytes(encoded())
    assert run_process(tmp_path, "dataset.input=rows.jsonl").code == 1, "one of them is there"
