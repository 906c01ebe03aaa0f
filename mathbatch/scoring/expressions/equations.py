r"""The value that an answer in equations comes to: `12` of `A = 3 \cdot 4 = 12`, and of `x^2 = 144, x = 12`."""

from __future__ import annotations

import re

RELATION = re.compile(r"[<>]|\\(?:n?eq?|[lg](?:e|eq|t|eqslant)|notin|not)(?![A-Za-z])")
SEVERAL_EQUATIONS = re.compile(r"=[^=]*(?:,|;|\band\b|\bor\b)[^=]*=")
"""Equations that may be one answer, each with a right side: "x = 3 or x = 7"."""
BETWEEN_EQUATIONS = re.compile(r"[,;]|\b(?:and|or)\b")
SOLVED_VARIABLE = re.compile(r"\s*(?:[A-Za-z]|\\[a-z]{2,7})\s?(?:_\s?\{?\w\}?\s?)?=[^=]+")
"""A variable, and what it is."""


def right_side(answer: str) -> str:
    """What follows the last "="; the text itself where that is no value of its own.

    Of several equations that is so only where the last one alone tells what a variable is.
    """
    if "=" not in answer or RELATION.search(answer):
        return answer
    if SEVERAL_EQUATIONS.search(answer):
        *working, last = BETWEEN_EQUATIONS.split(answer)
        if not SOLVED_VARIABLE.fullmatch(last) or any(
            "=" not in one or SOLVED_VARIABLE.fullmatch(one) for one in working
        ):
            return answer
    return answer.rpartition("=")[2].strip() or answer
