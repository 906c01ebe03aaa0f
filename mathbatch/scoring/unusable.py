"""Rows that no response could be right on, since their gold answer can't be read, or is not equal to itself.

{"rows": 3, "reasons": {"the gold answer can't be read as mathematics": {"rows": 2, "ids": ["4", "7"]}, …}}
"""

from __future__ import annotations

from typing import Any

REASONS_KEPT = 20
IDS_KEPT = 20
"""The first ones with each reason; all rows are counted."""
OTHERS = "(others)"


class UnusableGolds:
    """Collects them by what the scorers say of them."""

    def __init__(self) -> None:
        self._ids: dict[str, list[str]] = {}
        self._rows: dict[str, int] = {}

    def add(self, id: str, reason: str) -> None:
        known = reason if reason in self._rows or len(self._rows) < REASONS_KEPT else OTHERS
        self._rows[known] = self._rows.get(known, 0) + 1
        ids = self._ids.setdefault(known, [])
        if len(ids) < IDS_KEPT:
            ids.append(id)

    def facts(self) -> dict[str, Any]:
        """The most frequent reason first."""
        reasons = sorted(self._rows, key=lambda reason: -self._rows[reason])
        told = {reason: {"rows": self._rows[reason], "ids": self._ids[reason]} for reason in reasons}
        return {"rows": sum(self._rows.values()), "reasons": told}
