"""What a statement says beside its value: a reason, what the value is not, and what it is more or less than."""

from __future__ import annotations

import re

from mathbatch.scoring.formulas import FORMULA
from mathbatch.scoring.latex import latex
from mathbatch.scoring.numbers import spelled_in
from mathbatch.scoring.runs import runs

ASIDE = re.compile(
    r"\s{0,3}\((?:since|because|as|which|where|note|i\.e|e\.g|from|for)\b[^\n]*"
    r"|(?<!\band)(?<!\bso)[,;:(]?\s(?:since|because)\b[^\n]*"
    r"|\s?[,;:(—]\s?(?:(?:as|which|whereas)\s[^\n=]*$|where\s[^\n]*)"
    r"|[,;(]\s?(?:(?:and|but)\s)?not\s[^\n]*|\s(?:(?:and|but)\snot|rather\sthan|instead\sof)\s[^\n]*",
    re.IGNORECASE,
)
NOT_BUT = re.compile(r"\bnot\s[^\n]{1,60}?(?:\bbut\s(?:rather\s)?|[;,]\sit(?:\sis|['’]s)\s)", re.IGNORECASE)
DENIES = re.compile(r"\b(?:not|never|cannot|neither|nor)\b|n['’]t\b", re.IGNORECASE)
DENIED = re.compile(
    rf"(?:{DENIES.pattern})\s(?:(?:be|equals?|to|the|an?|just|simply|possibly|exactly|have|value|[a-z]|=)\s){{0,4}}\W{{0,3}}$",
    re.IGNORECASE,
)
BOUND = re.compile(
    r"\b(?:(?:greater|more|less|fewer|larger|smaller|higher|lower|bigger|longer|shorter)\sthan"
    r"|above|below|over|under|exceed(?:s|ing)?|between)\s\W{0,3}$",
    re.IGNORECASE,
)
"""Before a value. "At least" is none of these: "she needs at least 5 coins" states the number that was asked for."""


def without_asides(text: str) -> str:
    """A statement up to the reason behind its value, or up to what that is not; "not 7 but 8" is "8", as is
    "not 7; it is 8"."""
    text = NOT_BUT.sub("", text)
    for aside in ASIDE.finditer(text):
        head = text[: aside.start()]
        if runs(latex(head)) or FORMULA.search(head) or spelled_in(head):
            return head
    return text


def is_aside(before: str) -> bool:
    """Whether what follows is denied, or only a bound."""
    before = before.rstrip("$\\([ ") + " "
    return bool(DENIED.search(before) or BOUND.search(before))
