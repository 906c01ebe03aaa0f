"""Give chat templates a fixed date in place of today's.

A template that dates its prompts calls `strftime_now("%Y-%m-%d")`, a function that transformers gives to all templates.
A run that goes on tomorrow would ask with other prompts. `model.chat_template_kwargs.strftime_now` is the date to give.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from mathbatch.errors import ConfigError

NAME = "strftime_now"


def with_fixed_date(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables of a chat template with a function in place of the date, if one is set.

    Raises ConfigError for what is no date.
    """
    given = variables.get(NAME)
    if given is None:
        return {name: value for name, value in variables.items() if name != NAME}
    try:
        day = date.fromisoformat(str(given))
    except ValueError as error:
        path = f"model.chat_template_kwargs.{NAME}"
        raise ConfigError(path, f"'{given}' is no date", f"write it as {path}='2025-03-17'") from error
    return {**variables, NAME: day.strftime}
