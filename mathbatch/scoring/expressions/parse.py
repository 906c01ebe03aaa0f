r"""Read numbers as they are meant: that of `2\sqrt{3}` is 3.46 and not 2, `10^2` is 100, and `2x` has none.

`quantities_in` reads those of a sentence, `as_quantity` the one that a text is as a whole. A closed arithmetic
expression is calculated; where readers could differ (`1/2\pi`, `5-10`) there is no number. Texts are in the notation of
`to_number_notation`.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from fractions import Fraction
from typing import NamedTuple

from mathbatch.scoring.expressions.arithmetic import value_of
from mathbatch.scoring.expressions.normalize import to_number_notation
from mathbatch.scoring.expressions.numbers import GROUPED_BY_BLANKS, Number, numbers_in, spelled_numbers_in
from mathbatch.scoring.expressions.units import phrase_at

TOKEN = re.compile(
    r"(?P<other>\*\*|\\(?:approx|leq?|geq?|lt|gt|neq?|sim|equiv|to|Right\w*|quad|qquad|therefore|implies)(?![A-Za-z]))"
    r"|(?P<operator>\\(?:cdot|times|div|pm|mp)(?![A-Za-z])|[-+*/^!])"
    r"|(?P<number>\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?P<power>[eE][-+]?\d{1,3}\b)?"
    r"|(?P<command>\\[A-Za-z]+)|(?P<bracket>[(){}\[\]|])|(?P<word>[^\W\d_]{2,})|(?P<letter>[A-Za-z_])|(?P<rest>\S)"
)
JOINING = ("operator", "number", "command", "bracket", "letter")
# Stands behind what looks like a unit but is a variable: `5m + 3`.
EXPRESSION_GOES_ON = re.compile(r"\s?(?:[+^(]|\*(?!\*)|\\(?:cdot|times|div|frac|sqrt)|[-/]\s?[\d\\(])")
# Expressions that can be read in several ways, angles (in degrees or radians), and ranges.
AMBIGUOUS = re.compile(
    r"/\s?\d+(?:\.\d+)?\s?(?:[\\(]|/)|\d\s+\d|\d\s+\(|\\(?:sin|cos|tan|arc\w+)|[-+]\s*[-+]|\^\s?(?:\{[^{}]*\}|\d+)\s?\^|"
    r"^\d[\d.,]*-\d[\d.,]*$|/\s?0+(?![\d.])"
)
STRAY_MARKS = re.compile(
    r"^[\s*/^!)}\]|]+|[\s*/^({\[|+-]+$|^\s*(?:\\(?:cdot|times|div)\s?)+|(?:\\(?:cdot|times|div)\s?)+$"
)
REASON = re.compile(r"\s?[(,;:]?\s?\b(?:since|because|as|which|where|given)\s.*", re.DOTALL | re.IGNORECASE)
WORDS_BEFORE = re.compile(
    r"(?:\s|≈|~|\\approx(?![A-Za-z])|\\sim(?![A-Za-z])|(?:about|approximately|exactly|only)\b|=)*", re.I
)
SENTENCE_BREAK = re.compile(r"[,;.:]\s|\b(?:and|or|not)\b")
EQUATION = re.compile(r"(?:=|≈|\\approx(?![A-Za-z])|\\simeq(?![A-Za-z]))")
NOUN = (
    r"(?!(?:and|or|but|not|nor|plus|minus|times|more|less|than|greater|fewer|over|out|to|as|is|are|was)\b)"
    r"[^\W\d_]{2,}(?![^\W\d_])"
)
RANGE = re.compile(r"\d[\d.,]*\s?-\s?\d[\d.,]*")
# A unit, which may be any noun: "18 whole eggs".
UNIT_AFTER = re.compile(
    rf"(?:\s*%)?(?:\s*[$€£¥°])?(?:[\s./-]*{NOUN}(?:\s?\^\s?\{{?\d\}}?)?){{0,4}}(?:\s?\([^\W\d_]{{1,20}}\))?[\s.$]*"
)
# Characters of an expression that is calculated.
MAX_CALCULATED = 60
# Characters of a text that is read as one number, as many as a statement may have.
MAX_TEXT = 1000


# Numbers only where they are the whole text; within a sentence they are words like others: "half of them".
WORDS_ALONE = {
    f"{article}{name}": value
    for name, value in (
        ("half", Fraction(1, 2)),
        ("quarter", Fraction(1, 4)),
        ("third", Fraction(1, 3)),
        ("dozen", Fraction(12)),
    )
    for article in ("", "a ", "one ")
}


class TokenSpan(NamedTuple):
    """Places of tokens that belong to one expression."""

    start: int
    end: int


def quantities_in(text: str) -> list[Number | TokenSpan]:
    """Return all numbers of a text, in order, those of expressions calculated: "2 * 3 of 20" -> 6, 20.

    An expression with digits that has no number, such as `2x+1`, is returned as its span.
    """
    plain = numbers_in(text)
    starts, ends = [one.start for one in plain], [one.end for one in plain]
    found: list[Number | TokenSpan] = []
    for span in _token_spans(text):
        inside = plain[bisect_right(ends, span.start) : bisect_left(starts, span.end)]
        if core := _trimmed(text, span):
            found += _numbers_of(text, core, inside) or ([core] if inside else [])
    return [_with_unit(text, one) if isinstance(one, Number) else one for one in found]


def as_quantity(text: str) -> Number | None:
    r"""Return the number that a text is, or None: `x = 2\sqrt{3}` -> 3.46, "a dozen" -> 12, "18 eggs" -> 18.

    That is a number, words for one, or a closed expression, with a unit; `x =` may stand in front.
    """
    if len(text) > MAX_TEXT:
        return None
    text = REASON.sub("", to_number_notation(text)).strip(" *").rstrip(".。").strip(" $*")
    head, _, tail = EQUATION.sub("=", text).rpartition("=")
    if head and re.fullmatch(r"\s*\$?\\?[A-Za-z]?\$?\s*", tail):
        text = head
    elif head and SENTENCE_BREAK.search(head):
        return None
    elif head:
        text = tail
    text = text[WORDS_BEFORE.match(text).end() :].strip(" $*")  # type: ignore[union-attr]  # it matches nothing as well
    text = "".join(text.split()) if GROUPED_BY_BLANKS.fullmatch(text) else text
    found = quantities_in(text)
    if len(found) == 1 and isinstance(found[0], Number) and re.fullmatch(r"[\s({\[]*", text[: found[0].start]):
        is_one = _is_unit(text, found[0].end) and not RANGE.fullmatch(found[0].shown)
        return found[0] if is_one else None
    return None if found else _in_words(text)


def _with_unit(text: str, one: Number) -> Number:
    """Return a number with the known unit behind it."""
    return one._replace(unit=phrase_at(text, one.end).strip() or one.unit)


def _is_unit(text: str, end: int) -> bool:
    """Tell whether nothing but a unit, which may be any noun, stands behind a number."""
    rest = re.sub(r"^[\s)\]}]+", " ", text[end:])
    return UNIT_AFTER.fullmatch(rest.removeprefix(phrase_at(rest, 0)).strip(" }]")) is not None


def _in_words(text: str) -> Number | None:
    """Return the number that a text is in words: "a dozen", "twenty-one apples"."""
    bare = text.strip().casefold()
    if bare in WORDS_ALONE:
        return Number(WORDS_ALONE[bare], False, "", text, 0, len(text))
    found = spelled_numbers_in(text)
    alone = len(found) == 1 and not text[: found[0].start].strip()
    return found[0] if alone and _is_unit(text, found[0].end) else None


def _token_spans(text: str) -> list[TokenSpan]:
    """Return the spans of the expressions of a text, which a unit ends."""
    found: list[TokenSpan] = []
    start = end = -1
    before = ""
    place = 0
    while token := TOKEN.search(text, place):
        kind = str(token.lastgroup).replace("power", "number")
        place = token.end()
        if kind not in JOINING or not _joins(before, kind, token, end):
            found += [TokenSpan(start, end)] if start >= 0 else []
            start = -1
        before = kind
        if kind not in JOINING:
            continue
        start, end = token.start() if start < 0 else start, token.end()
        unit = phrase_at(text, end) if kind == "number" else ""
        if unit and not EXPRESSION_GOES_ON.match(text, end + len(unit)):
            place = end + len(unit)
            found.append(TokenSpan(start, end))
            start = -1
    return found + ([TokenSpan(start, end)] if start >= 0 else [])


def _joins(before: str, kind: str, token: re.Match[str], end: int) -> bool:
    """Tell whether a token continues the expression before it. Across a blank, words and numbers stand apart."""
    if token.start() == end or "operator" in (before, kind) or "command" in (before, kind):
        return True
    if kind == "letter":
        return before == "number" and token[0].islower() and token[0] != "a"
    return (kind == "bracket" and token[0] in "})]{") or (before == "bracket" and kind == "bracket")


def _trimmed(text: str, span: TokenSpan) -> TokenSpan | None:
    """Return a span without the marks at its edges that belong to the sentence, or None where nothing is left."""
    start, end = span
    while found := STRAY_MARKS.search(text[start:end]):
        if found.start() == 0:
            start += found.end()
        else:
            end = start + found.start()
    shown = text[start:end]
    for opening, closing in ("()", "[]", "{}"):
        if shown.count(closing) > shown.count(opening) and shown.endswith(closing):
            return _trimmed(text, TokenSpan(start, end - 1))
        if shown.count(opening) > shown.count(closing) and shown.startswith(opening):
            return _trimmed(text, TokenSpan(start + 1, end))
    return TokenSpan(start, end) if start < end else None


def _numbers_of(text: str, span: TokenSpan, plain: list[Number]) -> list[Number]:
    """Return the numbers that an expression stands for, none where it can't be calculated without doubt."""
    shown = text[span.start : span.end]
    if AMBIGUOUS.search(shown) or len(shown) > MAX_CALCULATED:
        return []
    if len(plain) == 1 and _covers(text, plain[0], span):
        return plain
    if len(plain) > 1 and re.fullmatch(r"[\d.,\s]+", shown):
        return plain
    if not plain and not re.search(r"\\(?:pi|sqrt)(?![A-Za-z])", shown):
        return []
    value = value_of(shown)
    if value is None:
        return []
    percent = text[span.end : span.end + 1] == "%"
    return [Number(Fraction(value), percent, "", shown, span.start, span.end, isinstance(value, Fraction))]


def _covers(text: str, one: Number, span: TokenSpan) -> bool:
    """Tell whether a number is all there is in a span, except for brackets around it."""
    rest = text[span.start : max(one.start, span.start)] + text[min(one.end, span.end) : span.end]
    return not rest.strip("(){}[] ")
