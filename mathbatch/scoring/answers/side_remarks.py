"""Cut from a statement what is not its value: a reason, a contrast, a repetition, a location, a list."""

from __future__ import annotations

import re

from mathbatch.scoring.answers.cues import BOUND_BEFORE, DENIAL_BEFORE
from mathbatch.scoring.expressions.normalize import to_latex
from mathbatch.scoring.expressions.numbers import spelled_numbers_in
from mathbatch.scoring.expressions.spans import FORMULA, wordless_spans

# Stands behind a value: ", since 2 * 6 = 12", " (not 7)", " rather than 8".
REASON_OR_CONTRAST = re.compile(
    r"\s{0,3}\((?:since|because|as|which|where|note|i\.e|e\.g|from|for)\b[^\n]*"
    r"|(?<!\band)(?<!\bso)[,;:(]?\s(?:since|because)\b[^\n]*"
    r"|\s?[,;:(—]\s?(?:(?:as|which|whereas)\s[^\n=]*$|where\s[^\n]*)"
    r"|[,;(]\s?(?:(?:and|but)\s)?not\s[^\n]*|\s(?:(?:and|but)\snot|rather\sthan|instead\sof)\s[^\n]*",
    re.IGNORECASE,
)
# A value behind a verb, with up to one word after it: "is 4", "are about $2x$ apples".
STATED_VALUE = (
    r"(?:(?:^|\b(?:is|are|was|were|be|equals?|(?:minimum|maximum)\sof)\s)(?:(?:about|approximately|only|exactly)\s)?\W{0,3}?"
    r"(?:\$[^$\n=]{1,60}\$|\\\([^\n=]{1,60}?\\\)|-?[\d\\][^\s,;:=]{0,40})(?:\s[a-z]{1,12})?)"
)
# Where a value is reached: "the minimum is 4 at x = 0". In "at x = 0 it is 4" the value comes later.
LOCATION = re.compile(
    rf"{STATED_VALUE}(?P<place>[,;]?\s(?:which\s(?:occurs|happens)\s|(?:attained|achieved|reached|occurring)\s)?"
    r"(?:when|whenever|where|for|at|if)\s(?:\$|\\\()?\s?\\?[A-Za-z]\s?="
    r"(?![^\n]{0,200}\b(?:is|are|was|were|equals?|gives?|has|have|we|becomes?|yields?|then)\b)[^\n]*)"
)
# The value once more: "2/3, or approximately 0.667".
REPEATED_ROUNDED = re.compile(r",?\sor\s(?:about|approximately|roughly)\s\W{0,3}\d[^\n]*")
# The value once more in brackets: "2/3 (approximately 0.667)".
REPEATED_IN_BRACKETS = re.compile(
    r"\s?\((?:(?:about|approximately|roughly|≈|\\approx)(?:[^()\n]|\\[()]){0,40}|or\s\W{0,3}[\d.]{1,20}[\s\\%$]{0,3})\)"
)
# The things that were counted: "the number of roots is 2: 1 and 3".
LIST_AFTER_COUNT = re.compile(r"(?<=\d):\s(?=[^\n=]{1,40}(?:,|\sand\s))[^\n]*")
# The value once more in other words: "42, i.e. 6*7".
THAT_IS = re.compile(r"(?<=\d),?\s(?:i\.\s?e\.|that\sis),?\s[^\n]*", re.IGNORECASE)
NOT_BUT = re.compile(r"\bnot\s[^\n]{1,60}?(?:\bbut\s(?:rather\s)?|[;,]\sit(?:\sis|['’]s)\s)", re.IGNORECASE)


def without_side_remarks(text: str) -> str:
    """Return a statement up to the reason behind its value, or up to what the value is not.

    "x = 7, since 2 * 7 = 14" -> "x = 7", "it is not 7 but 8" -> "it is 8"
    """
    text = without_location(without_repeated_value(NOT_BUT.sub("", text)))
    for pattern in (REASON_OR_CONTRAST, THAT_IS, LIST_AFTER_COUNT):
        text = _before(text, pattern)
    return text


def without_repeated_value(text: str) -> str:
    """Return a statement without its value once more as a rounded number: "2/3 (approximately 0.667)" -> "2/3"."""
    return _before(
        REPEATED_IN_BRACKETS.sub(lambda found: "" if _has_value(text[: found.start()]) else found[0], text),
        REPEATED_ROUNDED,
    )


def without_location(text: str) -> str:
    """Return a statement up to where its value is reached: "the minimum is 4 at x = 0" -> "the minimum is 4"."""
    found = LOCATION.search(text)
    return text[: found.start("place")] if found else text


def _before(text: str, pattern: re.Pattern[str]) -> str:
    """Return the text before the first match that has a value in front of it."""
    return next((text[: one.start()] for one in pattern.finditer(text) if _has_value(text[: one.start()])), text)


def _has_value(text: str) -> bool:
    """Tell whether a text holds an expression, a formula or a number in words."""
    return bool(wordless_spans(to_latex(text)) or FORMULA.search(text) or spelled_numbers_in(text))


def is_denied_or_bound(before: str) -> bool:
    """Tell whether what follows a text is denied or only a bound: "it is not ", "more than "."""
    before = before.rstrip("$\\([ ") + " "
    return bool(DENIAL_BEFORE.search(before) or BOUND_BEFORE.search(before))
