"""What a look at data found: kinds of things, how many of each, and the first examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.markup import escape
from rich.table import Table

from mathbatch.reports.terminal import show

EXAMPLES = 5
MAX_EXAMPLE = 200


@dataclass
class Finding:
    """One kind of thing found: how many, the first examples, and whether something is wrong because of it."""

    name: str
    meaning: str
    amiss: bool
    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, example: str) -> None:
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(example if len(example) <= MAX_EXAMPLE else f"{example[:MAX_EXAMPLE]}…")


def show_findings(title: str, findings: Sequence[Finding], always_examples: Sequence[Finding] = ()) -> None:
    """A table of what was found at all, with the first examples of what is amiss."""
    table = Table("", "count", "what it means", "first ones", title=escape(title), title_justify="left")
    for finding in findings:
        if finding.count:
            shown = finding.examples if finding.amiss or finding in always_examples else []
            table.add_row(finding.name, f"{finding.count:,}", finding.meaning, escape("\n".join(shown)))
    show([table])
