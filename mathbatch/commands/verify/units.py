"""Compare the records of a run with the units that its dataset asks for."""

from __future__ import annotations

from pathlib import Path

from mathbatch.commands.verify.report import Report
from mathbatch.data.digests import recognise
from mathbatch.data.feed import render
from mathbatch.data.samples import samples_of
from mathbatch.data.storage.index import RecordIndex, head_of
from mathbatch.data.storage.segments import read_lines, segment_paths
from mathbatch.records import Request
from mathbatch.runner.components import Components


def check_units(components: Components, report: Report) -> dict[int, str]:
    """Look for the record of each unit; return the units that are wanted, as hashes, with their ids."""
    wanted: dict[int, str] = {}
    for sample in samples_of(components.loader):
        prompt = render(sample, components.processor)
        if isinstance(prompt, Request):
            recognise(prompt, components.saver, components.config.sampling.n)
        for rollout in range(components.config.sampling.n):
            wanted[hash((prompt.id, rollout, prompt.digest))] = prompt.id
            state = components.saver.state(prompt.id, rollout, prompt.digest)
            name = f"{prompt.id}#{rollout}" if rollout else prompt.id
            {"answered": report.answered, "failed": report.failed, None: report.missing}[state].add(name)
    return wanted


def check_records(folder: Path, index: RecordIndex, wanted: dict[int, str], report: Report) -> None:
    """Note records that belong to no unit that is wanted, and second answers of one that is."""
    known = set(wanted.values())
    for path in segment_paths(folder):
        for line in read_lines(path):
            head = head_of(line.body)
            if head is None:
                continue
            where = f"{path.name}, line {line.number}: {head.id}"
            if head.id not in known and not head.id.startswith("<row "):
                report.foreign.add(where)
            elif hash((head.id, head.rollout, head.digest)) not in wanted:
                report.stale.add(where)
            elif head.failure is None and index.place(head.id, head.rollout, head.digest) not in (
                None,  # a damaged line, which is told already
                (path, line.offset),
            ):
                report.doubled.add(where)
