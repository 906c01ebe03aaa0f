"""Read the rows of a run with all that is known of each: prompt, records, verdicts, doubts.

Rows come in the order of the dataset, one at a time, so that memory doesn't grow with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mathbatch.data.digests import recognise
from mathbatch.data.feed import render
from mathbatch.data.samples import samples_of
from mathbatch.records import BadRow, Record, Request, Sample
from mathbatch.reports.html.scored_lines import Line, ScoreLines, doubts_in
from mathbatch.runner.components import Components


@dataclass
class ReportRow:
    """One row of the dataset: its prompt, and for each rollout its record and its score, None where there is none.

    `problem` says why the row can't be asked, and `doubts` why its verdicts are doubtful, by rollout.
    """

    row: Sample | BadRow
    prompt: Request | None
    records: list[Record | None]
    lines: list[Line | None]
    doubts: dict[int, list[str]]
    problem: str | None = None

    @property
    def is_begun(self) -> bool:
        """Tell whether there is an answer or a failure to show."""
        return any(record is not None for record in self.records)

    def verdict_of(self, record: Record) -> str | None:
        """Return the verdict on one of its records, None without one."""
        line = self.lines[record.rollout]
        return "failed" if record.failure is not None else None if line is None else line.verdict


def rows_of(components: Components, scores: Path | None) -> Iterator[ReportRow]:
    """Yield all rows of a run whose store can be read. `scores` is the folder of its scores, None without any.

    Raises StoreError for scores and records that can't be read, ConfigError for a dataset that can't.
    """
    doubts, find = doubts_in(scores), components.saver.find
    rollouts = range(components.config.sampling.n)
    with closing(ScoreLines(scores)) as lines:
        for sample in samples_of(components.loader):
            prompt = render(sample, components.processor, components.run.value)
            asked = prompt if isinstance(prompt, Request) else None
            if asked is not None:
                recognise(asked, components.saver, len(rollouts), components.run.has_unkeyed)
            records = [find(sample.id, rollout, prompt.digest) for rollout in rollouts]
            yield ReportRow(
                row=sample,
                prompt=asked,
                records=records,
                lines=[lines.of(sample.id, rollout, records[rollout]) for rollout in rollouts],
                doubts=doubts.get(sample.id, {}),
                problem=prompt.failure.message if isinstance(prompt, Record) and prompt.failure else None,
            )
