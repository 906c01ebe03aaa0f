"""Show scores as tables on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from mathbatch.reports.terminal import show
from mathbatch.scoring.panel import BESIDE

# Labels of one metadata field that are shown, those with the most rows; metrics.json has all of them.
SHOWN_LABELS = 12
# Reasons why gold answers can't be used, and ids of rows for each, that are shown.
SHOWN_REASONS, SHOWN_IDS = 3, 5
# Reasons for unscored responses that are shown.
SHOWN_UNSCORED = 5
# Difference between the accuracies by `auto` and by a protocol from which on both are shown.
SHOWN_DIFFERENCE = 0.01


def accuracy_text(metrics: dict[str, Any]) -> str:
    """Return the accuracy in words: `83.7% (74.9 to 89.8) of 92 judged`."""
    if metrics["accuracy"] is None:
        return "nothing is judged"
    return f"{percent(metrics)} {interval(metrics)} of {metrics['judged']:,} judged"


def percent(facts: dict[str, Any]) -> str:
    """Return the accuracy in per cent: `83.7%`."""
    return f"{facts['accuracy']:.1%}"


def interval(facts: dict[str, Any]) -> str:
    """Return the interval of an accuracy in per cent: `(74.9 to 89.8)`."""
    low, high = facts["interval"]
    return f"({100 * low:.1f} to {100 * high:.1f})"


def verdicts_text(metrics: dict[str, Any]) -> str:
    """Return the counts of verdicts in words, judged ones first: `77 correct, 12 wrong, 3 no answer; 2 unscored`."""
    counts = metrics["verdicts"]
    texts = {name: f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items()}
    judged = [texts[name] for name in ("correct", "wrong", "no_answer") if name in texts]
    others = [texts[name] for name in ("unscored", "failed") if name in texts]
    return "; ".join(filter(None, [", ".join(judged), ", ".join(others)]))


def facts_of(metrics: dict[str, Any], limit: str = "") -> list[tuple[str, str]]:
    """Return names and values of all metrics that are shown, except the breakdown.

    `limit` is added to the number of truncated responses and says which setting cut them.
    """
    facts = [("accuracy", accuracy_text(metrics))]
    if differs_from_auto(metrics):
        facts.append(("by auto", _by_auto(metrics)))
    facts.append(("verdicts", verdicts_text(metrics)))
    if "marks" in metrics:
        facts.append(("with marks", _marks_text(metrics["marks"])))
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


def differs_from_auto(metrics: dict[str, Any]) -> bool:
    """Tell whether `auto` finds another accuracy than the benchmark's protocol, by more than a point."""
    ours, theirs = metrics["accuracy"], metrics.get(BESIDE, {}).get("accuracy")
    return ours is not None and theirs is not None and abs(ours - theirs) > SHOWN_DIFFERENCE


def _by_auto(metrics: dict[str, Any]) -> str:
    """Return the accuracy by `auto` in words, and why it is another one."""
    protocol = " and ".join(metrics["scorer"]["scorers"])
    return f"{accuracy_text(metrics[BESIDE])}\n{protocol} keeps the limits of the benchmark's protocol, auto doesn't"


def _marks_text(marks: dict[str, Any]) -> str:
    """Return the accuracy with the marks of a person in words, and whose fault these name."""
    faults = ", ".join(f"{count:,} {fault}" for fault, count in marks["faults"].items())
    told = f"{marks['count']:,} of {marks['file'] or 'a file'}" + (f": {faults}" if faults else "")
    lost = marks["of_other_answers"]
    left_out = f"\n{lost:,} are of other answers than those that are there, and don't count" if lost else ""
    return f"{accuracy_text(marks)}\n{told}; {marks['changed']:,} change a verdict{left_out}"


def _unusable(golds: dict[str, Any]) -> str:
    """Return the number of rows, and a line for each reason.

    A line is `2: the gold answer can't be read as mathematics (ids 4, 7)`.
    """
    lines = [f"{golds['rows']:,} rows" if golds["rows"] > 1 else "1 row"]
    for reason, entry in list(golds["reasons"].items())[:SHOWN_REASONS]:
        more = ", …" if entry["rows"] > SHOWN_IDS else ""
        ids = ", ".join(entry["ids"][:SHOWN_IDS]) + more
        lines.append(f"{entry['rows']:,}: {reason} ({'ids' if entry['rows'] > 1 else 'id'} {ids})")
    return "\n".join(lines)


def left_over_text(count: int) -> str:
    """Return a sentence about answers in a run folder that are not part of its results and scores."""
    return f"{count:,} further answers lie here, of rows or rollouts that are not among these"


def _at_k(entry: dict[str, Any], samples: int) -> str:
    """Return pass@k or maj@k in per cent; with the number of samples if some have fewer than k judged rollouts."""
    return f"{entry['value']:.1%}" + (f" (of {entry['samples']:,} samples)" if entry["samples"] < samples else "")


def _worst_case(worst: dict[str, Any]) -> str:
    """Return the worst case over groups in words.

    An example is `40.0% (11.8 to 76.9) of 5 groups all correct; 2 left out, with failed or unscored answers`.
    """
    share = f"{percent(worst)} {interval(worst)} of " if worst["groups"] else ""
    left_out = f"; {worst['incomplete']:,} left out, with failed or unscored answers" if worst["incomplete"] else ""
    return f"{share}{worst['groups']:,} groups{' all correct' if share else ''}{left_out}"


def show_scores(title: str, metrics: dict[str, Any], folder: Path, page: Path | str | None = None) -> None:
    """Show all metrics, the folder of the scores, and the report of them if there is one, or why it isn't written."""
    table = Table(show_header=False, title=title, title_justify="left")
    for name, value in facts_of(metrics):
        table.add_row(name, value)
    if page is not None:
        table.add_row("report", page_text(page))
    table.add_row("folder", str(folder))
    show([table])
    show_details(metrics)


def page_text(page: Path | str) -> str:
    """Return the path of a report, or why it isn't written."""
    return f"not written: {page}" if isinstance(page, str) else str(page)


def show_details(metrics: dict[str, Any]) -> None:
    """Show the accuracy by label, and the most frequent reasons why responses are unscored."""
    tables = [_label_table(field, by_label) for field, by_label in metrics["breakdown"].items() if len(by_label) > 1]
    reasons = list(metrics["unscored"].items())[:SHOWN_UNSCORED]
    show(tables, (f"  unscored, {count:,}: {reason}" for reason, count in reasons))


def _label_table(field: str, by_label: dict[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(field, overflow="fold", min_width=24)
    for name in ("accuracy", "95 % interval", "judged"):
        table.add_column(name, justify="right", no_wrap=True)
    for label, facts in list(by_label.items())[:SHOWN_LABELS]:
        shown = (percent(facts), interval(facts)) if facts["accuracy"] is not None else ("", "")
        table.add_row(label, *shown, f"{facts['judged']:,}")
    if len(by_label) > SHOWN_LABELS:
        table.add_row(f"… {len(by_label) - SHOWN_LABELS} more in metrics.json", "", "", "")
    return table
