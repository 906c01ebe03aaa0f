"""Prove a run folder whole: compare what it holds with what its dataset asks for."""

from __future__ import annotations

import filecmp
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import msgspec
from omegaconf import MISSING

from mathbatch.commands import exit_codes
from mathbatch.config.load import arguments_as
from mathbatch.data.digests import recognise
from mathbatch.data.feed import render
from mathbatch.data.samples import samples_of
from mathbatch.data.storage.atomic import atomic_write
from mathbatch.data.storage.index import RecordHead, RecordIndex
from mathbatch.data.storage.read_only import ReadOnlyStore
from mathbatch.data.storage.segments import SegmentLine, read_lines, repair_tail, segment_paths, torn_at
from mathbatch.records import Request
from mathbatch.reports.findings import Finding, show_findings
from mathbatch.runner import results
from mathbatch.runner.components import Components
from mathbatch.runner.reopen import components_of, locked
from mathbatch.scoring.panel import JUDGE

_head = msgspec.json.Decoder(RecordHead).decode


@dataclass
class VerifyConfig:
    """Folder of one run, and whether to mend it."""

    run_dir: str = MISSING
    repair: bool = False


def main() -> int:
    """Prove or mend the folder that the command line names; return the exit code."""
    config = arguments_as(VerifyConfig, sys.argv[1:], "python -m mathbatch.verify run_dir=…")
    run_dir = Path(config.run_dir)
    for sentence in repair(run_dir) if config.repair else []:
        print(f"mended {sentence}")
    report = prove(run_dir)
    show_findings(str(run_dir), report.findings, [report.failed, report.foreign])
    print("whole" if report.is_whole else "not whole")
    return exit_codes.SUCCESS if report.is_whole else exit_codes.FAILURES


class Report:
    """All findings, by name, in the order in which they are shown."""

    def __init__(self) -> None:
        self.answered = Finding("answered", "units with an answer", False)
        self.failed = Finding("failed", "units with a named failure; the next run tries them again", False)
        self.stale = Finding("replaced", "records of an input that has changed since, or is not asked now", False)
        self.missing = Finding("missing", "units without a record: run the same command again", True)
        self.torn = Finding("torn", "segments whose last line is cut: repair=true or the next run cuts it off", True)
        self.damaged = Finding("damaged", "lines whose checksum does not fit: repair=true sets them aside", True)
        self.doubled = Finding("doubled", "second answers of a unit: repair=true sets them aside", True)
        self.foreign = Finding("foreign", "records of ids that are not among the rows asked now; never used", False)
        self.results = Finding(
            "results", "results or manifest that don't fit the records: run again, or repair=true", True
        )

    @property
    def findings(self) -> list[Finding]:
        return list(vars(self).values())

    @property
    def is_whole(self) -> bool:
        return not any(finding.amiss and finding.count for finding in self.findings)


def prove(run_dir: Path) -> Report:
    """Read everything and compare. Raises StoreError while a run writes there, ConfigError if it is no run folder."""
    report, run_dir = Report(), run_dir.absolute()
    with locked(run_dir):
        for folder in _judges(run_dir):
            with locked(folder):
                _check_segments(folder / "responses", report, f"{folder.relative_to(run_dir)}/").close()
        if not _only_judges(run_dir):
            _prove_run(run_dir, report)
    return report


def _prove_run(run_dir: Path, report: Report) -> None:
    with components_of(run_dir) as components:
        index = _check_segments(run_dir / "responses", report)
        components.saver = ReadOnlyStore(index)
        wanted = _check_units(components, report)
        _check_records(run_dir / "responses", index, wanted, report)
        if not report.missing.count:
            _check_results(components, report)
        components.saver.close()


def repair(run_dir: Path) -> list[str]:
    """Mend what needs no guess; return what was done, a sentence each."""
    run_dir = run_dir.absolute()
    with locked(run_dir):
        done = []
        for judge in _judges(run_dir):
            with locked(judge):
                mended = _mend_segments(judge / "responses")
            done += [f"{judge.relative_to(run_dir)}/{sentence}" for sentence in mended]
        return done if _only_judges(run_dir) else done + _repair_run(run_dir)


def _repair_run(run_dir: Path) -> list[str]:
    folder = run_dir / "responses"
    with components_of(run_dir) as components:
        done, report = _mend_segments(folder), Report()
        index = _check_segments(folder, report)
        components.saver = ReadOnlyStore(index)
        _check_units(components, report)
        if not report.missing.count:
            results.export(components, results.results_path(components))
            done.append("results: written again from the records")
        components.saver.close()
    return done


def _judges(run_dir: Path) -> list[Path]:
    """Return the folders in which a judge's replies about this run lie."""
    found = sorted(path.parent for path in run_dir.glob(f"{JUDGE}/*/responses"))
    return [folder for folder in found if not (folder / "config.yaml").is_file()]  # a dataset may have that name


def _only_judges(run_dir: Path) -> bool:
    """Tell whether only answers from elsewhere were judged here: there is no run."""
    return bool(_judges(run_dir)) and not (run_dir / "config.yaml").is_file()


def _mend_segments(folder: Path) -> list[str]:
    done: list[str] = []
    aside = folder.with_name(f"damaged-{time.strftime('%Y%m%dT%H%M%S')}.txt")
    answered: set[int] = set()
    for path in segment_paths(folder):
        if torn_at(path) is not None:
            repair_tail(path)
            done.append(f"{path.name}: cut off the torn last line")
        done += _set_aside(path, aside, answered)
    return done


def _check_segments(folder: Path, report: Report, label: str = "") -> RecordIndex:
    index = RecordIndex()
    for path in segment_paths(folder):
        torn = torn_at(path)
        for line in index.read_segment(path):
            finding = report.torn if line.offset == torn else report.damaged
            finding.add(f"{label}{path.name}, line {line.number}")
    return index


def _check_units(components: Components, report: Report) -> dict[int, str]:
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


def _check_records(folder: Path, index: RecordIndex, wanted: dict[int, str], report: Report) -> None:
    """Note records that belong to no unit that is wanted, and second answers of one that is."""
    known = set(wanted.values())
    for path in segment_paths(folder):
        for line in read_lines(path):
            if line.body is None:
                continue
            head = _head(line.body)
            where = f"{path.name}, line {line.number}: {head.id}"
            if head.id not in known and not head.id.startswith("<row "):
                report.foreign.add(where)
            elif hash((head.id, head.rollout, head.digest)) not in wanted:
                report.stale.add(where)
            elif head.failure is None and index.place(head.id, head.rollout, head.digest) != (path, line.offset):
                report.doubled.add(where)


def _check_results(components: Components, report: Report) -> None:
    path = results.results_path(components)
    if not path.is_file():
        report.results.add(f"there is no {path.name}")
        return
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch) / path.name
        results.export(components, fresh)
        if not filecmp.cmp(path, fresh, shallow=False):
            report.results.add(f"{path.name} differs from the records")
    if not (components.run_dir / "manifest.json").is_file():
        report.results.add("there is no manifest.json: the run did not come to its end")


def _set_aside(path: Path, aside: Path, answered: set[int]) -> list[str]:
    """Move damaged lines and second answers of a segment to the file `aside`."""
    reasons = {line.offset: reason for line in read_lines(path) if (reason := _reason_to_move(line, answered))}
    if not reasons:
        return []
    offset = 0
    with path.open("rb") as stream, aside.open("ab") as out, atomic_write(path) as fresh:
        for line in stream:
            (out if offset in reasons else fresh).write(line)
            offset += len(line)
    moved = Counter(reasons.values())
    return [f"{path.name}: set {count} {reason} lines aside in {aside.name}" for reason, count in moved.items()]


def _reason_to_move(line: SegmentLine, answered: set[int]) -> str | None:
    if line.body is None:
        return "damaged"
    head = _head(line.body)
    if head.failure is not None:
        return None
    key = hash((head.id, head.rollout, head.digest))
    if key in answered:
        return "doubled"
    answered.add(key)
    return None
