r"""Find where the extracted answer stands in the text of an answer.

Scorers say what they took and by which rule, not where. The place is found anew from these two: by the rule "boxed" it
lies in the last `\boxed{}` that holds it, by others it is the last time that it stands there as a word of its own, or
the first time by the rules that read from the start.
"""

from __future__ import annotations

import re

from mathbatch.config.templates.boxed import boxes
from mathbatch.scoring.answers.stated import Rule

# Letters of choices stand in any sentence; where one is an answer it is set off like this.
LETTERS = re.compile(r"[A-Z]{1,10}")
SET_OFF = r"(?<!\w)(?:(?<=[(\[{{*:])|(?<=[(\[{{*:]\s)){answer}(?=[)\]}}*.:]|\s*$)|(?<!\w){answer}(?=\s*[.*)]*\s*$)"
FROM_START = (Rule.FIRST_SENTENCE, Rule.FIRST_LINE)
# Longest text in which a place is looked for, in characters. A loop of tokens may be of any length.
MAX_TEXT = 1_000_000


def answer_span(text: str, answer: str | None, reason: str) -> tuple[int, int] | None:
    """Return start and end of the answer in a text, in UTF-16 units, or None where its place isn't certain."""
    if not answer or not text or len(text) > MAX_TEXT:
        return None
    place = _in_box(text, answer) if Rule.BOXED in reason else _as_word(text, answer, reason)
    return None if place is None else (_units(text, place[0]), _units(text, place[1]))


def _in_box(text: str, answer: str) -> tuple[int, int] | None:
    for box in reversed(boxes(text)):
        at = text.rfind(answer, box.start, box.end)
        if at > box.start:
            return at, at + len(answer)
    return None


def _as_word(text: str, answer: str, reason: str) -> tuple[int, int] | None:
    if reason.startswith("the text of "):
        return None
    escaped = re.escape(answer)
    pattern = SET_OFF.format(answer=escaped) if LETTERS.fullmatch(answer) else _bounded(escaped, answer)
    found = [one.span() for one in re.finditer(pattern, text)]
    is_first = any(rule in reason for rule in FROM_START)
    return None if not found else found[0] if is_first else found[-1]


def _bounded(escaped: str, answer: str) -> str:
    before = r"(?<![\w.])" if answer[0].isalnum() else ""
    after = r"(?!\w|[.,]\d)" if answer[-1].isalnum() else ""
    return f"{before}{escaped}{after}"


def _units(text: str, at: int) -> int:
    """Return a place in a text as a browser counts it: characters beyond the first plane count twice."""
    return at if text.isascii() else at + sum(char > "\uffff" for char in text[:at])
