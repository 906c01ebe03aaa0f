r"""Inequalities as the intervals that they are: `x \le -2 \text{ or } x \ge 2` is `(-\infty, -2] \cup [2, \infty)`."""

from __future__ import annotations

import re

OR_BETWEEN = re.compile(r",?\s?(?:\\text\s?\{\s?or\s?\}|\\(?:lor|vee)(?![A-Za-z])|\bor\b)\s?")
ONE_INEQUALITY = re.compile(
    r"[\s\\,;]*([A-Za-z])\s?([<>]=?|\\[lg]e?q?t?(?:slant)?(?![A-Za-z]))\s?([^<>=]{1,60}?)[\s\\,;]*"
)


def as_intervals(gold: str, answer: str) -> tuple[str, str]:
    """Both texts, and where one is a union of intervals, the other as one too."""
    if ("\\cup" in gold) == ("\\cup" in answer):
        return gold, answer
    return _as_union(gold), _as_union(answer)


def _as_union(text: str) -> str:
    """The text itself where it is not one inequality to below and one to above."""
    sides = [ONE_INEQUALITY.fullmatch(one) for one in OR_BETWEEN.split(text)]
    if len(sides) != 2 or sides[0] is None or sides[1] is None or sides[0][1] != sides[1][1]:
        return text
    below, above = sorted((sides[0], sides[1]), key=lambda side: _is_above(side[2]))
    if _is_above(below[2]) or not _is_above(above[2]):
        return text
    closing, opening = "]" if _is_closed(below[2]) else ")", "[" if _is_closed(above[2]) else "("
    return rf"(-\infty, {below[3]}{closing} \cup {opening}{above[3]}, \infty)"


def _is_above(sign: str) -> bool:
    return sign.startswith((">", "\\g"))


def _is_closed(sign: str) -> bool:
    return sign.endswith("=") or sign.startswith(("\\le", "\\ge"))
