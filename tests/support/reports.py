"""Read what a report's page is given, as a browser would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def script(path: Path) -> tuple[str, Any]:
    """Return the name and the payload that a data file hands over."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("mathbatch.add(")
    assert text.endswith(")\n")
    name, payload = json.loads(f"[{text[len('mathbatch.add(') : -2]}]")
    return name, json.loads(payload)


def report_in(page: Path) -> Any:
    """Return the content of `report.js` of the page in a folder."""
    name, found = script(page / "report" / "data" / "report.js")
    assert name == "report"
    return found


def facts_in(page: Path) -> Any:
    """Return the facts of the only run of a page."""
    (facts,) = report_in(page)["runs"]
    return facts


def index_in(page: Path, facts: Any = None) -> Any:
    """Return the index of a run of a page, of the only one by default."""
    facts = facts or facts_in(page)
    name, found = script(page / "report" / "data" / facts["base"] / "index.js")
    assert name == f"{facts['base']}/index"
    return found


def questions_in(page: Path) -> Any:
    """Return the first characters of the prompts of the only run of a page."""
    base = facts_in(page)["base"]
    name, found = script(page / "report" / "data" / base / "questions.js")
    assert name == f"{base}/questions"
    return found


def rows_in(page: Path, facts: Any = None) -> list[Any]:
    """Return all rows of a run of a page, of the only one by default; each chunk must begin where the index says."""
    facts = facts or facts_in(page)
    rows: list[Any] = []
    for number, start in enumerate(index_in(page, facts)["starts"], 1):
        assert start == len(rows)
        rows += script(page / "report" / "data" / facts["base"] / f"{number:04d}.js")[1]
    assert len(rows) == facts["included"]
    return rows


def texts_of(column: Any) -> list[Any]:
    """Return the values of a coded column, row by row."""
    return [None if code < 0 else column["values"][code] for code in column["codes"]]
