"""Compare the records of a run with the units that its dataset asks for."""

from __future__ import annotations

from collections.abc import Iterator

from mathbatch.commands.verify.report import Report
from mathbatch.data.digests import recognise
from mathbatch.data.feed import render
from mathbatch.data.samples import samples_of
from mathbatch.data.storage.index import RecordIndex, head_of
from mathbatch.data.storage.segments import read_lines, segment_paths
from mathbatch.data.storage.spilled import SpilledMap
from mathbatch.records import Record, Request
from mathbatch.runner.components import Components


def check_units(components: Components, report: Report) -> None:
    """Look for the record of each unit."""
    for prompt in _prompts(components):
        for rollout in range(components.config.sampling.n):
            state = components.saver.state(prompt.id, rollout, prompt.digest)
            name = f"{prompt.id}#{rollout}" if rollout else prompt.id
            {"answered": report.answered, "failed": report.failed, None: report.missing}[state].add(name)


def check_records(components: Components, index: RecordIndex, report: Report) -> None:
    """Note records that belong to no unit that is wanted, and second answers of one that is.

    Must come after `check_units`. Where its units are all that have a record, none is foreign or replaced, and where
    there are as many records as units, none is doubled: the records are read again only otherwise.
    """
    are_all_wanted = index.units == report.answered.count + report.failed.count
    if are_all_wanted and index.records == index.units:
        return
    wanted = None if are_all_wanted else _wanted(components)
    for path in segment_paths(components.run_dir / "responses"):
        for line in read_lines(path):
            head = head_of(line.body)
            if head is None:
                continue
            where = f"{path.name}, line {line.number}: {head.id}"
            if wanted is not None and wanted.get(hash((head.id, head.rollout, head.digest))) is None:
                is_foreign = wanted.get(hash(head.id)) is None and not head.id.startswith("<row ")
                (report.foreign if is_foreign else report.stale).add(where)
            elif head.failure is None and index.place(head.id, head.rollout, head.digest) not in (
                None,  # a damaged line, which is told already
                (path, line.offset),
            ):
                report.doubled.add(where)


def _prompts(components: Components) -> Iterator[Request | Record]:
    """Yield what is asked about each row, with the digest by which the store knows it."""
    for sample in samples_of(components.loader):
        prompt = render(sample, components.processor, components.run.value)
        if isinstance(prompt, Request):
            recognise(prompt, components.saver, components.config.sampling.n, components.run.has_unkeyed)
        yield prompt


def _wanted(components: Components) -> SpilledMap:
    """Return the hashes of all units that are wanted, and those of their ids."""
    wanted = SpilledMap()
    for prompt in _prompts(components):
        wanted.add(hash(prompt.id), 0)
        for rollout in range(components.config.sampling.n):
            wanted.add(hash((prompt.id, rollout, prompt.digest)), 0)
    return wanted
