"""Count the lengths of answers by verdict, and make a histogram of them."""

from __future__ import annotations

from collections import Counter, defaultdict

from mathbatch.records import Record
from mathbatch.reports.html.payload import Histogram

# Bins that a histogram has about.
BINS = 24
# Sizes of a bin that read well, times a power of ten.
STEPS = (1, 2, 5)


class Lengths:
    """Numbers of answers by output tokens and verdict: as many numbers as there are different lengths."""

    def __init__(self) -> None:
        self._counts: defaultdict[str, Counter[int]] = defaultdict(Counter)

    def add(self, record: Record, verdict: str | None) -> None:
        """Count one answer, if its length is known."""
        if record.output_tokens is None:
            return
        self._counts[verdict or "not judged"][record.output_tokens] += 1
        if record.truncated:
            self._counts["truncated"][record.output_tokens] += 1

    def histogram(self) -> Histogram | None:
        """Return the histogram, None where no length is known."""
        longest = max((max(counts) for counts in self._counts.values()), default=None)
        if longest is None:
            return None
        step = _step(longest + 1)
        edges = list(range(0, longest + step + 1, step))
        return Histogram(edges, {name: _binned(counts, step, len(edges) - 1) for name, counts in self._counts.items()})


def _step(longest: int) -> int:
    """Return the size of a bin, such that there are BINS of them at most."""
    power = 1
    while True:
        for step in STEPS:
            if step * power * BINS >= longest:
                return step * power
        power *= 10


def _binned(counts: Counter[int], step: int, bins: int) -> list[int]:
    found = [0] * bins
    for tokens, count in counts.items():
        found[tokens // step] += count
    return found
