"""Check that two scored runs can be compared: the same samples, the same gold answers, the same scorers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mathbatch.data.storage.sealed import DamagedFileError
from mathbatch.errors import ConfigError
from mathbatch.scoring.files import SCORES, read_metrics, read_sound_metrics

# Share of samples with different gold answers above which the two runs must be over different datasets. Corrections
# change fewer; the letters of two multiple-choice datasets agree by chance on only a quarter to a half.
MAX_DIFFERENT_SHARE = 0.25
SHOWN_GOLDS = 5
# Characters of a gold answer that are shown.
MAX_GOLD = 40


@dataclass
class GoldDifferences:
    """Counts the samples whose gold answers differ between two runs, and keeps the first ones as `17 (A, B)`."""

    pairs: int = 0
    different: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, id: str, ours: str | None, theirs: str | None) -> None:
        """Count one sample, with its gold answers in the first run and in the second."""
        self.pairs += 1
        if (ours or "").strip() == (theirs or "").strip():
            return
        self.different += 1
        if self.different <= SHOWN_GOLDS:
            self.first.append(f"{id} ({(ours or '')[:MAX_GOLD]}, {(theirs or '')[:MAX_GOLD]})")

    def refuse_too_many(self) -> None:
        """Raise ConfigError if so many differ that the runs must be over two datasets whose ids happen to be equal."""
        if self.different > MAX_DIFFERENT_SHARE * self.pairs:
            raise ConfigError(
                "other",
                f"{self.different:,} of {self.pairs:,} samples have another gold answer there: {', '.join(self.first)}",
                "name two runs over one dataset; where they are, score both with the same golds: "
                "python -m mathbatch.score run_dir=… dataset.input=…",
            )

    def note(self) -> Iterable[str]:
        """Yield a warning if gold answers differ."""
        if self.different:
            yield (
                f"CAUTION: the two have different gold answers for {self.different:,} of {self.pairs:,} samples: "
                f"{', '.join(self.first)}{', …' if self.different > SHOWN_GOLDS else ''}"
            )


def refuse_damaged(folder: Path, key: str) -> None:
    """Raise ConfigError, with `key` as its path, for a folder whose scores are missing or not as they were written."""
    if not (folder / SCORES).is_file():
        raise ConfigError(key, f"{folder} has no {SCORES}", "python -m mathbatch.score run_dir=… makes it")
    try:
        read_sound_metrics(folder)
    except DamagedFileError as error:
        fix = "score it again: the same run does, and so does python -m mathbatch.score"
        raise ConfigError(key, str(error), fix) from error


def scorer_notes(first: Path, second: Path) -> Iterable[str]:
    """Yield how the scoring of two folders differs, and what would make it the same."""
    ours, theirs = _scorer_of(first), _scorer_of(second)
    if ours.get("identity") == theirs.get("identity"):
        return
    named = [f"{' and '.join(map(str, scorer.get('scorers') or ['unknown']))}" for scorer in (ours, theirs)]
    if named[0] != named[1]:
        yield f"the two were scored by different scorers, {named[0]} and {named[1]}: {_again('dataset.scoring=…')}"
    elif ours.get("judge") != theirs.get("judge"):
        yield f"the two had different judges: {_again('model@judge.model=…')}"
    elif ours.get("settings") != theirs.get("settings"):
        yield f"the scorers of the two had different settings: {_again('dataset.scoring=…')}"
    elif ours.get("versions") != theirs.get("versions"):
        yield f"the two were scored by different versions of the scorers: {_again('', 'both ')}"
    else:
        yield "their golds or choices come from different fields: see dataset.answer_field, choices_field and columns"


def mark_notes(first: Path, second: Path, with_marks: bool) -> Iterable[str]:
    """Yield how many marks of a person lie over the scores of two folders, and whether they count here."""
    for folder in (first, second):
        marks = read_metrics(folder).content.marks
        if marks is not None:
            told = "they count here" if with_marks else "they don't count here: marks=true counts them"
            yield f"{folder} has {marks.count:,} marks of a person ({marks.file or 'a file'}); {told}"


def _again(arguments: str, which: str = "") -> str:
    return f"score {which}again: {f'python -m mathbatch.score run_dir=… {arguments}'.strip()}"


def _scorer_of(folder: Path) -> dict[str, Any]:
    scorer: dict[str, Any] = read_metrics(folder).values["scorer"]
    return scorer
