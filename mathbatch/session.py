"""Runs jobs: those that need one engine as one stream, engine after engine. One stays loaded for the next call."""

from __future__ import annotations

import asyncio
import dataclasses
import resource
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import TextIO, TypeVar

import msgspec

from mathbatch.config import Config
from mathbatch.console import chatter_to
from mathbatch.engine import Engine
from mathbatch.interrupt import until_stopped
from mathbatch.job import Job
from mathbatch.memory import share_one_arena
from mathbatch.parts import build_model
from mathbatch.pipeline import generate
from mathbatch.preflight import Glances
from mathbatch.progress import Progress

J = TypeVar("J", bound=Job)
OPEN_FILES = 65_536
"""Three for each of 20,000 jobs."""


class Session:
    """Use as a context: at its end the engines are closed."""

    def __init__(self, glances: Glances | None = None) -> None:
        share_one_arena()
        allow_open_files()
        self._runner = asyncio.Runner()
        self._engines: list[tuple[bytes, Engine]] = []
        self._glances = glances or Glances()
        self._log: Path | None = None

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._log is not None:
                with chatter_to(self._log):
                    self._runner.run(self._close_engines())
        finally:
            self._runner.close()

    @property
    def loads(self) -> int:
        """How often an engine was loaded."""
        return sum(engine.loads for _, engine in self._engines)

    @property
    def picture_counts(self) -> tuple[int, int | None]:
        """How many pictures were read, and how many the engines have preprocessed, where that is known."""
        engines = [engine for _, engine in self._engines]
        preprocessed = [engine.model.images_preprocessed for engine in engines]
        known = [count for count in preprocessed if count is not None]
        return sum(e.pictures.reads for e in engines), sum(known) if len(known) == len(preprocessed) else None

    def run(self, jobs: Sequence[Job], log: Path | None = None) -> int | None:
        """Run them all; returns the number of the signal that stopped it, if one did. What went wrong with a job is in
        its `error`. Chatter goes to `log`, or to `run.log` in the folder of the first job.
        """
        try:
            for job in jobs:
                with job.own_errors():
                    job.open(self._glances)
            opened = [job for job in jobs if job.error is None]
            if not opened:
                return None
            self._log = log or opened[0].parts.run_dir / "run.log"
            with chatter_to(self._log) as terminal:
                return self._runner.run(self._run(opened, terminal))
        finally:
            for job in jobs:
                job.close()

    async def _run(self, jobs: Sequence[Job], terminal: TextIO) -> int | None:
        progress = Progress([job.counts for job in jobs], terminal)

        async def work(stop: asyncio.Event) -> None:
            for key, group in self.groups(jobs).items():
                if not stop.is_set():
                    await self._run_group(key, group, progress, stop, finisher)
            if not stop.is_set():
                await asyncio.to_thread(finisher.shutdown)

        finisher = ThreadPoolExecutor(1, thread_name_prefix="finish")
        try:
            return await until_stopped(work, progress)
        finally:
            for job in jobs:
                job.give_up()  # a signal does not wait for scores
            await asyncio.to_thread(finisher.shutdown)
            for job in jobs:
                job.fall_silent()
            progress.close()

    async def _run_group(
        self, key: bytes, jobs: list[Job], progress: Progress, stop: asyncio.Event, finisher: Executor
    ) -> None:
        engine = self._engine(key, jobs)
        try:
            await generate(jobs, engine, progress, stop, finisher, jobs[0].config.sweep.order)
        except Exception as error:  # noqa: BLE001 - the error of these jobs; those of another engine go on
            for job in jobs:
                if not job.answered:
                    job.fail(error)
            await engine.close()

    def groups(self, jobs: Sequence[J]) -> dict[bytes, list[J]]:
        """By the engine that they need; first those whose engine is loaded."""
        groups: dict[bytes, list[J]] = {key: [] for key, engine in self._engines if engine.is_loaded}
        for job in jobs:
            groups.setdefault(engine_key(job.config), []).append(job)
        return {key: group for key, group in groups.items() if group}

    def _engine(self, key: bytes, jobs: Sequence[Job]) -> Engine:
        seeded = any(job.config.sampling.seed is not None for job in jobs)
        for known, engine in self._engines:
            if known == key and not engine.is_closed and engine.model.seeded >= seeded:
                return engine
        model = build_model(jobs[0].config)
        model.seeded = seeded
        budget = max(job.parts.batcher.image_budget_bytes for job in jobs)
        engine = Engine(model, budget, jobs[0].config.image_workers, self._close_engines)
        self._engines.append((key, engine))
        return engine

    async def _close_engines(self) -> None:
        """Two engines never share the memory: the old ones are gone before a new one loads."""
        for _, engine in self._engines:
            if engine.is_loaded:
                await engine.close()


def allow_open_files() -> None:
    """A sweep keeps some files of each job open; a user's own limit may be raised to that of the system."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def engine_key(config: Config) -> bytes:
    """What one engine is: all of the model section but its name."""
    section = {name: value for name, value in dataclasses.asdict(config.model).items() if name != "name"}
    return msgspec.json.encode(section, order="sorted", enc_hook=str)
