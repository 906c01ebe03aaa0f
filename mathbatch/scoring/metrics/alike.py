"""Whether two scored runs can be compared at all: over the same samples, with the same golds, by the same scorers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from mathbatch.errors import ConfigError
from mathbatch.scoring.files import METRICS

TOO_MANY = 0.25
"""This share of different golds are no corrections: letters of two datasets agree by chance on a quarter to a half."""
SHOWN_GOLDS = 5
MAX_GOLD = 40


@dataclass
class OtherGolds:
    """The pairs whose gold answers differ: how many, and the first ones as `17 (A, B)`."""

    pairs: int = 0
    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, id: str, ours: str | None, theirs: str | None) -> None:
        self.pairs += 1
        if (ours or "").strip() == (theirs or "").strip():
            return
        self.count += 1
        if self.count <= SHOWN_GOLDS:
            self.first.append(f"{id} ({(ours or '')[:MAX_GOLD]}, {(theirs or '')[:MAX_GOLD]})")

    def refuse_too_many(self) -> None:
        """Raises ConfigError for two datasets whose ids happen to be the same."""
        if self.count > TOO_MANY * self.pairs:
            raise ConfigError(
                "other",
                f"{self.count:,} of {self.pairs:,} samples have another gold answer there: {', '.join(self.first)}",
                "name two runs over one dataset; where they are, score both with the same golds: "
                "python -m mathbatch.score run_dir=… dataset.input=…",
            )

    def note(self) -> Iterable[str]:
        if self.count:
            yield (
                f"CAUTION: the two have different gold answers for {self.count:,} of {self.pairs:,} samples: "
                f"{', '.join(self.first)}{', …' if self.count > SHOWN_GOLDS else ''}"
            )


def scorer_notes(first: Path, second: Path) -> Iterable[str]:
    """What differs in how the two were scored, and what makes them alike."""
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


def _again(how: str, which: str = "") -> str:
    return f"score {which}again: {f'python -m mathbatch.score run_dir=… {how}'.strip()}"


def _scorer_of(folder: Path) -> dict[str, Any]:
    path = folder / METRICS
    scorer: dict[str, Any] = msgspec.json.decode(path.read_bytes())["scorer"] if path.is_file() else {}
    return scorer
