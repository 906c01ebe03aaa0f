"""Keep one real engine open for many tests: loading it takes longer than most tests together."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from omegaconf import OmegaConf

from mathbatch.base import BaseInferenceModel
from mathbatch.fleet.choose import model_of
from mathbatch.records import Request, Response
from mathbatch.runner.components import Components
from mathbatch.runner.engine import Engine
from mathbatch.runner.pipeline import generate
from mathbatch.runner.preflight import Preflight
from mathbatch.runner.progress import Progress
from mathbatch.runner.run_job import RunJob
from support import forked_engines
from support.configs import composed
from support.processes import ALL_FRESH

T = TypeVar("T")


class Borrowed(BaseInferenceModel):
    """Passes requests on to a model that is open already and stays open."""

    def __init__(self, model: BaseInferenceModel) -> None:
        super().__init__(model.config)
        self._model = model
        self.capacity = model.capacity

    async def generate(self, request: Request) -> Response:
        return await self._model.generate(request)


class SharedEngine:
    """Demo model in real vLLM, with room for these LoRA adapters, on an event loop of its own."""

    def __init__(self, adapters: Iterable[Path] = ()) -> None:
        if not ALL_FRESH:
            forked_engines.prepare()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.model: BaseInferenceModel = model_of(composed())
        self.model.seeded = True
        self.model.adapters = frozenset(map(str, adapters))
        self.wait(self.model.open())

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the engine's event loop and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=300)

    def run(self, folder: Path, *arguments: str) -> tuple[Components, dict[str, Any] | None]:
        """Make a whole run in `folder`, as `mathbatch.run` does it; return its components and metrics."""
        job = RunJob(composed(f"output_dir={folder}", *arguments), OmegaConf.create())
        self.run_job(job)
        return job.components, job.metrics

    def run_job(self, job: RunJob) -> None:
        """Open the job, answer it and finish it; raise the error that ended it."""
        self.run_jobs([job])

    def run_jobs(self, jobs: Sequence[RunJob]) -> None:
        """Open jobs, answer them as one stream and finish them; raise the error that ended one of them."""
        for job in jobs:
            job.open(Preflight())
        finisher = ThreadPoolExecutor(1)
        try:
            engine = Engine(Borrowed(self.model), 1 << 30, None)
            progress = Progress([job.counts for job in jobs], io.StringIO())
            self.wait(generate(jobs, engine, progress, asyncio.Event(), finisher))
        finally:
            finisher.shutdown()
            for job in jobs:
                job.close()
        for job in jobs:
            if job.error is not None:
                raise job.error

    def close(self) -> None:
        """Close the engine and end the thread of its event loop."""
        self.wait(self.model.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
