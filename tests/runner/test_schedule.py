"""The order in which jobs share an engine, and the pictures that they share."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from support.configs import composed
from support.image_requests import DECODER, request_for
from support.rows import SCRIPTED, questions, write_rows

from mathbatch.data.counts import Counts
from mathbatch.data.images.decode import ImageRoot
from mathbatch.data.images.pool import Announcement, ImagePool
from mathbatch.records import Record
from mathbatch.runner.preflight import Preflight
from mathbatch.runner.progress import Progress
from mathbatch.runner.run_job import RunJob
from mathbatch.runner.schedule import upcoming


def jobs_of(folder: Path, *settings: tuple[str, ...]) -> list[RunJob]:
    jobs = []
    for number, overrides in enumerate(settings):
        config = composed(SCRIPTED, "dataset=generic", "dataset.image_field=null", f"output_dir={folder}", *overrides)
        jobs.append(RunJob(config, OmegaConf.create(), number=number))
        jobs[-1].open(Preflight())
    return jobs


def order_of(jobs: list[RunJob], order: str) -> list[tuple[int, str]]:
    async def collect() -> list[tuple[int, str]]:
        return [(job.number, request.id) async for job, request in upcoming(jobs, order)]

    found = asyncio.run(collect())
    for job in jobs:
        job.close()
    return found


def test_jobs_over_one_dataset_show_the_same_row_one_after_another(tmp_path: Path) -> None:
    data = f"dataset.input={write_rows(tmp_path / 'rows.jsonl', questions(700))}"
    jobs = jobs_of(tmp_path, *((data, f"sampling.temperature={t}") for t in (0.1, 0.2, 0.3)))
    assert order_of(jobs, "breadth") == [(number, str(at)) for at in range(700) for number in range(3)]


def test_jobs_over_datasets_of_different_length_come_to_their_ends_together(tmp_path: Path) -> None:
    short, long = (write_rows(tmp_path / f"{count}.jsonl", questions(count)) for count in (300, 900))
    found = order_of(jobs_of(tmp_path, (f"dataset.input={short}",), (f"dataset.input={long}",)), "breadth")
    assert len(found) == 1200
    done = [0, 0]
    for number, _ in found:
        done[number] += 1
        assert abs(done[0] / 300 - done[1] / 900) < 0.02


def test_a_job_that_was_ahead_waits_for_the_others_to_show_its_rows_with_them(tmp_path: Path) -> None:
    data = f"dataset.input={write_rows(tmp_path / 'rows.jsonl', questions(600))}"
    settings = [(data, f"sampling.temperature={t}") for t in (0.1, 0.2)]
    (ahead, behind) = jobs_of(tmp_path, *settings)

    async def answer_first_half() -> None:
        async for job, request in upcoming([ahead], "breadth"):
            if request.row_number <= 400:
                job.components.saver.append(Record(request.id, request.digest, text="done"))

    asyncio.run(answer_first_half())
    for job in (ahead, behind):
        job.close()
    found = order_of(jobs_of(tmp_path, *settings), "breadth")
    assert found[:400] == [(1, str(at)) for at in range(400)], "nobody else is behind"
    assert found[400:] == [(number, str(at)) for at in range(400, 600) for number in (0, 1)]


def test_depth_finishes_one_job_after_another(tmp_path: Path) -> None:
    data = f"dataset.input={write_rows(tmp_path / 'rows.jsonl', questions(300))}"
    jobs = jobs_of(tmp_path, *((data, f"sampling.temperature={t}") for t in (0.1, 0.2)))
    assert order_of(jobs, "depth") == [(number, str(at)) for number in range(2) for at in range(300)]


def test_the_progress_line_tells_how_far_each_job_has_come() -> None:
    stream = io.StringIO()
    jobs = [Counts(total=100, answered=31), Counts(total=100, before=90, failed=10), Counts(total=200, answered=20)]
    Progress(jobs, stream).show()
    line = stream.getvalue()
    for words in ("151/400 samples", "10 failed", "1 of 3 jobs done", "31% 10%"):
        assert words in line


def test_requests_that_are_expected_share_one_reading_of_a_picture(image_root: ImageRoot) -> None:
    async def check() -> None:
        pictures = ImagePool(1 << 20, workers=2)
        announced = [pictures.announce(request_for(image_root, "small.png"), DECODER) for _ in range(20)]
        for images in announced:  # one after another: between them nobody uses the picture
            async with images.ready() as ready:
                assert ready.messages[0]["content"][0]["image"].size == (40, 30)
        assert pictures.reads == 1
        assert pictures.budget.used == 0
        pictures.close()

    asyncio.run(check())


def test_a_kept_picture_makes_room_for_one_that_is_needed(image_root: ImageRoot) -> None:
    async def check() -> None:
        small, large = (DECODER.measure(image_root.reference(name)) for name in ("small.png", "large.png"))
        pictures = ImagePool(large, workers=1)
        assert small < large
        names = ("small.png", "large.png", "small.png")
        announced = [pictures.announce(request_for(image_root, name), DECODER) for name in names]
        for images, reads in zip(announced, (1, 2, 3), strict=True):
            async with asyncio.timeout(120), images.ready():
                assert pictures.reads == reads
        assert pictures.budget.used == 0
        assert pictures.budget.peak <= large
        pictures.close()

    asyncio.run(check())


@pytest.mark.parametrize("workers", [1, 3])
def test_sharing_under_a_small_budget_neither_hangs_nor_leaks(image_root: ImageRoot, workers: int) -> None:
    import random

    seed = random.randrange(1 << 32)
    print(f"seed={seed}")
    rng = random.Random(seed)

    async def check() -> None:
        pictures = ImagePool(DECODER.measure(image_root.reference("large.png")) + 9_000, workers)
        names = ["small.png", "large.png", "broken.png"]
        requests = [request_for(image_root, *rng.choices(names, (4, 4, 1), k=rng.randint(1, 3))) for _ in range(150)]

        async def use(images: Announcement) -> None:
            async with images.ready() as ready:
                await asyncio.sleep(rng.random() / 500)
                if rng.random() < 0.5:
                    ready.drop_images()
                    await asyncio.sleep(rng.random() / 500)

        tasks = []
        for images in [pictures.announce(request, DECODER) for request in requests]:
            if rng.random() < 0.1:
                images.forget()
                continue
            tasks.append(asyncio.create_task(use(images)))
            if rng.random() < 0.2:
                await asyncio.sleep(0.001)
                rng.choice(tasks).cancel()
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 120)
        assert pictures.budget.used == 0
        assert pictures.budget.peak <= pictures.budget.total
        assert not pictures._pooled
        pictures.close()

    asyncio.run(check())
