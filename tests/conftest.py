"""One real engine for the whole test session: loading it takes longer than most tests together."""

from __future__ import annotations

import asyncio
import io
import os
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

from mathbatch.base import BaseInferenceModel
from mathbatch.config import Config
from mathbatch.config.load import typed
from mathbatch.config.paths import conf_dir
from mathbatch.records import Request, Response
from mathbatch.runner.components import Components, build_model
from mathbatch.runner.engine import Engine
from mathbatch.runner.pipeline import generate
from mathbatch.runner.preflight import Preflight
from mathbatch.runner.progress import Progress
from mathbatch.runner.run_job import RunJob

T = TypeVar("T")

for name in ("COLUMNS", "LINES", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
    os.environ.pop(name, None)  # tables are compared as they are in a file, wherever the tests run


def composed(*arguments: str) -> Config:
    """The configuration that these overrides give."""
    ConfigStore.instance().store(name="schema", node=Config)
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        return typed(compose("config", list(arguments)))


class Borrowed(BaseInferenceModel):
    """An engine that is open already and stays open."""

    def __init__(self, model: BaseInferenceModel) -> None:
        super().__init__(model.config)
        self._model = model
        self.capacity = model.capacity

    async def generate(self, request: Request) -> Response:
        return await self._model.generate(request)


class SharedEngine:
    """The demo model in real vLLM, on an event loop of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.model: BaseInferenceModel = build_model(composed())
        self.model.seeded = True
        self.wait(self.model.open())

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=300)

    def run(self, folder: Path, *arguments: str) -> tuple[Components, dict[str, Any] | None]:
        """A whole run in `folder`, as `mathbatch.run` does it; returns its parts and metrics."""
        job = RunJob(composed(f"output_dir={folder}", *arguments), OmegaConf.create())
        self.run_job(job)
        return job.components, job.metrics

    def run_job(self, job: RunJob) -> None:
        """Open it, answer it, finish it; raises what ended it."""
        job.open(Preflight())
        finisher = ThreadPoolExecutor(1)
        try:
            engine = Engine(Borrowed(self.model), 1 << 30, None)
            self.wait(generate([job], engine, Progress([job.counts], io.StringIO()), asyncio.Event(), finisher))
        finally:
            finisher.shutdown()
            job.close()
        if job.error is not None:
            raise job.error

    def close(self) -> None:
        self.wait(self.model.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="session")
def engine() -> Iterator[SharedEngine]:
    shared = SharedEngine()
    yield shared
    shared.close()
