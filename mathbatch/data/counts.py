"""Count the units and tokens of a job, of a run folder or of a whole sweep: the one class that does."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from mathbatch.records import Record

REASONS_KEPT = 5


@dataclass
class Counts:
    """Units and tokens. Earlier runs answered `before`; `failed` includes failures that are not tried again."""

    total: int | None = None
    before: int = 0
    answered: int = 0
    failed: int = 0
    truncated: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0
    in_flight: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    reasons: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Return how many units have a record."""
        return self.before + self.answered + self.failed

    @property
    def share(self) -> str:
        """Return how much is done: `31%`, or a count where the whole is not known."""
        return f"{self.done}" if not self.total else f"{100 * self.done // self.total}%"

    def add(self, record: Record) -> None:
        """Count a record."""
        if record.failure is not None:
            self.add_failure(record.id, record.failure.kind, record.failure.message)
            return
        self.answered += 1
        self.truncated += record.truncated
        self.prompt_tokens += record.prompt_tokens or 0
        self.output_tokens += record.output_tokens or 0

    def add_failure(self, id: str, kind: str, message: str) -> None:
        """Count a failure, and keep the first reasons."""
        self.failed += 1
        self.kinds[kind] += 1
        if len(self.reasons) < REASONS_KEPT:
            self.reasons.append(f"{id}: {kind}: {message}")
