"""Collect and show what a command found in data: kinds of findings, their numbers and first examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.table import Table

from mathbatch.reports.terminal import show

# Examples that are kept of each kind of finding, and characters of one.
EXAMPLES = 5
MAX_EXAMPLE = 200


@dataclass
class Finding:
    """One kind of finding: its number and first examples. `amiss` tells whether it means that something is wrong."""

    name: str
    meaning: str
    amiss: bool
    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, example: str) -> None:
        """Count one finding of this kind, and keep its example if it is among the first."""
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(example if len(example) <= MAX_EXAMPLE else f"{example[:MAX_EXAMPLE]}…")


def show_findings(title: str, findings: Sequence[Finding], always_examples: Sequence[Finding] = ()) -> None:
    """Show a table of the kinds that were found, with examples of those that are amiss or in `always_examples`."""
    table = Table("", "count", "what it means", "first ones", title=title, title_justify="left")
    for finding in findings:
        if finding.count:
            shown = finding.examples if finding.amiss or finding in always_examples else []
            table.add_row(finding.name, f"{finding.count:,}", finding.meaning, "\n".join(shown))
    show([table])
