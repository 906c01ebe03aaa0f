"""Count the answers, failures and tokens of a job, a run folder or a whole sweep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from mathbatch.records import Record

# Reports show only the first failures, so no more messages are kept.
REASONS_KEPT = 5


@dataclass
class Counts:
    """Counts of units, which are rollouts of samples, and of tokens.

    `total` is None as long as the number of units is not known. `before` counts the answers of earlier runs, `answered`
    those of this run. `failed` includes failures of earlier runs that are not tried again. `kinds` counts failures by
    kind, and `reasons` holds the messages of the first few. Cached tokens are part of those of prompts, and those of
    reasoning part of the output.
    """

    total: int | None = None
    before: int = 0
    answered: int = 0
    failed: int = 0
    truncated: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    in_flight: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    reasons: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Return the number of units with an answer or a failure."""
        return self.before + self.answered + self.failed

    @property
    def share(self) -> str:
        """Return the share of units that are done as `31%`, or their number if the total is not known."""
        return f"{self.done}" if not self.total else f"{100 * self.done // self.total}%"

    def cost(self, prices: Mapping[str, float]) -> float | None:
        """Return what the tokens cost, by the prices of a million; None where no price is known."""
        if not prices:
            return None
        whole = prices.get("input", 0.0)
        cached, fresh = self.cached_tokens, self.prompt_tokens - self.cached_tokens
        answers = self.output_tokens * prices.get("output", 0.0)
        return (fresh * whole + cached * prices.get("cached_input", whole) + answers) / 1e6

    def add(self, record: Record) -> None:
        """Count the answer or failure in a record."""
        if record.failure is not None:
            self.add_failure(record.id, record.failure.kind, record.failure.message)
            return
        self.answered += 1
        self.truncated += record.truncated
        self.prompt_tokens += record.prompt_tokens or 0
        self.output_tokens += record.output_tokens or 0
        self.cached_tokens += record.cached_tokens or 0
        self.reasoning_tokens += record.reasoning_tokens or 0

    def add_failure(self, id: str, kind: str, message: str) -> None:
        """Count a failure, and keep its message if it is among the first."""
        self.failed += 1
        self.kinds[kind] += 1
        if len(self.reasons) < REASONS_KEPT:
            self.reasons.append(f"{id}: {kind}: {message}")
