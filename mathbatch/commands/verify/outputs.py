"""Compare what a run has written at its end with what its records give, and with its checksums."""

from __future__ import annotations

import filecmp
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from mathbatch.commands.verify.report import Report
from mathbatch.data.counts import Counts
from mathbatch.data.storage.sealed import DamagedFileError, read_sealed, sha256_of
from mathbatch.data.storage.segments import disk_error
from mathbatch.data.storage.spill import scratch_folder
from mathbatch.reports.findings import Finding
from mathbatch.runner import results
from mathbatch.runner.components import Components
from mathbatch.runner.snapshot import FIGURES_FILE, Figures, Manifest
from mathbatch.scoring.files import (
    BESIDE_METRICS,
    EARLIER,
    MANIFEST,
    METRICS,
    changed_files,
    read_metrics,
    read_sound_metrics,
)


def check_outputs(components: Components, report: Report) -> None:
    """Note results, manifest and scores that are missing, damaged, or not what the records give."""
    path = results.results_path(components)
    with scratch_folder() as scratch:
        fresh = scratch / path.name
        held = results.export(components, fresh)
        if not path.is_file():
            report.results.add(f"there is no {path.name}")
        elif not filecmp.cmp(path, fresh, shallow=False):
            report.results.add(f"{path.name} differs from the records")
        digest = sha256_of(fresh)
    is_sealed = _check_manifest(components, held, digest, report)
    if components.is_scored or has_scores(components.run_dir):
        check_scores(components.run_dir, report, results={path.name: digest}, must_be_sealed=is_sealed)


def check_earlier_outputs(components: Components, report: Report) -> None:
    """Note results and scores of an earlier run of fewer units that are not as they were written.

    They stay until all units have a record, and then they are written anew.
    """
    path = results.results_path(components)
    if not has_scores(components.run_dir):
        return
    if path.is_file():
        check_scores(components.run_dir, report, results={path.name: sha256_of(path)})
    else:
        report.results.add(f"there is no {path.name}")
        check_scores(components.run_dir, report)


def has_scores(folder: Path) -> bool:
    """Tell whether something was scored into a folder."""
    return any((folder / name).exists() for name in (METRICS, *BESIDE_METRICS))


def earlier_scores(run_dir: Path) -> list[Path]:
    """Return the folders in which the scores of other scorers are kept."""
    return [folder for folder in sorted(run_dir.glob(f"{EARLIER}/*")) if has_scores(folder)]


def mend_earlier_scores(run_dir: Path) -> list[str]:
    """Set earlier scores that were changed aside, since no run makes them again; return what was done.

    Raises StoreError if the disk refuses.
    """
    done = []
    for folder in earlier_scores(run_dir):
        report = Report()
        check_scores(folder, report)
        if report.scores.count:
            aside = run_dir / f"damaged-{time.strftime('%Y%m%dT%H%M%S')}-{folder.name}"
            try:
                folder.rename(aside)
            except OSError as error:
                raise disk_error(folder, error) from error
            done.append(f"{folder.relative_to(run_dir)}: set aside as {aside.name}")
    return done


def check_scores(
    folder: Path,
    report: Report,
    label: str = "",
    results: Mapping[str, str | None] = MappingProxyType({}),
    must_be_sealed: bool = False,
) -> None:
    """Note scores that are not as they were written, or not of these results, a digest by the name of their file.

    `label` stands before the file names. `must_be_sealed` tells that this version wrote them, with a checksum.
    """
    try:
        found = read_metrics(folder)
        if not found.is_sealed:
            _note_unsealed(f"{label}{METRICS}", report.scores if must_be_sealed else report.unsealed)
            read_sound_metrics(folder)
            return
        for name in changed_files(folder, found.content):
            report.scores.add(f"{label}{name} is {'changed' if (folder / name).exists() else 'missing'}")
        if any(found.content.sha256.get(name, digest) != digest for name, digest in results.items()):
            report.scores.add(f"{label}{METRICS} is of other results")
    except DamagedFileError as error:
        report.scores.add(str(error).replace(f"{folder}/", label))


def _check_manifest(components: Components, held: Counts, digest: str | None, report: Report) -> bool:
    """Note a manifest that is missing, damaged or of another run or results, and counts that the records don't give.

    `digest` is that of the results. Return whether the manifest has its checksum.
    """
    run_dir = components.run_dir
    path = run_dir / MANIFEST
    if not path.exists():
        report.results.add(f"there is no {path.name}: the run did not come to its end")
        return False
    try:
        found = read_sealed(path, Manifest)
    except DamagedFileError as error:
        report.results.add(str(error).replace(f"{run_dir}/", ""))
        return False
    if not found.is_sealed:
        _note_unsealed(path.name, report.results if _has_sealed_figures(run_dir) else report.unsealed)
    if not components.run.owns(found.values):
        report.results.add(f"{path.name} is of another run")
    if found.content.results_sha256 not in (None, digest):
        report.results.add(f"{path.name} is of other results")
    counted = {"units": held.answered + held.failed} | {
        name: getattr(held, name) for name in ("answered", "failed", "truncated", "prompt_tokens", "output_tokens")
    }
    for name, count in counted.items():
        if found.values[name] != count:
            report.results.add(f"{path.name}: {name} is {found.values[name]:,}, and {count:,} by the records")
    return found.is_sealed


def _has_sealed_figures(run_dir: Path) -> bool:
    """Tell whether the last attempt that left its figures gave them a checksum, as it then did with the manifest."""
    left = sorted(run_dir.glob(f".hydra/*/{FIGURES_FILE}"))
    with suppress(DamagedFileError):
        return bool(left) and read_sealed(left[-1], Figures).is_sealed
    return True


def _note_unsealed(name: str, finding: Finding) -> None:
    finding.add(f"{name} was changed: its checksum is gone" if finding.amiss else name)
