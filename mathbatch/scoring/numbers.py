r"""Numbers in a text, exactly: `1,234.5`, `-3/4`, `1 3/4`, `\frac{3}{4}`, `2.5 \times 10^{3}`, `28%`, `$18`, `6e-3`."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

MAX_DIGITS = 60
"""A longer run of digits is no number that anyone means."""
SIGN = r"(?:(?<![\w.)}\]])[-+])?\s?"
PLAIN = r"(?:\d{1,3}(?:,\d{3})+(?![\d])|\d+)(?:\.\d+)?|\.\d+"
NUMBER = re.compile(
    rf"(?P<sign>{SIGN})(?:\\\$|[$€£¥])?\s?(?:"
    r"\\[dtc]?frac\s?\{\s?(?P<top>\d+(?:\.\d+)?)\s?\}\s?\{\s?(?P<below>\d+(?:\.\d+)?)\s?\}"
    r"|\\[dtc]?frac(?P<top1>\d)(?P<below1>\d)"
    rf"|(?P<plain>{PLAIN})"
    r"(?:(?P<exponent>[eE][-+]?\d{1,3}\b)|\s?(?:\\times|\\cdot|×|[x*])\s?10\s?\^\s?\{?(?P<power>[-+]?\d{1,3})\}?"
    r"|\s?/\s?(?P<divisor>\d+(?:\.\d+)?)"
    r"|\s(?P<part>\d{1,4})\s?/\s?(?P<whole>\d{1,4})|\s?\\[dtc]?frac\s?\{\s?(?P<part2>\d+)\s?\}\s?\{\s?(?P<whole2>\d+)\s?\})?"
    r")(?P<percent>\s?\\?%|\s?percent\b)?"
)
MINUS = str.maketrans({"−": "-", "–": "-", "﹣": "-", "－": "-", "％": "%", "，": ","})
THIN = re.compile(r"\\[,;!: ]|\{,\}")
UNIT = re.compile(r"\s*(?:\\(?:text|mathrm|rm|mbox)\s?\{?|\\?\s?)?\s*([^\W\d_]+(?:\s?\^\s?\{?\d\}?)?|[°$€£¥])")


class Number(NamedTuple):
    """A number as it stands in a text: `28%` has the value 28, and is a per cent. `unit` is the word behind it."""

    value: Fraction
    percent: bool
    unit: str
    shown: str


def numbers_in(text: str) -> list[Number]:
    """All numbers of a text, in order. Digits within words, as in `x2`, are none."""
    text = THIN.sub(lambda found: "," if found[0] == "{,}" else "", text.translate(MINUS))
    found = []
    for match in NUMBER.finditer(text):
        before = text[match.start() - 1 : match.start()]
        if (before.isalpha() and before.isascii()) or before == "_" or len(match[0]) > MAX_DIGITS:
            continue
        value = _value(match)
        if value is not None:
            unit = UNIT.match(text, match.end())
            found.append(Number(value, bool(match["percent"]), unit[1] if unit else "", match[0].strip()))
    return found


def as_number(text: str) -> Number | None:
    """The number that a text is, with nothing else but a unit behind it, `x =` before it, or dollar signs around it."""
    bare = text.strip().strip("$").removesuffix(".").strip()
    bare = re.sub(r"^[A-Za-z]\s?=\s?", "", bare)
    found = numbers_in(bare)
    if len(found) != 1:
        return None
    at = bare.translate(MINUS).find(found[0].shown)
    rest = bare[at + len(found[0].shown) :].strip() if at == 0 else bare
    return found[0] if re.fullmatch(r"(?:\\?%|°|\\text\{[^{}]*\}|[A-Za-z]+(?:\s?\^\s?\{?\d\}?)?|\s)*", rest) else None


def _value(match: re.Match[str]) -> Fraction | None:
    try:
        value = _unsigned(match)
    except ZeroDivisionError:
        return None
    return -value if "-" in match["sign"] else value


def _unsigned(match: re.Match[str]) -> Fraction:
    if match["plain"] is None:
        return Fraction(match["top"] or match["top1"]) / Fraction(match["below"] or match["below1"])
    plain = Fraction(match["plain"].replace(",", ""))
    if match["exponent"] is not None:
        return plain * Fraction(10) ** int(match["exponent"][1:])
    if match["power"] is not None:
        return plain * Fraction(10) ** int(match["power"])
    if match["divisor"] is not None:
        return plain / Fraction(match["divisor"])
    part, whole = match["part"] or match["part2"], match["whole"] or match["whole2"]
    return plain if part is None else plain + Fraction(int(part), int(whole))
