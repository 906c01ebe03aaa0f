r"""The formulas of a text, between dollar signs or `\(…\)` and `\[…\]`, and those of them that are one answer."""

from __future__ import annotations

import re

from mathbatch.scoring.expressions.spans import KEPT_WORDS

FORMULA = re.compile(
    r"\$\$([^$]+)\$\$|\$(?!\s)([^$]*[^$\s])\$(?!\d)|\$(\s[^$]+\s)\$(?!\d)|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL
)
"""Between dollar signs as in Pandoc, so that "$20 and $18" are prices."""
DISPLAY_LINE = re.compile(r"[:\s]{0,9}\n\s{0,9}(\\\[|\$\$)\s{0,9}([^\n$]{1,300}?)\s{0,9}(\\\]|\$\$)")
BLOCK = r"(?:align|gather|equation)"
DISPLAY = re.compile(rf"(?:\\\[|\$\$|\\begin\{{{BLOCK}\*?\}})([^$]{{1,300}}?)(?:\\\]|\$\$|\\end\{{{BLOCK})")
BETWEEN_FORMULAS = re.compile(r"\s?(?:,|and|or|,\s?and|,\s?or|和|或|、)\s?|\s(?:and|or)\s")
"""Between formulas that are one answer: "$x=2$ or $x=3$"."""
ONLY_UNIT = re.compile(r"[\^_]|\\(?:text|mathrm|mbox)\s?\{[^{}]*\}\s?(?:\^\s?\{?\d\}?)?$")
"""Of "$12$ cm$^2$" and "12 $\\text{cm}^2$"."""
UNIT_AFTER = re.compile(r"\s?([A-Za-z]{1,12}(?:/[A-Za-z]{1,3})?)\b")


def formulas_in(text: str) -> list[re.Match[str]]:
    return [one for one in FORMULA.finditer(text) if not ONLY_UNIT.match(formula_text(one))]


def formula_text(formula: re.Match[str]) -> str:
    return str(next(filter(None, formula.groups()))).strip()


def first_formulas(text: str, found: list[re.Match[str]]) -> str:
    """The first formula, with those that go on from it by a comma, an "and" or an "or"."""
    count = 1
    while count < len(found) and BETWEEN_FORMULAS.fullmatch(text, found[count - 1].end(), found[count].start()):
        count += 1
    return _joined(text, found[:count])


def last_formulas(text: str, found: list[re.Match[str]]) -> str:
    """The last formula, with those before it where an "and" or an "or" leads to it."""
    first = len(found) - 1
    while first > 0 and BETWEEN_FORMULAS.fullmatch(text, found[first - 1].end(), found[first].start()):
        if first == len(found) - 1 and text[found[first - 1].end() : found[first].start()].strip() == ",":
            break
        first -= 1
    return _joined(text, found[first:])


def with_displays_inline(text: str) -> str:
    """The text with formulas in lines of their own as part of the sentence before them."""
    return DISPLAY_LINE.sub(r" \1\2\3 ", text) if "\\[" in text or "$$" in text else text


def last_display(text: str) -> str | None:
    """The last formula that stands in lines of its own."""
    found = DISPLAY.findall(text)
    return found[-1].strip() if found else None


def _joined(text: str, chosen: list[re.Match[str]]) -> str:
    unit = UNIT_AFTER.match(text, chosen[0].end()) if len(chosen) == 1 else None
    behind = unit[0] if unit and KEPT_WORDS.fullmatch(unit[1]) and unit[1] not in ("and", "or", "per") else ""
    return ", ".join(map(formula_text, chosen)) + behind
