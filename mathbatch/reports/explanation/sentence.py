"""Say in one sentence whether two runs differ by more than chance, and what can have made it."""

from __future__ import annotations

from mathbatch.reports.explanation.explanation import Difference, Explanation
from mathbatch.reports.explanation.words import sides
from mathbatch.scoring.metrics.comparison import Comparison, why_undecided

# Causes that are named; the table has all of them.
NAMED = 3
# Settings whose effect is in what was asked, so that rows tell it better.
OF_ROWS = ("dataset.", "system_prompt", "loader.", "processor.")
EDGE = 0.05


def sentence_of(found: Explanation, compared: Comparison) -> str:
    """Return the conclusion: a change, noise, or what these samples can't tell."""
    return f"{verdict_of(compared)}; {_causes(found)}."


def verdict_of(found: Comparison) -> str:
    """Return whether two runs differ by more than chance, with the numbers that say so."""
    points = f"{abs(100 * found.difference):.1f} points"
    undecided = why_undecided(found)
    if undecided is not None:
        return f"these samples can't tell a change from noise: {undecided}"
    assert found.interval is not None
    low, high = (100 * bound for bound in found.interval)
    tested = f"95 %: {low:+.1f} to {high:+.1f}; McNemar p = {found.p:.3g}"
    if found.interval.low <= 0 <= found.interval.high:
        return f"{points} are within the noise: the interval includes 0 ({tested})"
    better = "first" if found.difference > 0 else "second"
    # With rollouts or groups, McNemar's test knows neither how many of a sample are right nor what belongs together.
    if found.p >= EDGE and not found.has_rollouts and not found.has_groups:
        return f"the {better} is better by {points}, which is on the edge of noise ({tested})"
    return f"the {better} is better by {points}, a change and no noise ({tested})"


def _causes(found: Explanation) -> str:
    """Return what can have changed answers or verdicts, the rows that it concerns first."""
    causes = [one for one in found.differences if one.changes != "nothing"]
    if not found.unseen or any(one.what == "prompt" for one in causes):
        causes = [one for one in causes if one.what != "setting" or not one.key.startswith(OF_ROWS)]
    if not causes and found.unknown:
        return "nothing is known to differ, but not everything is known"
    if not causes:
        chance = ", so that what flipped is chance" if found.effect.flipped else ""
        return f"nothing differs that could change an answer or a verdict{chance}"
    named = [_named(one, found.effect.rows) for one in causes[:NAMED]]
    if len(causes) > NAMED:
        named.append(f"{len(causes) - NAMED} more")
    flips = ""
    if found.changed is not None and found.same is not None:
        flips = (
            f"; {found.changed.flipped:,} of {found.changed.rows:,} rows that changed have flipped, "
            f"{found.same.flipped:,} of {found.same.rows:,} that were the same"
        )
    return f"the two differ in {', '.join(named)}{flips}"


def _named(one: Difference, pairs: int) -> str:
    where = ""
    if one.rows is not None:
        where = f" in all {pairs:,} rows" if one.rows == pairs else f" in {one.rows:,} of {pairs:,} rows"
    if one.what in ("chat template", "checkpoint"):
        return f"the {one.what}"
    first, second = sides(one)[0]
    key = f"the {one.key} prompt" if one.what == "prompt" else f"the {one.key}" if one.rows is not None else one.key
    return f"{key} ({first} → {second}{where})"
