"""Runs jobs, and where their datasets are scored by a judge, the judge after them: a job over their responses.

Its replies are records like any other, in `<run folder>/judge/`: saved as they come, resumed, never asked twice.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from omegaconf import OmegaConf

from mathbatch import results
from mathbatch.base import BaseDataBatcher, BaseDataLoader
from mathbatch.config import Config, DatasetConfig, SamplingConfig
from mathbatch.data.feed import render
from mathbatch.data.filters import PendingDataFilter
from mathbatch.data.processors import ChatDataProcessor
from mathbatch.data.saver import JsonLinesDataSaver
from mathbatch.errors import EngineError, SampleError
from mathbatch.identity import run_folder, slug
from mathbatch.interrupt import EXIT_SIGNAL
from mathbatch.job import Job
from mathbatch.making import make
from mathbatch.parts import Parts, check_judge_model
from mathbatch.records import BadRow, Record, Sample, Score
from mathbatch.scoring.evaluate import JudgeSays, Rows, Unit
from mathbatch.scoring.judge import Judge
from mathbatch.scoring.panel import JUDGE, Panel, Votes
from mathbatch.session import Session
from mathbatch.stored import locked, read_records


def run_jobs(session: Session, jobs: Sequence[Job], log: Path | None = None) -> int | None:
    """As `Session.run`; then the judge over each job that asks for one, on the engine that is loaded if it fits."""
    caught = session.run(jobs, log)
    judges: dict[JudgeJob, Job] = {}
    for job in jobs:
        if job.finished and job.is_judged:
            job.finished = False
            with job.own_errors():
                judges[judge_of(job.config, job.parts, job.number)] = job
    if caught is None:
        for group in session.groups(list(judges)).values():
            caught = caught or _judge_group(session, {judge: judges[judge] for judge in group}, log)
    return caught


def _judge_group(session: Session, judges: dict[JudgeJob, Job], log: Path | None) -> int | None:
    """One after another: only one job's records are open. The engine stays loaded; one that can't be had is not tried
    again for the next.
    """
    lost: EngineError | None = None
    for judge, job in judges.items():
        if lost is not None:
            job.fail(lost)
            continue
        caught = _judge(session, judge, job, log or job.parts.run_dir / "run.log")
        if caught is not None:
            return caught
        lost = judge.error if isinstance(judge.error, EngineError) else None
    return None


def _judge(session: Session, judge: JudgeJob, job: Job, log: Path) -> int | None:
    """Ask, score, and mark the run as complete."""
    caught = None
    with job.own_errors(), locked(job.parts.run_dir):
        read_records(job.parts)
        with closing(job.parts.saver):
            caught = session.run([judge], log)
            job.error = judge.error
            if judge.finished:
                with judge.replies() as votes:
                    job.metrics = results.score(job.parts, judge=votes)
                job.write_manifest()
                job.finished = True
    return caught


def judge_of(config: Config, parts: Parts, number: int = 0) -> JudgeJob:
    """The judge's job over a run folder, whose records are open."""
    return JudgeJob(config, parts.run_dir, parts.scorers, lambda: results.joined(parts), number)


@contextmanager
def votes_of(judge: JudgeJob) -> Iterator[JudgeSays]:
    """What the judge says, asked in a session of its own. Exits where a signal stopped it; raises what ended it."""
    with Session() as session:
        caught = session.run([judge])
    if caught is not None:
        sys.exit(EXIT_SIGNAL + caught)
    if judge.error is not None:
        raise judge.error
    with judge.replies() as says:
        yield says


class JudgeJob(Job):
    """Asks the judge about every response of `rows`. Its records lie below `folder`, by model, and by digest of what
    was asked: a response that changes is judged again, another not.
    """

    def __init__(self, config: Config, folder: Path, panel: Panel, rows: Callable[[], Rows], number: int = 0) -> None:
        """Raises ConfigError for a model that can't be."""
        assert panel.judge is not None
        check_judge_model(config)
        own = replace(
            config,
            model=config.judge.model or config.model,
            dataset=DatasetConfig(name=JUDGE, image_field=None),
            sampling=SamplingConfig(max_tokens=panel.judge.max_tokens),
            system_prompt=None,
            system_prompt_file=None,
            output_dir=str(folder),
            loader={},
            processor={},
        )
        run_dir = folder / JUDGE / f"{slug(own.model.name)}-{run_folder(own).name}"
        parts = Parts(
            own,
            run_dir,
            loader=JudgeDataLoader(own.dataset, panel.judge, rows),
            filter=PendingDataFilter(own.retry_failures),
            processor=ChatDataProcessor(),
            batcher=make("batcher", own.batcher, BaseDataBatcher),
            saver=JsonLinesDataSaver(run_dir),
            scorers=Panel([], None),
        )
        super().__init__(own, OmegaConf.create(), number=number, parts=parts)
        self._judge = panel.judge

    def _look(self, glances: object) -> None:
        """Its rows are made from records: there is nothing to look at."""

    def _note_attempt(self) -> None:
        """What ran stands in the folder of the run."""

    def _write_results(self) -> None:
        """Its replies are results only together with the responses: who has asked them goes on."""

    @contextmanager
    def replies(self) -> Iterator[JudgeSays]:
        """The judge's votes, once it is finished."""
        with locked(self.parts.run_dir):
            read_records(self.parts)
            with closing(self.parts.saver):
                yield JudgeSays(self.parts.run_dir.name, self._votes)

    def _votes(self, unit: Unit) -> Votes:
        gold, asked = unit.sample.gold, question(self._judge, unit.sample, unit.record)
        if asked is None:
            return {}
        if isinstance(asked, Score):
            return {JUDGE: asked}
        found = self.parts.saver.find(asked.id, 0, render(asked, self.parts.processor).digest)
        if found is None or found.failure is not None:
            why = "no reply" if found is None or found.failure is None else found.failure.message
            return {JUDGE: Score("unscored", None, gold, f"the judge could not be asked: {why}")}
        return {JUDGE: self._judge.verdict(gold, found.text or "")}


class JudgeDataLoader(BaseDataLoader):
    """The questions to the judge: one for each response that there is, of the rows that it takes."""

    def __init__(self, dataset: DatasetConfig, judge: Judge, rows: Callable[[], Rows]) -> None:
        super().__init__(dataset)
        self._judge, self._rows = judge, rows

    def __iter__(self) -> Iterator[Sample | BadRow]:
        for row, records in self._rows():
            for record in records:
                asked = question(self._judge, row, record)
                if isinstance(asked, (Sample, BadRow)):
                    yield asked


def question(judge: Judge, row: Sample | BadRow, record: Record) -> Sample | BadRow | Score | None:
    """What the judge is asked about a record; a score where there is nothing to ask, None where it has no say."""
    if isinstance(row, BadRow):
        return Score("unscored", None, None, "there is no response")
    id = f"{record.id}#{record.rollout}"
    try:
        if not judge.takes(row):
            return None
        if record.failure is not None or row.gold is None:
            why = "there is no response, or no gold answer"
            return Score("unscored", None, row.gold, why, gold_at_fault=row.gold is None)
        if not (record.text or "").strip():
            return Score("no_answer", None, row.gold, "the response is empty")
        return Sample(id, row.row_number, {}, judge.prompt(row, record.text or ""))
    except SampleError as error:
        return BadRow(id, row.row_number, None, error.kind, str(error))
