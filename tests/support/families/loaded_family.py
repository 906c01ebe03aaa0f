"""Run a family on one engine, as often as the tests need."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from mathbatch.commands.check.inspection import Inspection
from mathbatch.runner.run_job import RunJob
from mathbatch.runner.run_jobs import run_jobs
from mathbatch.runner.session import Session
from mathbatch.runner.signals import Signals
from support.configs import composed
from support.families.noting_model import NOTING, NotingModel, Prompt
from support.families.rows import ROWS, Row, rows_for, write
from support.families.table import Family
from support.inspections import inspected
from support.run_folders import records, results

SYSTEM = "Answer with one number; it's <100 %> sure, isn't it?"
FIELDS = ("index_field=id", "query_field=question", "image_field=images", "answer_field=answer")
SETTINGS = ("model.cpu_kv_cache_gib=1", "sampling.max_tokens=12", "sampling.seed=1")


class LoadedFamily:
    """Family with its engine, which is loaded once. `run` and `sweep` leave their folders in the folder given."""

    def __init__(self, family: Family, folder: Path) -> None:
        family.make(folder / "checkpoint")
        self.family, self.folder = family, folder
        self.rows = rows_for(ROWS, family.images)
        self._session = Session(Signals())
        self._settings = (
            *(f"model={family.group}", f"model.path={folder / 'checkpoint'}", f"model.max_images={family.images}"),
            *(f"model.max_model_len={16384 if family.images else 4096}", f'system_prompt="{SYSTEM}"'),
            *(f"+model.engine.dtype={family.dtype}", *SETTINGS),
        )

    def arguments(self, rows: Sequence[Row], name: str, *more: str) -> list[str]:
        """Return the overrides of a run over these rows."""
        path = write(self.folder, name, list(rows))
        fields = (f"dataset.{field}" for field in FIELDS)
        return [*self._settings, "dataset=generic", f"dataset.input={path}", *fields, *more]

    def check(self) -> Inspection:
        """Return what `check` finds in the rows of this family."""
        return inspected(*self.arguments(self.rows, "rows"))

    def run(self, output: str, *more: str, rows: Sequence[Row] | None = None, name: str = "rows") -> RunJob:
        """Run the rows of this family, or others; return the finished job."""
        (job,) = self.sweep(output, [more], self.rows if rows is None else rows, name)
        return job

    def sweep(
        self, output: str, cells: Sequence[Sequence[str]], rows: Sequence[Row], name: str, *more: str
    ) -> list[RunJob]:
        """Run the rows once for each cell, all in one stream; return the finished jobs."""
        common = [f"output_dir={self.folder / output}", NOTING, *more]
        jobs = [
            RunJob(composed(*self.arguments(rows, name, *common, *cell)), OmegaConf.create(), list(cell), number)
            for number, cell in enumerate(cells)
        ]
        assert run_jobs(self._session, jobs) is None
        for job in jobs:
            if job.error is not None:
                raise job.error
        return jobs

    @property
    def image_counts(self) -> tuple[int, int | None]:
        """Return how many images were read, and how many the engine has preprocessed."""
        return self._session.image_counts

    @property
    def loads(self) -> int:
        return self._session.loads

    def close(self) -> None:
        """End the engine."""
        self._session.close()


class FamilyRun:
    """What a family did: a run of all rows, and another of the same that was stopped half-way and resumed."""

    def __init__(self, loaded: LoadedFamily) -> None:
        self.loaded, self.family, self.rows = loaded, loaded.family, loaded.rows
        whole = loaded.run("whole")
        self.metrics = whole.metrics or {}
        self.prompts: dict[str, Prompt] = dict(NotingModel.prompts)
        self.records = {record["id"]: record for record in records(whole.components.run_dir)}
        self.results = results(whole.components.run_dir)
        half = loaded.run("halves", f"dataset.limit={len(self.rows) // 2}").components.run_dir
        self.first_half = records(half)
        resumed = loaded.run("halves").components.run_dir
        assert half == resumed
        self.resumed, self.resumed_results = records(resumed), results(resumed)

    def failures(self) -> dict[str, Any]:
        """Return why rows were not answered, by their ids."""
        return {id: record["failure"] for id, record in self.records.items() if record.get("failure")}
