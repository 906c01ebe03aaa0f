"""Show an explanation on the terminal: what differs, what flipped among the rows that changed, and what follows."""

from __future__ import annotations

from rich import box
from rich.table import Table

from mathbatch.reports.explanation.explanation import Effect, Explanation
from mathbatch.reports.explanation.words import sides
from mathbatch.reports.terminal import show

TITLES = {"answers": "can change answers", "verdicts": "can change verdicts", "nothing": "can change neither"}


def show_explanation(found: Explanation) -> None:
    """Show two tables and the conclusion, and below it what isn't known."""
    lines = [f"  {found.sentence[:1].upper()}{found.sentence[1:]}"]
    lines += [f"  not known: {problem}" for problem in found.unknown]
    show([_differences_table(found), _effects_table(found)], lines)


def _differences_table(found: Explanation) -> Table:
    table = Table("what differs", "", "first", "second", "rows", box=box.SIMPLE_HEAD)
    for changes, title in TITLES.items():
        own = [one for one in found.differences if one.changes == changes]
        if own:
            table.add_row(title)
        for one in own:
            rows = "" if one.rows is None else f"{one.rows:,} of {found.effect.rows:,}"
            for at, (first, second) in enumerate(sides(one)):
                table.add_row(*((f"  {one.what}", one.key) if at == 0 else ("", "")), first, second, rows)
                rows = ""
    if not found.differences:
        table.add_row("nothing that is known")
    return table


def _effects_table(found: Explanation) -> Table:
    table = Table("rows", "judged in both", "flipped", "only first right", "only second right", box=box.SIMPLE_HEAD)
    for name in ("difference, 95 %", "McNemar p"):
        table.add_column(name, justify="right")
    named = (("all", found.effect), ("changed", found.changed), ("not changed", found.same))
    for name, effect in named:
        if effect is not None:
            table.add_row(name, *_numbers(effect))
    if found.unseen:
        table.add_row("not known", f"{found.unseen:,}")
    return table


def _numbers(effect: Effect) -> list[str]:
    counts = [effect.rows, effect.flipped, effect.only_first, effect.only_second]
    interval = "–" if effect.interval is None else "{:+.1f} to {:+.1f}".format(*(100 * one for one in effect.interval))
    return [*(f"{count:,}" for count in counts), f"{100 * effect.difference:+.1f} ({interval})", f"{effect.p:.3g}"]
