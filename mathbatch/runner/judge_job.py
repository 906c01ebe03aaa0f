"""Ask a judge model about the responses of a run, as a job of its own.

Its replies are records like any other, in `<run folder>/judge/`: saved as they come, resumed, never asked twice.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from mathbatch.base import BaseDataBatcher, BaseDataLoader
from mathbatch.config import Config, DatasetConfig, SamplingConfig
from mathbatch.config.instantiate import make
from mathbatch.data.digests import recognise
from mathbatch.data.feed import render
from mathbatch.data.filters import PendingDataFilter
from mathbatch.data.processors import ChatDataProcessor
from mathbatch.data.saver import JsonLinesDataSaver
from mathbatch.data.storage.segments import disk_error
from mathbatch.errors import Interrupted, SampleError
from mathbatch.fleet.choose import model_of, with_judges_model
from mathbatch.records import BadRow, Record, Request, Sample, Score
from mathbatch.runner import results
from mathbatch.runner.components import Components, check_judge_model, sampling_values
from mathbatch.runner.engine_identity import with_earlier
from mathbatch.runner.identity import folder_name, identity, identity_as_spelled, slug
from mathbatch.runner.job import Job
from mathbatch.runner.preflight import Preflight
from mathbatch.runner.reopen import locked, read_records
from mathbatch.runner.run_key import key_of_judge
from mathbatch.runner.session import Session
from mathbatch.runner.signals import Signals
from mathbatch.scoring.evaluate import JudgeVotes, Rows
from mathbatch.scoring.judge import Judge
from mathbatch.scoring.panel import JUDGE, Panel, Votes
from mathbatch.scoring.totals import ScoringUnit


def judge_of(config: Config, components: Components, number: int = 0, folder: Path | None = None) -> JudgeJob:
    """Return the judge's job over a run folder whose records are open. Its replies lie there, or below `folder`."""
    place = folder or components.run_dir
    return JudgeJob(config, place, components.scorers, lambda: results.joined(components), number)


def bring_replies(run_dir: Path, folder: Path) -> None:
    """Copy the replies of judges about a run to another folder, unless it has some: nothing is asked twice.

    Raises StoreError if the disk refuses.
    """
    if (folder / JUDGE).exists():
        return
    try:
        for path in run_dir.glob(f"{JUDGE}/*/responses/*.jsonl"):
            copy = folder / path.relative_to(run_dir)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    except OSError as error:
        raise disk_error(folder / JUDGE, error) from error


@contextmanager
def votes_of(judge: JudgeJob, signals: Signals) -> Iterator[JudgeVotes]:
    """Ask the judge in a session of its own and yield its votes.

    Raises what ended the judge's job; Interrupted where a signal stopped it.
    """
    with Session(signals) as session:
        caught = session.run([judge])
    if caught is not None:
        raise Interrupted(caught)
    if judge.error is not None:
        raise judge.error
    with judge.replies() as votes:
        yield votes


class JudgeJob(Job):
    """Asks the judge about every response of `rows`.

    Its records lie below `folder`, by model, and by digest of what was asked: only responses that have changed are
    judged again.
    """

    def __init__(self, config: Config, folder: Path, panel: Panel, rows: Callable[[], Rows], number: int = 0) -> None:
        """Raises ConfigError for a model that can't be built."""
        assert panel.judge is not None
        check_judge_model(config)
        own = replace(
            with_judges_model(config),
            dataset=DatasetConfig(name=JUDGE, image_field=None),
            sampling=SamplingConfig(max_tokens=panel.judge.max_tokens),
            system_prompt=None,
            system_prompt_file=None,
            output_dir=str(folder),
            loader={},
            processor={},
        )
        known = with_earlier([identity(own), identity_as_spelled(own)], own.model.engine)
        named = [folder / JUDGE / f"{slug(own.model.name)}-{folder_name(own, way)}" for way in known]
        # The same judge by another name: checkpoints of groups were not always named after their paths.
        others = [path for way in known for path in sorted((folder / JUDGE).glob(f"*-{folder_name(own, way)}"))]
        run_dir = next((path for path in [*named, *others] if path.is_dir()), named[0])
        components = Components(
            config=own,
            run_dir=run_dir,
            run=key_of_judge(run_dir, folder),
            loader=JudgeDataLoader(own.dataset, panel.judge, rows),
            filter=PendingDataFilter(own.retry_failures),
            processor=ChatDataProcessor(),
            batcher=make("batcher", own.batcher, BaseDataBatcher),
            saver=JsonLinesDataSaver(run_dir),
            scorers=Panel([], None),
        )
        model_of(own).check_sampling(sampling_values(own.sampling))
        super().__init__(own, components, number)
        self._judge = panel.judge

    @property
    def name(self) -> str:
        """Return what messages call it."""
        return "judge"

    def open(self, preflight: Preflight) -> None:
        """Count what is to be asked, which takes little beside the asking; then take the folder. Raises StoreError."""
        self.rows = self.counts.total = self.components.loader.count()
        super().open(preflight)

    def finish(self, say: Callable[[str], object]) -> None:
        """Give the folder back. Replies are results only together with the responses: who has asked them goes on."""
        self.is_complete = True
        self.close()

    @contextmanager
    def replies(self) -> Iterator[JudgeVotes]:
        """Yield the judge's votes, once it is complete."""
        with locked(self.components.run_dir):
            read_records(self.components)
            with closing(self.components.saver):
                yield JudgeVotes(self.components.run_dir.name, self._votes)

    def _votes(self, unit: ScoringUnit) -> Votes:
        gold, asked = unit.sample.gold, question(self._judge, unit.sample, unit.record)
        if asked is None:
            return {}
        if isinstance(asked, Score):
            return {JUDGE: asked}
        found = self._reply(asked)
        if found is None or found.failure is not None:
            why = "no reply" if found is None or found.failure is None else found.failure.message
            return {JUDGE: Score("unscored", None, gold, f"the judge could not be asked: {why}")}
        return {JUDGE: self._judge.verdict(gold, found.text or "")}

    def _reply(self, asked: Sample | BadRow) -> Record | None:
        components = self.components
        prompt = render(asked, components.processor, components.run.value)
        if isinstance(prompt, Request):
            recognise(prompt, components.saver, 1, components.run.has_unkeyed)
        return components.saver.find(asked.id, 0, prompt.digest)


class JudgeDataLoader(BaseDataLoader):
    """Yields the questions to the judge: one for each response that there is, of the rows that it takes."""

    def __init__(self, dataset: DatasetConfig, judge: Judge, rows: Callable[[], Rows]) -> None:
        super().__init__(dataset)
        self._judge, self._rows = judge, rows

    def __iter__(self) -> Iterator[Sample | BadRow]:
        """Read the responses once more, from the first row."""
        for row, records in self._rows():
            for record in records:
                asked = question(self._judge, row, record)
                if isinstance(asked, (Sample, BadRow)):
                    yield asked

    def count(self) -> int:
        """Read the responses once more; return the number of questions."""
        return sum(1 for _ in self)


def question(judge: Judge, row: Sample | BadRow, record: Record) -> Sample | BadRow | Score | None:
    """Return what the judge is asked about a record, a score if there is nothing to ask, None if it skips the row."""
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
