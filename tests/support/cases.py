"""Read tables of cases from JSON Lines files."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.paths import TESTS


def from_file(path: str, *fields: str, **defaults: Any) -> pytest.MarkDecorator:
    """Parametrize a test with the cases in `tests/<path>`, one a line.

    `fields` are the test's arguments. A line may leave out those that have a default. Each line names the `source` of
    its case, and some what they are `about`; these need not be arguments. A case is known by the number of its line.
    """
    cases = []
    for number, line in enumerate((TESTS / path).read_text(encoding="utf-8").split("\n")[:-1], 1):
        case = {**defaults, **json.loads(line)}
        assert case.keys() - {"source", "about"} == {*fields} - {"source"}, f"{path}:{number}"
        assert case["source"], f"{path}:{number}"
        cases.append(pytest.param(*(case[field] for field in fields), id=f"line {number}"))
    return pytest.mark.parametrize(fields, cases)
