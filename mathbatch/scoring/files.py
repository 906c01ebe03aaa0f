"""Name the files in a folder of scores, and read them again if they are as they were written.

`metrics.json` ends in its own checksum and holds the digests of the files beside it, as `sha256sum` prints them:

    "sha256": {"scores.jsonl": "9f86d0…", "audit.jsonl": "e3b0c4…", "accuracy.png": …, "results.jsonl": …}, "crc": …

Earlier versions wrote neither. Their lines can only be counted, and the counts compared.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from mathbatch.data.storage.sealed import UNREADABLE, DamagedFileError, Sealed, read_sealed, sha256_of, write_sealed
from mathbatch.data.storage.spilled import SpilledMap
from mathbatch.scoring.marks import Mark

SCORES, METRICS, AUDIT, MANIFEST = "scores.jsonl", "metrics.json", "audit.jsonl", "manifest.json"
PLOTS = ("accuracy.png", "accuracy.svg")
# Files whose digests are in `metrics.json`.
BESIDE_METRICS = (SCORES, AUDIT, *PLOTS)
# Folder for earlier scores, which other scorers made or which were made against other gold answers.
EARLIER = "scores"

Verdict = Literal["correct", "wrong", "no_answer", "unscored", "failed"]
Count = Annotated[int, msgspec.Meta(ge=0)]


class ScoreLine(msgspec.Struct):
    """Fields of a line of `scores.jsonl` that are read again; the line itself has more."""

    id: str
    verdict: Verdict
    rollout: Count = 0
    answer: str | None = None
    gold: str | None = None
    group: str | None = None
    # Of a person, beside the scorers' verdict.
    mark: Mark | None = None

    @property
    def is_judged(self) -> bool:
        """Tell whether it counts for the accuracy."""
        return self.verdict in ("correct", "wrong", "no_answer")


class Scorer(msgspec.Struct):
    """Part of `metrics.json` that says who made the scores: names, and digests of all that decides them."""

    identity: str | None = None
    scorers: list[str] = []
    settings: Any = None
    versions: Any = None
    judge: str | None = None
    golds: str | None = None


class KeptMarks(msgspec.Struct):
    """Part of `metrics.json` about the marks of a person: how many there are, and the file that they come from."""

    count: Count = 0
    file: str = ""
    sha256: str | None = None


class KeptMetrics(msgspec.Struct):
    """Members of `metrics.json` by which it is told whether the files fit together."""

    scorer: Scorer
    accuracy: float | msgspec.UnsetType | None = msgspec.UNSET
    correct: Count | msgspec.UnsetType = msgspec.UNSET
    judged: Count | msgspec.UnsetType = msgspec.UNSET
    verdicts: dict[Verdict, Count] | msgspec.UnsetType = msgspec.UNSET
    samples: Count | msgspec.UnsetType = msgspec.UNSET
    stamp: str = ""
    marks: KeptMarks | None = None
    sha256: dict[str, str] = {}


class KeptManifest(msgspec.Struct):
    """Member of `manifest.json` that names the results of the run, if it was scored."""

    results_sha256: str | None = None


def write_metrics(folder: Path, metrics: dict[str, Any], results: Path | None = None) -> dict[str, Any]:
    """Write and return the metrics, with the digests of the files beside them and of the results that were scored."""
    digests = digests_of([*(folder / name for name in BESIDE_METRICS), *([] if results is None else [results])])
    metrics = metrics | {"sha256": digests}
    write_sealed(folder / METRICS, metrics)
    return metrics


def digests_of(paths: Iterable[Path]) -> dict[str, str]:
    """Return the digests of the files that are there, by name."""
    return {path.name: digest for path in paths if (digest := sha256_of(path)) is not None}


def read_metrics(folder: Path) -> Sealed[KeptMetrics]:
    """Return the metrics in a folder. Raises DamagedFileError if they are missing or not as they were written."""
    found = read_sealed(folder / METRICS, KeptMetrics)
    if found.content.sha256 and not found.is_sealed:
        raise DamagedFileError(f"{folder / METRICS} was changed: its checksum is gone")
    return found


def changed_files(folder: Path, known: KeptMetrics, names: Iterable[str] = BESIDE_METRICS) -> list[str]:
    """Return the names of the files that are missing, too many, or not as they were when `metrics.json` was written."""
    return [name for name in names if sha256_of(folder / name) != known.sha256.get(name)]


def read_sound_metrics(folder: Path) -> Sealed[KeptMetrics]:
    """Return the metrics in a folder.

    Raises DamagedFileError if they or the scores are not as they were written, or are of other results than the run's.
    """
    path, found = folder / SCORES, read_metrics(folder)
    if not found.is_sealed:
        _count(folder, found.content)
    elif changed_files(folder, found.content, [SCORES]):
        for _ in lines_of(folder):  # a line that can't be read is named
            pass
        raise DamagedFileError(f"{path} was changed: its SHA-256 is not the one in {METRICS}")
    _refuse_other_results(folder, found.content)
    return found


def _refuse_other_results(folder: Path, known: KeptMetrics) -> None:
    """Raise DamagedFileError where the manifest says that the run has other results than those that were scored."""
    try:
        results = read_sealed(folder / MANIFEST, KeptManifest).content.results_sha256
    except DamagedFileError:  # there is none for answers from elsewhere; and verify looks at it
        return
    if results is not None and results not in known.sha256.values():
        raise DamagedFileError(f"{folder / METRICS} is of other results than those in {MANIFEST}")


def lines_of(folder: Path) -> Iterator[ScoreLine]:
    """Yield the lines of the scores in a folder. Raises DamagedFileError for one that can't be read."""
    path, decode = folder / SCORES, msgspec.json.Decoder(ScoreLine).decode
    if not path.is_file():
        raise DamagedFileError(f"there is no {path}")
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                yield decode(line)
            except UNREADABLE as error:
                raise DamagedFileError(f"{path}, line {number}: {error}") from error


def _count(folder: Path, known: KeptMetrics) -> None:
    """Raise DamagedFileError if the counts of the lines are not those in the metrics, as far as these have them."""
    path, verdicts = folder / SCORES, Counter[str]()
    samples = 0
    with contextlib.closing(SpilledMap()) as units:
        for number, line in enumerate(lines_of(folder), 1):
            key = hash((line.id, line.rollout))
            if units.get(key) is not None:
                raise DamagedFileError(f"{path}, line {number}: a second verdict on {line.id}, rollout {line.rollout}")
            units.add(key, number)
            samples += line.rollout == 0
            verdicts[line.verdict] += 1
    correct, judged = verdicts["correct"], sum(verdicts[name] for name in ("correct", "wrong", "no_answer"))
    counted = {
        "verdicts": dict(verdicts),
        "samples": samples,
        "correct": correct,
        "judged": judged,
        "accuracy": correct / judged if judged else None,
    }
    for name, value in counted.items():
        told = getattr(known, name)
        if told is not msgspec.UNSET and told != value:
            raise DamagedFileError(f"{path} does not fit {METRICS}: {name} is {told} there, and {value} by the lines")
