"""Make small datasets, and the overrides that run the scripted model over them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SCRIPTED = "model._target_=mathbatch.models.scripted.ScriptedModel"


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write the rows as JSON Lines and return the path."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def questions(count: int) -> list[dict[str, Any]]:
    """Return text-only rows with the original field names."""
    return [{"sample_index": str(at), "query_cot": f"What is {at} + {at}?"} for at in range(count)]


def overrides(data: Path, *more: str) -> list[str]:
    """Return the overrides of a text-only run of the scripted model over `data`."""
    return [SCRIPTED, "dataset=generic", f"dataset.input={data}", "dataset.image_field=null", *more]
