r"""Find the expressions of a sentence: stretches without words, and formulas between delimiters.

    wordless_spans("the area is 25\pi cm^2")  ->  [(12, "25\pi cm^2")]
    formulas_in("so $x = 3$ or $x = 5$")      ->  $x = 3$, $x = 5$

Formulas stand between dollar signs, or between `\(…\)` and `\[…\]`.
"""

from __future__ import annotations

import re

from mathbatch.scoring.expressions.measures import UNIT_NAMES
from mathbatch.scoring.expressions.numbers import SCALE

FUNCTIONS = "sin|cos|tan|cot|sec|csc|log|ln|lg|exp|arcsin|arccos|arctan|sqrt|pi|mod|gcd|lcm|max|min|deg|and|or|per"
# Words that are part of mathematics and don't end an expression: functions, units, scales.
KEPT_WORDS = re.compile(rf"(?!in$)(?:{FUNCTIONS}|{UNIT_NAMES}|{SCALE}|square|cubic|sq|cu|units?|percent|pct)s?")
# Pieces that may hold a word, in Japanese and Korean right behind a number as well. The `xy` of `2xy` and of `xy^2` is
# none. A "|" stands between the cells of a table.
TOKEN = re.compile(
    r"\\(?:text|mathrm|mbox|textbf|mathbf|operatorname)\s?\{[^{}]{0,80}\}|\{[A-Za-z]{3,}\}|\\[A-Za-z]+|\\."
    r"|(?P<word>(?<![\d})^_A-Za-z])[^\W\d_]+(?:['’][^\W\d_]+)?(?![\^_(])"
    r"|(?<=[\d})])(?:[^\W\d_]{4,}|[぀-ヿ가-힣]+)|(?<=\s)\|(?=\s))"
)
# A stretch without words is an expression only where it has one of these.
VALUE = re.compile(
    r"\d|\\(?:pi|infty|emptyset|varnothing)\b|[A-Za-z]\s?[-+*/^_=<>(](?!\*)|(?<!\*)[-+*/^=<>](?!\*)\s?[A-Za-z]"
)
# Name of a line segment, which is no word beside an operator: "158 + AB".
SEGMENT = re.compile(r"[A-Z]{2,3}")
OPERATOR_BESIDE = re.compile(r"\s?[-+*/=^]\s?")
LEADING_WORD = re.compile(r"(?:and|or|per|to|mod|min|in|m|s|A)\b(?!\s*[-+=^_(/*])\s*")
TRAILING_WORD = re.compile(r"\s(?:and|or|per|in|is)$")
# Bold as in "= **16 m**", but not the power of "2**3".
EMPHASIS = re.compile(r"(?<![\w)])\*\*|\*\*(?![\w(])")
LEADING_MARKS = re.compile(
    r"\A(?:[ \t\n,;:：。，!?*_`—\"“”]|\.(?!\d)|[-=]>(?=\s)"
    r"|\\(?:approx|to|cdot|[Rr]ightarrow)(?![A-Za-z])|[✓✔✅☑🎯👉]\ufe0f?)+"
)
OUTER_MARKS = ' \t\n.,;:：。，!?*_`—"“”✓✔✅☑\ufe0f'


def wordless_spans(text: str) -> list[tuple[int, str]]:
    r"""Return the stretches of a text without words, and where each starts; a single letter is one as well.

    "the area is 25\pi cm^2" -> [(12, "25\pi cm^2")]
    """
    found, start = [], 0
    ends = [*((one.start(), one.end()) for one in TOKEN.finditer(text) if _is_word(one)), (len(text), len(text))]
    for end, after in ends:
        piece = text[start:end]
        span = _without_outer_marks(piece)
        if VALUE.search(span) and not span.endswith(("+", "*", "/", "=", "^")):
            found.append((start + piece.find(span), EMPHASIS.sub("", span)))
        start = after
    return found or ([(0, text)] if len(text) == 1 and text.isalpha() else [])


def word_count(text: str) -> int:
    """Return the number of words of a text, other than those of mathematics: "10 cm of rope" -> 2."""
    return sum(map(_is_word, TOKEN.finditer(text)))


def _is_word(token: re.Match[str]) -> bool:
    """Tell whether a token is a word, and neither a variable, a line segment nor a word of mathematics."""
    word = token["word"]
    if word is None or word == "|":
        return word is not None
    is_article = word in "aAI" and token.string[token.end() : token.end() + 1] == " "
    if SEGMENT.fullmatch(word) and OPERATOR_BESIDE.fullmatch(
        token.string[: token.start()][-3:].lstrip("0123456789.)}")
    ):
        return False
    is_variable = len(word) == 1 and word.isascii() and not is_article
    return not is_variable and not KEPT_WORDS.fullmatch(word)


def _without_outer_marks(span: str) -> str:
    """Return a stretch without the marks, conjunctions and open brackets around it."""
    before = ""
    while before != span:
        before = span
        span = LEADING_MARKS.sub("", span).rstrip(OUTER_MARKS).removesuffix("\\").removesuffix(" -")
        lead = LEADING_WORD.match(span)
        span = TRAILING_WORD.sub("", span[lead.end() :] if lead else span)
        span = span[:-1] if span.endswith(("(", "[", "{")) else span
        span = span[1:] if span.startswith((")", "]", "}", "=", "/")) else span
        span = span[:-1] if span.endswith(")") and span.count(")") > span.count("(") + span.count("[") else span
        span = span[1:] if span.startswith("(") and not set("()]") & set(span[1:]) else span
    return span


# Between dollar signs as in Pandoc, so that those of "$20 and $18" are prices.
FORMULA = re.compile(
    r"\$\$([^$]+)\$\$|\$(?!\s)([^$]*[^$\s])\$(?!\d)|\$(\s[^$]+\s)\$(?!\d)|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL
)
# A formula in a line of its own, with the line break in front of it.
DISPLAY_LINE = re.compile(r"[:\s]{0,9}\n\s{0,9}(\\\[|\$\$)\s{0,9}([^\n$]{1,300}?)\s{0,9}(\\\]|\$\$)")
BLOCK = r"(?:align|gather|equation)"
DISPLAY = re.compile(rf"(?:\\\[|\$\$|\\begin\{{{BLOCK}\*?\}})([^$]{{1,300}}?)(?:\\\]|\$\$|\\end\{{{BLOCK})")
# Stands between formulas that are one answer: "$x=2$ or $x=3$".
BETWEEN_FORMULAS = re.compile(r"\s?(?:,|and|or|,\s?and|,\s?or|和|或|、)\s?|\s(?:and|or)\s")
# A formula that is only the unit of the text before it: "12 $\text{cm}^2$", or an exponent: "$12$ cm$^2$".
ONLY_UNIT = re.compile(r"[\^_]|\\(?:text|mathrm|mbox)\s?\{[^{}]*\}\s?(?:\^\s?\{?\d\}?)?$")
UNIT_AFTER = re.compile(r"\s?([A-Za-z]{1,12}(?:/[A-Za-z]{1,3})?)\b")


def formulas_in(text: str) -> list[re.Match[str]]:
    """Return the formulas of a text that are not only a unit: "so $x = 3$ or $x = 5$" -> $x = 3$, $x = 5$."""
    return [one for one in FORMULA.finditer(text) if not ONLY_UNIT.match(formula_text(one))]


def formula_text(formula: re.Match[str]) -> str:
    """Return a formula without its delimiters: "$x = 3$" -> "x = 3"."""
    return str(next(filter(None, formula.groups()))).strip()


def first_formulas(text: str, found: list[re.Match[str]]) -> str:
    """Return the first formula, with those that a comma, an "and" or an "or" adds to it.

    "$x = 3$ or $x = 5$, as $y = 2$" -> "x = 3, x = 5"
    """
    count = 1
    while count < len(found) and BETWEEN_FORMULAS.fullmatch(text, found[count - 1].end(), found[count].start()):
        count += 1
    return _joined(text, found[:count])


def last_formulas(text: str, found: list[re.Match[str]]) -> str:
    """Return the last formula, with those in front that an "and" or an "or" joins with it.

    "as $y = 2$, we get $x = 3$ or $x = 5$" -> "x = 3, x = 5"
    """
    first = len(found) - 1
    while first > 0 and BETWEEN_FORMULAS.fullmatch(text, found[first - 1].end(), found[first].start()):
        if first == len(found) - 1 and text[found[first - 1].end() : found[first].start()].strip() == ",":
            break
        first -= 1
    return _joined(text, found[first:])


def with_displays_inline(text: str) -> str:
    """Return a text with formulas in lines of their own as part of the sentence before them."""
    return DISPLAY_LINE.sub(r" \1\2\3 ", text) if "\\[" in text or "$$" in text else text


def last_display(text: str) -> str | None:
    """Return the last formula that stands in lines of its own, or None."""
    found = DISPLAY.findall(text)
    return found[-1].strip() if found else None


def _joined(text: str, chosen: list[re.Match[str]]) -> str:
    """Join formulas with commas; a single one keeps the known unit behind it."""
    unit = UNIT_AFTER.match(text, chosen[0].end()) if len(chosen) == 1 else None
    behind = unit[0] if unit and KEPT_WORDS.fullmatch(unit[1]) and unit[1] not in ("and", "or", "per") else ""
    return ", ".join(map(formula_text, chosen)) + behind
