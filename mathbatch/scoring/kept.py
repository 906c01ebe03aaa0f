"""Use scores again that are there already, or keep a copy of them before others take their place."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from mathbatch.data.storage.sealed import DamagedFileError, write_sealed
from mathbatch.data.storage.segments import disk_error
from mathbatch.scoring.files import (
    AUDIT,
    BESIDE_METRICS,
    EARLIER,
    METRICS,
    PLOTS,
    SCORES,
    changed_files,
    digests_of,
    lines_of,
    read_metrics,
    read_sound_metrics,
)
from mathbatch.scoring.marks import Marks
from mathbatch.scoring.metrics.plots import draw_breakdown

# Characters of the name of a folder in `scores/`.
MAX_NAME = 100


def kept_metrics(folder: Path, stamp: str) -> dict[str, Any] | None:
    """Return the metrics that are there, or None if they have another stamp or a file is not as it was written.

    Plots that are missing or changed are drawn again.
    """
    try:
        found = read_metrics(folder)
        known, metrics = found.content, found.values
        if not found.is_sealed or known.stamp != stamp or changed_files(folder, known, (SCORES, AUDIT)):
            return None
    except DamagedFileError:
        return None
    if changed_files(folder, known, PLOTS):
        draw_breakdown(metrics, folder)
        metrics["sha256"] = known.sha256 | digests_of(folder / name for name in PLOTS)
        write_sealed(folder / METRICS, metrics)
    return metrics


def marks_kept(folder: Path) -> Marks | None:
    """Return the marks that lie over the scores in a folder, None if there are none.

    They are in the lines of the scores. Raises DamagedFileError where these have some and are not as they were written.
    """
    if not (folder / SCORES).is_file():
        return None
    if not (folder / METRICS).is_file():
        # A scoring that was killed between its two files has left whole lines.
        file, sha256 = "", None
    else:
        known = read_metrics(folder).content
        if known.marks is None:
            return None
        read_sound_metrics(folder)
        file, sha256 = known.marks.file, known.marks.sha256
    marked = {(line.id, line.rollout): line.mark for line in lines_of(folder) if line.mark is not None}
    return Marks(marked, file, sha256) if marked or file else None


def keep_earlier(folder: Path, scorer: dict[str, Any], marks: Marks | None = None) -> None:
    """Copy existing scores into `scores/` if other scorers made them, if the gold answers were others, or the marks.

    Scores that are not as they were written prove nothing, and are not kept; nor are changed plots beside sound scores.
    """
    try:
        found = read_sound_metrics(folder)
    except DamagedFileError:
        return
    earlier_marks = None if found.content.marks is None else marks_kept(folder)
    has_other_marks = earlier_marks is not None and (marks is None or marks.digest != earlier_marks.digest)
    if found.values["scorer"] == scorer and not has_other_marks:
        return
    earlier = found.content.scorer
    names = "-".join(earlier.scorers or ["unknown"])
    marked = "" if earlier_marks is None else f"-marked-{earlier_marks.digest}"
    kept = folder / EARLIER / (_file_name(f"{names}-{earlier.identity}-{earlier.golds}") + marked)
    changed = changed_files(folder, found.content) if found.is_sealed else []
    try:
        kept.mkdir(parents=True, exist_ok=True)
        for name in (METRICS, *BESIDE_METRICS):
            if name in changed:
                (kept / name).unlink(missing_ok=True)
            elif (folder / name).is_file():
                shutil.copy2(folder / name, kept / name)
    except OSError as error:
        raise disk_error(kept, error) from error
    if changed:
        sound = {name: digest for name, digest in found.content.sha256.items() if name not in changed}
        write_sealed(kept / METRICS, found.values | {"sha256": sound})


def _file_name(text: str) -> str:
    """Return a text as a name in a folder: scorers may have any name, and earlier versions had no checksum."""
    return re.sub(r"[^\w.-]+", "-", text)[:MAX_NAME]
