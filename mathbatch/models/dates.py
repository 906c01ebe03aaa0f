"""Give chat templates a fixed date in place of today's.

A template that dates its prompts calls `strftime_now("%Y-%m-%d")`, a function that transformers gives to all templates.
A run that goes on tomorrow would ask with other prompts. `model.chat_template_kwargs.strftime_now` is the date to give.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

NAME = "strftime_now"


def with_fixed_date(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables of a chat template with a function in place of the date; without it if there is none."""
    given = variables.get(NAME)
    others = {name: value for name, value in variables.items() if name != NAME}
    return others if given is None else {**others, NAME: date.fromisoformat(given).strftime}
