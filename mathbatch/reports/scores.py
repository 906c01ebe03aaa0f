"""Scores as tables on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from mathbatch.reports.terminal import show

SHOWN_LABELS = 12
"""Of one metadata field, those with the most rows; all stand in metrics.json."""
SHOWN_REASONS, SHOWN_IDS = 3, 5
"""Of golds that can't be used."""


def accuracy_text(metrics: dict[str, Any]) -> str:
    """`83.7% (74.9 to 89.8) of 92 judged`."""
    if metrics["accuracy"] is None:
        return "nothing is judged"
    return f"{percent(metrics)} {interval(metrics)} of {metrics['judged']:,} judged"


def percent(cell: dict[str, Any]) -> str:
    return f"{cell['accuracy']:.1%}"


def interval(cell: dict[str, Any]) -> str:
    low, high = cell["interval"]
    return f"({100 * low:.1f} to {100 * high:.1f})"


def verdicts_text(metrics: dict[str, Any]) -> str:
    """`77 correct, 12 wrong, 3 no answer; 2 unscored`."""
    counts = metrics["verdicts"]
    told = {name: f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items()}
    inside = [told[name] for name in ("correct", "wrong", "no_answer") if name in told]
    outside = [told[name] for name in ("unscored", "failed") if name in told]
    return "; ".join(filter(None, [", ".join(inside), ", ".join(outside)]))


def facts_of(metrics: dict[str, Any], limit: str = "") -> list[tuple[str, str]]:
    """Name and value of everything beside the breakdown that is worth a line. `limit`: at what responses were cut."""
    facts = [("accuracy", accuracy_text(metrics)), ("verdicts", verdicts_text(metrics))]
    if metrics.get("unusable_golds", {}).get("rows"):
        facts.append(("gold unusable", _unusable(metrics["unusable_golds"])))
    if metrics["truncated"]:
        cut, lost = sum(metrics["truncated"].values()), metrics["truncated"].get("no_answer", 0)
        facts.append(("truncated", f"{cut:,}{limit}, {lost:,} of them without an answer"))
    if "judged_rollouts" in metrics:
        least, most = metrics["judged_rollouts"]
        facts.append(("rollouts", f"{least:,} to {most:,} judged: accuracy is over responses, pass@k over samples"))
    for name, title in (("pass_at_k", "pass@k"), ("majority_at_k", "maj@k")):
        if name in metrics:
            values = (f"{k}: {_at_k(entry, metrics['samples'])}" for k, entry in metrics[name].items())
            facts.append((title, "   ".join(values)))
    if "worst_case" in metrics:
        facts.append(("worst case", _worst_case(metrics["worst_case"])))
    for name, ways in metrics.get("four_ways", {}).items():
        counts = ", ".join(f"{way} {ways[way]}" for way in ("CM", "IG", "IK", "RM"))
        facts.append((f"score, {name}", f"{ways['score']:.1%} of {ways['problems']} problems: {counts}"))
    if metrics.get("answers_without_row"):
        facts.append(("left over", f"{metrics['answers_without_row']:,} answers belong to no row"))
    if metrics.get("further_answers"):
        facts.append(("left over", left_over_text(metrics["further_answers"])))
    if metrics.get("ids_with_several_answers"):
        count = metrics["ids_with_several_answers"]
        facts.append(("several answers", f"{count:,} ids are on several lines, which are taken as rollouts"))
    for name, count in metrics.get("unscored_votes", {}).items():
        facts.append((name, f"{count:,} of {metrics['votes'][name]:,} without a verdict"))
    if metrics["suspects"]:
        facts.append(("to look at", f"{metrics['suspects']:,} verdicts, worst first in audit.jsonl"))
    return facts


def _unusable(golds: dict[str, Any]) -> str:
    """`3 rows`, and a line for each reason: `2: the gold answer can't be read as mathematics (ids 4, 7)`."""
    lines = [f"{golds['rows']:,} rows" if golds["rows"] > 1 else "1 row"]
    for reason, told in list(golds["reasons"].items())[:SHOWN_REASONS]:
        more = ", …" if told["rows"] > SHOWN_IDS else ""
        ids = ", ".join(told["ids"][:SHOWN_IDS]) + more
        lines.append(f"{told['rows']:,}: {reason} ({'ids' if told['rows'] > 1 else 'id'} {ids})")
    return escape("\n".join(lines))


def left_over_text(count: int) -> str:
    """Of answers that lie in a folder, and that results and scores are not made of."""
    return f"{count:,} further answers lie here, of rows or rollouts that are not among these"


def _at_k(entry: dict[str, Any], samples: int) -> str:
    """`74.0% (of 57 samples)`: not all have so many judged rollouts."""
    return f"{entry['value']:.1%}" + (f" (of {entry['samples']:,} samples)" if entry["samples"] < samples else "")


def _worst_case(worst: dict[str, Any]) -> str:
    """`40.0% (11.8 to 76.9) of 5 groups all correct; 2 left out, with failed or unscored answers`."""
    told = f"{percent(worst)} {interval(worst)} of " if worst["groups"] else ""
    left_out = f"; {worst['incomplete']:,} left out, with failed or unscored answers" if worst["incomplete"] else ""
    return f"{told}{worst['groups']:,} groups{' all correct' if told else ''}{left_out}"


def show_scores(title: str, metrics: dict[str, Any], folder: Path) -> None:
    """The facts, and where they lie."""
    table = Table(show_header=False, title=escape(title), title_justify="left")
    for name, value in facts_of(metrics):
        table.add_row(name, value)
    table.add_row("folder", escape(str(folder)))
    show([table])
    show_details(metrics)


def show_details(metrics: dict[str, Any]) -> None:
    """Accuracy by label, and why responses are unscored."""
    tables = [_by_label(field, cells) for field, cells in metrics["breakdown"].items() if len(cells) > 1]
    show(tables, (f"  unscored, {count:,}: {reason}" for reason, count in list(metrics["unscored"].items())[:5]))


def _by_label(field: str, cells: dict[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(escape(field), overflow="fold", min_width=24)
    for name in ("accuracy", "95 % interval", "judged"):
        table.add_column(name, justify="right", no_wrap=True)
    for label, cell in list(cells.items())[:SHOWN_LABELS]:
        shown = (percent(cell), interval(cell)) if cell["accuracy"] is not None else ("", "")
        table.add_row(escape(label), *shown, f"{cell['judged']:,}")
    if len(cells) > SHOWN_LABELS:
        table.add_row(f"… {len(cells) - SHOWN_LABELS} more in metrics.json", "", "", "")
    return table
