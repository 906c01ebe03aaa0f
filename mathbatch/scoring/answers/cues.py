"""What a statement says beside its value: a reason, what the value is not, and what it is more or less than."""

from __future__ import annotations

import re

from mathbatch.scoring.expressions.normalize import to_latex
from mathbatch.scoring.expressions.numbers import spelled_numbers_in
from mathbatch.scoring.expressions.spans import FORMULA, wordless_spans

REASON_OR_CONTRAST = re.compile(
    r"\s{0,3}\((?:since|because|as|which|where|note|i\.e|e\.g|from|for)\b[^\n]*"
    r"|(?<!\band)(?<!\bso)[,;:(]?\s(?:since|because)\b[^\n]*"
    r"|\s?[,;:(—]\s?(?:(?:as|which|whereas)\s[^\n=]*$|where\s[^\n]*)"
    r"|[,;(]\s?(?:(?:and|but)\s)?not\s[^\n]*|\s(?:(?:and|but)\snot|rather\sthan|instead\sof)\s[^\n]*",
    re.IGNORECASE,
)
STATED_VALUE = (
    r"(?:(?:^|\b(?:is|are|was|were|be|equals?|(?:minimum|maximum)\sof)\s)(?:(?:about|approximately|only|exactly)\s)?\W{0,3}?"
    r"(?:\$[^$\n=]{1,60}\$|\\\([^\n=]{1,60}?\\\)|-?[\d\\][^\s,;:=]{0,40})(?:\s[a-z]{1,12})?)"
)
LOCATION = re.compile(
    rf"{STATED_VALUE}(?P<place>[,;]?\s(?:which\s(?:occurs|happens)\s|(?:attained|achieved|reached|occurring)\s)?"
    r"(?:when|whenever|where|for|at|if)\s(?:\$|\\\()?\s?\\?[A-Za-z]\s?="
    r"(?![^\n]{0,200}\b(?:is|are|was|were|equals?|gives?|has|have|we|becomes?|yields?|then)\b)[^\n]*)"
)
"""Where a value is reached: "the minimum is 4 at x = 0". Not "at x = 0 it is 4"."""
REPEATED_ROUNDED = re.compile(r",?\sor\s(?:about|approximately|roughly)\s\W{0,3}\d[^\n]*")
"""The value once more: "2/3, or approximately 0.667"."""
REPEATED_IN_BRACKETS = re.compile(
    r"\s?\((?:(?:about|approximately|roughly|≈|\\approx)(?:[^()\n]|\\[()]){0,40}|or\s\W{0,3}[\d.]{1,20}[\s\\%$]{0,3})\)"
)
"""And in brackets: "2/3 (approximately 0.667)"."""
LIST_AFTER_COUNT = re.compile(r"(?<=\d):\s(?=[^\n=]{1,40}(?:,|\sand\s))[^\n]*")
"""What is counted: "the number of roots is 2: 1 and 3"."""
NOT_BUT = re.compile(r"\bnot\s[^\n]{1,60}?(?:\bbut\s(?:rather\s)?|[;,]\sit(?:\sis|['’]s)\s)", re.IGNORECASE)
DENIES = re.compile(r"\b(?:not|never|cannot|neither|nor)\b|n['’]t\b", re.IGNORECASE)
DENIAL_BEFORE = re.compile(
    rf"(?:{DENIES.pattern})\s(?:(?:be|equals?|to|the|an?|just|simply|possibly|exactly|have|value|[a-z]|=)\s){{0,4}}\W{{0,3}}$",
    re.IGNORECASE,
)
BOUND_BEFORE = re.compile(
    r"\b(?:(?:greater|more|less|fewer|larger|smaller|higher|lower|bigger|longer|shorter)\sthan"
    r"|above|below|over|under|exceed(?:s|ing)?|between)\s\W{0,3}$",
    re.IGNORECASE,
)
"""Before a value. "At least" is none of these: "she needs at least 5 coins" states the number that was asked for."""


def without_side_remarks(text: str) -> str:
    """A statement up to the reason behind its value, or up to what that is not; "not 7 but 8" is "8", as is
    "not 7; it is 8"."""
    text = without_location(without_repeated_value(NOT_BUT.sub("", text)))
    for pattern in (REASON_OR_CONTRAST, LIST_AFTER_COUNT):
        text = _before(text, pattern)
    return text


def without_repeated_value(text: str) -> str:
    """A statement without its value once more, as a rounded number."""
    return _before(
        REPEATED_IN_BRACKETS.sub(lambda found: "" if _has_value(text[: found.start()]) else found[0], text),
        REPEATED_ROUNDED,
    )


def without_location(text: str) -> str:
    """A statement up to where its value is reached."""
    found = LOCATION.search(text)
    return text[: found.start("place")] if found else text


def _before(text: str, pattern: re.Pattern[str]) -> str:
    """The text before the first match that has a value before it."""
    return next((text[: one.start()] for one in pattern.finditer(text) if _has_value(text[: one.start()])), text)


def _has_value(text: str) -> bool:
    return bool(wordless_spans(to_latex(text)) or FORMULA.search(text) or spelled_numbers_in(text))


def is_denied_or_bound(before: str) -> bool:
    """Whether what follows is denied, or only a bound."""
    before = before.rstrip("$\\([ ") + " "
    return bool(DENIAL_BEFORE.search(before) or BOUND_BEFORE.search(before))
