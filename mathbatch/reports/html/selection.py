"""Choose the rows of a run for its page: all, or of very many those that one looks for and a sample of the rest.

A row is in the sample by a digest of its id, so that it is so in every run over the same rows, and in every report.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mathbatch.reports.html.rows import ReportRow
from mathbatch.reports.html.scored_lines import Line, doubts_in, lines_in
from mathbatch.runner.components import Components
from mathbatch.scoring.files import SCORES

# Rows of a page: what a browser holds, with the index of all of them, on a small machine.
MOST_ROWS = 100_000
SEED = b"rows of a report"
# Kinds of rows that one looks for, and those of the others. A row is of the first kind that fits.
DOUBTFUL, REST = "in the audit list", "correct"
NAMES = {"no_answer": "without an answer", "cut": "cut at the token limit", DOUBTFUL: "in the audit list"}


@dataclass
class Selection:
    """Share of the rows of each kind that is in the page; a kind that is not named is there in full."""

    shares: dict[str, float] = field(default_factory=dict)

    def takes(self, found: ReportRow) -> bool:
        """Tell whether a row is in the page."""
        if not self.shares:
            return True
        share = self.shares.get(kind_of(found), 1.0)
        return share >= 1.0 or _place(found.row.id) < share

    def sentence(self, included: int, rows: int) -> str | None:
        """Return what to say about the rows that are not in the page."""
        if not self.shares:
            return None
        parts = [
            f"{100 * share:.3g} % of those that are {NAMES.get(kind, kind)}" for kind, share in self.shares.items()
        ]
        whole = "wrong, failed, cut or in the audit list"
        others = f"all rows that are {whole}, and " if list(self.shares) == [REST] else "a sample of each kind: "
        return f"{included:,} of {rows:,} rows are shown: {others}{', '.join(parts)}, chosen by their ids"


def kind_of(found: ReportRow) -> str:
    """Return the kind of a row: doubtful, a verdict other than correct, cut, or correct."""
    if found.doubts:
        return DOUBTFUL
    if found.problem or any(record is not None and record.failure is not None for record in found.records):
        return "failed"
    verdicts = {str(line.verdict) for line in found.lines if line is not None}
    if any(record is not None and record.truncated for record in found.records) and verdicts <= {"correct"}:
        return "cut"
    return _kind_of_verdicts(verdicts)


def selection_of(components: Components, scores: Path | None, truncated: int, most: int) -> Selection:
    """Return how to choose at most about `most` rows. `scores` is the folder of the scores, None without any.

    `truncated` is the number of answers that were cut and are correct, or are not judged.
    """
    saver = components.saver
    units = None if saver.answered is None or saver.failures is None else saver.answered + saver.failures
    counted = components.loader.count()
    if min(number for number in (units, counted, most + 1) if number is not None) <= most:
        return Selection()
    counts = Counter({REST: units or 0}) if scores is None else _kinds_in(scores)
    moved = min(truncated, counts[REST])
    counts[REST] -= moved
    counts["cut"] += moved
    return Selection(_shares(+counts, most))


def _kinds_in(scores: Path) -> Counter[str]:
    """Count the rows of each kind by their lines in `scores.jsonl`, where all rollouts of a row stand together."""
    doubtful, counts = doubts_in(scores), Counter[str]()
    id, verdicts = None, set[str]()
    for line in lines_in(scores / SCORES, Line):
        if line.id != id:
            counts[DOUBTFUL if id in doubtful else _kind_of_verdicts(verdicts)] += id is not None
            id, verdicts = line.id, set()
        verdicts.add(line.verdict)
    counts[DOUBTFUL if id in doubtful else _kind_of_verdicts(verdicts)] += id is not None
    return counts


def _kind_of_verdicts(verdicts: set[str]) -> str:
    return next((verdict for verdict in ("failed", "unscored", "no_answer", "wrong") if verdict in verdicts), REST)


def _shares(counts: Counter[str], most: int) -> dict[str, float]:
    """Return the share of each kind of which not all rows are taken.

    What one looks for goes before the rest. Where that alone is too much, every kind gets as many rows as the others,
    those of small kinds in full.
    """
    special = counts.total() - counts[REST]
    if special <= most:
        return {REST: (most - special) / counts[REST]} if counts[REST] > most - special else {}
    shares, left = dict[str, float](), most
    kinds = sorted(counts, key=lambda kind: counts[kind])
    for number, kind in enumerate(kinds):
        room = left // (len(kinds) - number)
        if counts[kind] > room:
            shares[kind] = room / counts[kind]
        left -= min(counts[kind], room)
    return shares


def _place(id: str) -> float:
    """Return a number from 0 to 1 that an id always has."""
    digest = hashlib.blake2b(id.encode(errors="replace"), digest_size=8, key=SEED).digest()
    return int.from_bytes(digest) / 2**64


def cut_and_right(metrics: dict[str, Any] | None, manifest: dict[str, Any]) -> int:
    """Return how many answers were cut and yet are correct, or are not judged."""
    if metrics is None:
        return int(manifest.get("truncated", 0))
    return int(metrics.get("truncated", {}).get("correct", 0))
