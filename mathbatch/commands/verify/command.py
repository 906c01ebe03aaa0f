"""Prove a run folder whole: compare what it holds with what its dataset asks for."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from omegaconf import MISSING

from mathbatch.commands import exit_codes
from mathbatch.commands.verify.outputs import (
    check_earlier_outputs,
    check_outputs,
    check_scores,
    earlier_scores,
    has_scores,
    mend_earlier_scores,
)
from mathbatch.commands.verify.report import Report
from mathbatch.commands.verify.segments import check_segments, mend_segments
from mathbatch.commands.verify.units import check_records, check_units
from mathbatch.config.load import arguments_as
from mathbatch.data.storage.read_only import ReadOnlyStore
from mathbatch.data.storage.shards import shard_folders
from mathbatch.reports.findings import show_findings
from mathbatch.runner import results
from mathbatch.runner.folders import mend_snapshot
from mathbatch.runner.reopen import components_of, locked, refuse_read_only
from mathbatch.runner.snapshot import SnapshotError, attempts, refuse_other_folder
from mathbatch.scoring.panel import JUDGE


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
    show_findings(str(run_dir), report.findings, [report.failed, report.foreign, report.unsealed])
    print("whole" if report.is_whole else "not whole")
    return exit_codes.SUCCESS if report.is_whole else exit_codes.FAILURES


def prove(run_dir: Path) -> Report:
    """Read everything and compare, and write nothing, so that an archive can be proved too.

    Raises StoreError while a run writes there, ConfigError if it is no run folder.
    """
    report, run_dir = Report(), run_dir.absolute()
    with locked(run_dir, shared=True):
        for folder in _judges(run_dir):
            with locked(folder, shared=True):
                check_segments(folder / "responses", report, f"{folder.relative_to(run_dir)}/").close()
        _look_at_shards(run_dir, report)
        for folder in earlier_scores(run_dir):
            check_scores(folder, report, f"{folder.relative_to(run_dir)}/")
        if _has_only_shards(run_dir):
            report.results.add(f"no merge has been made: python -m mathbatch.merge run_dir={run_dir}")
        elif not _is_outside(run_dir):
            _prove_run(run_dir, report)
        elif has_scores(run_dir):
            check_scores(run_dir, report)
    return report


def _look_at_shards(run_dir: Path, report: Report) -> None:
    for _, folder in shard_folders(run_dir):
        name = str(folder.relative_to(run_dir))
        with locked(folder, shared=True):
            index = check_segments(folder / "responses", report, f"{name}/")
        if index.units:
            report.in_shards.add(f"{name}: {index.units:,} units")
        index.close()


def _prove_run(run_dir: Path, report: Report) -> None:
    index = check_segments(run_dir / "responses", report)
    with contextlib.closing(index), _noting_damage(run_dir, report), components_of(run_dir) as components:
        components.saver = ReadOnlyStore(index)
        check_units(components, report)
        if not report.unreadable.count:
            check_records(components, index, report)
        if report.missing.count:
            check_earlier_outputs(components, report)
        else:
            check_outputs(components, report)


@contextlib.contextmanager
def _noting_damage(run_dir: Path, report: Report) -> Iterator[None]:
    """Note damage in the files that say what ran; nothing can be compared then."""
    try:
        yield
    except SnapshotError as error:
        report.configuration.add(f"{error.file.relative_to(run_dir)}: {error.problem}")


def repair(run_dir: Path) -> list[str]:
    """Mend what needs no guess; return what was done, a sentence each. Raises ConfigError for a read-only folder."""
    run_dir = run_dir.absolute()
    refuse_read_only(run_dir, "copy it, and repair the copy")
    with locked(run_dir):
        done = []
        for store in [*_judges(run_dir), *(folder for _, folder in shard_folders(run_dir))]:
            with locked(store):
                mended = mend_segments(store / "responses")
            done += [f"{store.relative_to(run_dir)}/{sentence}" for sentence in mended]
        done += mend_earlier_scores(run_dir)
        return done if _is_outside(run_dir) or _has_only_shards(run_dir) else done + _repair_run(run_dir)


def _repair_run(run_dir: Path) -> list[str]:
    refuse_other_folder(run_dir)
    folder = run_dir / "responses"
    done, report = mend_snapshot(run_dir) + mend_segments(folder), Report()
    with _noting_damage(run_dir, report), components_of(run_dir) as components:
        index = check_segments(folder, report)
        components.saver = ReadOnlyStore(index)
        check_units(components, report)
        if not report.missing.count:
            results.export(components, results.results_path(components))
            done.append("results: written again from the records")
        components.saver.close()
    return done


def _has_only_shards(run_dir: Path) -> bool:
    """Tell whether shards have run and nothing else."""
    return not attempts(run_dir) and bool(shard_folders(run_dir))


def _judges(run_dir: Path) -> list[Path]:
    """Return the folders in which a judge's replies about this run lie."""
    found = sorted(path.parent for path in run_dir.glob(f"{JUDGE}/*/responses"))
    return [folder for folder in found if not (folder / "config.yaml").is_file()]  # a dataset may have that name


def _is_outside(run_dir: Path) -> bool:
    """Tell whether only answers from elsewhere were scored or judged here: there is no run."""
    is_run = any((run_dir / name).exists() for name in ("config.yaml", ".hydra", "responses"))
    return not is_run and (has_scores(run_dir) or bool(_judges(run_dir)))
