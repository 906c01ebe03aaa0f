"""Run jobs: those that need one engine as one stream, engine after engine. One stays loaded for the next call."""

from __future__ import annotations

import asyncio
import dataclasses
import resource
import sys
import traceback
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import TextIO, TypeVar

import msgspec

from mathbatch.config import Config
from mathbatch.data.images.malloc import share_one_arena
from mathbatch.fleet.choose import model_of
from mathbatch.fleet.model import FleetModel
from mathbatch.fleet.seat import MemberFigures
from mathbatch.parts.faults import PartError
from mathbatch.runner.engine import Engine
from mathbatch.runner.job import Job
from mathbatch.runner.pipeline import generate, tell_failure
from mathbatch.runner.preflight import Preflight
from mathbatch.runner.progress import Progress
from mathbatch.runner.run_log import chatter_to
from mathbatch.runner.signals import Signals
from mathbatch.visible import visible

J = TypeVar("J", bound=Job)
# Limit on open files: a sweep keeps about three open for each job, and may have 20,000 jobs.
OPEN_FILES = 65_536


class Session:
    """Runs jobs on engines that stay loaded until the session ends. Use it as a context."""

    def __init__(self, signals: Signals, preflight: Preflight | None = None) -> None:
        share_one_arena()
        allow_open_files()
        self._signals = signals
        self._runner = asyncio.Runner()
        self._engines: list[tuple[bytes, Engine]] = []
        self._preflight = preflight or Preflight()
        self._log: Path | None = None
        self._news: list[str] = []

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the engines."""
        try:
            if self._log is not None:
                with chatter_to(self._log):
                    self._runner.run(self._close_engines())
        finally:
            self._runner.close()
            for news in self._news:
                print(visible(f"mathbatch: {news}; what is saved is kept"), file=sys.stderr)

    @property
    def loads(self) -> int:
        """Return how often an engine was loaded."""
        return sum(engine.loads for _, engine in self._engines)

    @property
    def members(self) -> list[MemberFigures]:
        """Return what each engine of a fleet has done; nothing for engines that are alone."""
        return [one for _, engine in self._engines for one in engine.figures]

    @property
    def image_counts(self) -> tuple[int, int | None]:
        """Return how many images were read, and how many the engines have preprocessed, where that is known."""
        engines = [engine for _, engine in self._engines]
        preprocessed = [engine.model.images_preprocessed for engine in engines]
        known = [count for count in preprocessed if count is not None]
        return sum(engine.images.reads + engine.model.images_read for engine in engines), sum(known) if len(
            known
        ) == len(preprocessed) else None

    def run(self, jobs: Sequence[Job], log: Path | None = None) -> int | None:
        """Run them all; return the number of the signal that stopped it, if one did.

        What went wrong with a job is in its `error`. Chatter goes to `log`, or to `run.log` in the first job's folder.
        """
        try:
            for job in jobs:
                with job.own_errors():
                    job.open(self._preflight)
            opened = [job for job in jobs if job.error is None]
            if not opened:
                return None
            self._log = log or opened[0].components.run_dir / "run.log"
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
            return await self._signals.until_stopped(work, progress)
        finally:
            for job in jobs:
                job.finish_stopped.set()  # a signal does not wait for scores
            await asyncio.to_thread(finisher.shutdown)
            progress.close()

    async def _run_group(
        self, key: bytes, jobs: list[Job], progress: Progress, stop: asyncio.Event, finisher: Executor
    ) -> None:
        engine = self._engine(key, jobs)
        try:
            await generate(jobs, engine, progress, stop, finisher, jobs[0].config.sweep.order)
        except Exception as error:  # noqa: BLE001 - the error of these jobs; those of another engine go on
            for job in jobs:
                if not job.is_answered and job.error is None:
                    job.fail(error)
                    tell_failure(job, progress)
            await self._close_engine(engine)

    def groups(self, jobs: Sequence[J]) -> dict[bytes, list[J]]:
        """Group jobs by the engine that they need; first those whose engine is loaded."""
        groups: dict[bytes, list[J]] = {key: [] for key, engine in self._engines if engine.is_loaded}
        for job in jobs:
            groups.setdefault(engine_key(job.config), []).append(job)
        return {key: group for key, group in groups.items() if group}

    def _engine(self, key: bytes, jobs: Sequence[Job]) -> Engine:
        seeded = any(job.config.sampling.seed is not None for job in jobs)
        adapters = frozenset(job.config.model.lora for job in jobs if job.config.model.lora is not None)
        for known, engine in self._engines:
            fits = known == key and not engine.is_closed and engine.model.seeded >= seeded
            if fits and engine.model.takes(adapters):
                engine.model.adapters |= adapters
                return engine
        model = model_of(jobs[0].config)
        model.seeded, model.adapters = seeded, adapters
        if isinstance(model, FleetModel) and self._log is not None:
            model.log_folder = self._log.parent
        budget = max(job.components.batcher.image_budget_bytes for job in jobs)
        engine = Engine(model, budget, jobs[0].config.image_workers, self._close_engines)
        self._engines.append((key, engine))
        return engine

    async def _close_engines(self) -> None:
        """Close all engines: two never share the memory, so the old ones are gone before a new one loads."""
        for _, engine in self._engines:
            if engine.is_loaded:
                await self._close_engine(engine)

    async def _close_engine(self, engine: Engine) -> None:
        """Close an engine. An error of its model costs no answer: it is told when the session ends."""
        try:
            await engine.close()
        except PartError as error:
            traceback.print_exception(error)
            self._news.append(str(error))


def allow_open_files() -> None:
    """Raise the limit of open files to that of the system: a sweep keeps some files of each job open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def engine_key(config: Config) -> bytes:
    """Identify an engine by the model section without names, lengths, and adapters served together."""
    outside = {"name", "former_name", "max_tokens"}
    if config.model.lora is None or model_of(config).serves_adapters:
        outside.add("lora")
    section = {name: value for name, value in dataclasses.asdict(config.model).items() if name not in outside}
    if config.deploy is not None:
        section["deploy"] = dataclasses.asdict(config.deploy)
    return msgspec.json.encode(section, order="sorted", enc_hook=str)
