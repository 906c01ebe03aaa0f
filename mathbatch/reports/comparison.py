"""Show how two runs compare: the counts, the verdict, and the first flipped samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from mathbatch.reports.terminal import show
from mathbatch.scoring.metrics.comparison import Comparison, why_undecided

# Characters of an answer that are shown.
MAX_ANSWER = 40


def show_comparison(first: Path, second: Path, found: Comparison, flips: str) -> None:
    """Show a table of the counts and the verdict, then one of the first flipped samples.

    `flips` is where all of these are, or why they are nowhere.
    """
    table = Table(show_header=False, title=f"{first}\nagainst {second}", title_justify="left")
    only_first, only_second = found.only_first, found.only_second
    table.add_row(
        "samples", f"{found.pairs:,} judged in both" + (f", {found.left_out:,} left out" if found.left_out else "")
    )
    table.add_row("accuracy", f"{found.first:.1%} against {found.second:.1%}")
    table.add_row("difference", f"{100 * found.difference:+.1f} points ({_interval_text(found)})")
    majority = "\n(counts samples by the majority of their rollouts)" if found.has_rollouts else ""
    table.add_row(
        "only one right", f"{only_first:,} the first, {only_second:,} the second; McNemar p = {found.p:.3g}{majority}"
    )
    undecided = why_undecided(found)
    if undecided is not None:
        table.add_row("can't be told", undecided)
    table.add_row("flipped samples", flips)
    show([table], (f"  {note}" for note in found.notes))
    show([_flips_table(found.flips, found.flipped)] if found.flips else [])


def _interval_text(found: Comparison) -> str:
    """Return the interval in words: `95 %: -1.2 to +8.4, paired`."""
    if found.interval is None:
        return f"95 %: –, the same difference for every {'group' if found.has_groups else 'sample'}"
    low, high = (100 * bound for bound in found.interval)
    return f"95 %: {low:+.1f} to {high:+.1f}, paired{', clustered by group' if found.has_groups else ''}"


def _flips_table(flips: list[dict[str, Any]], flipped: int) -> Table:
    table = Table("id", "first", "second", "gold", box=box.SIMPLE_HEAD)
    for flip in flips:
        answers = (f"{flip[side]}: {flip[f'{side}_answer'] or ''}"[:MAX_ANSWER] for side in ("first", "second"))
        table.add_row(*(str(text) for text in (flip["id"], *answers, (flip["gold"] or "")[:MAX_ANSWER])))
    if flipped > len(flips):
        table.add_row(f"… {flipped - len(flips):,} more", "", "", "")
    return table
