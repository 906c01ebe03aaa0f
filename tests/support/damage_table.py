"""Count damages by what came of them: `python -m support.damage_table report.jsonl`."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

OUTCOMES = ("noticed", "harmless", "fault")


def table(trials: Iterable[tuple[str, str]]) -> str:
    """Return how often each outcome was, for each label of the pairs (label, outcome) and in all."""
    counts: Counter[tuple[str, str]] = Counter()
    for label, outcome in trials:
        counts[label, outcome] += 1
        counts["all", outcome] += 1
    labels = sorted({label for label, _ in counts} - {"all"})
    width = max(map(len, labels), default=3)
    lines = [f"{'':{width}}" + "".join(f"{outcome:>10}" for outcome in OUTCOMES)]
    for label in [*labels, "all"]:
        lines.append(f"{label:{width}}" + "".join(f"{counts[label, outcome]:>10}" for outcome in OUTCOMES))
    return "\n".join(lines)


def main() -> None:
    """Print what came of the damages in a report: by kind of file, kind of damage and kind of folder."""
    trials = [json.loads(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
    for name in ("kind_of_file", "kind", "folder"):
        print(f"{name}\n{table((trial[name], trial['outcome']) for trial in trials)}\n")


if __name__ == "__main__":
    main()
