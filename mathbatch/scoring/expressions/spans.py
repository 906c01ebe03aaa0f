r"""The stretches of a text that are mathematics: `25\pi square units` of "so it is 25\pi square units, all told."."""

from __future__ import annotations

import re

from mathbatch.scoring.expressions.measures import UNIT_NAMES
from mathbatch.scoring.expressions.numbers import SCALE

FUNCTIONS = "sin|cos|tan|cot|sec|csc|log|ln|lg|exp|arcsin|arccos|arctan|sqrt|pi|mod|gcd|lcm|max|min|deg|and|or|per"
KEPT_WORDS = re.compile(rf"(?!in$)(?:{FUNCTIONS}|{UNIT_NAMES}|{SCALE}|square|cubic|sq|cu|units?)s?")
"""Words that mathematics has."""
TOKEN = re.compile(
    r"\\(?:text|mathrm|mbox|textbf|mathbf|operatorname)\s?\{[^{}]{0,80}\}|\{[A-Za-z]{3,}\}|\\[A-Za-z]+|\\."
    r"|(?P<word>(?<![\d})^_A-Za-z])[^\W\d_]+(?:['’][^\W\d_]+)?(?![\^_(])|(?<=[\d})])[^\W\d_]{4,}|(?<=\s)\|(?=\s))"
)
"""What may look like a word; the `xy` of `2xy` and of `xy^2` is none. A "|" stands between the cells of a table."""
VALUE = re.compile(
    r"\d|\\(?:pi|infty|emptyset|varnothing)\b|[A-Za-z]\s?[-+*/^_=<>(](?!\*)|(?<!\*)[-+*/^=<>](?!\*)\s?[A-Za-z]"
)
"""What a stretch without words must have to be worth anything."""
SEGMENT = re.compile(r"[A-Z]{2,3}")
"""Of "158 + AB"."""
OPERATOR_BESIDE = re.compile(r"\s?[-+*/=^]\s?")
LEADING_WORD = re.compile(r"(?:and|or|per|to|mod|min|in|m|s|A)\b(?!\s*[-+=^_(/*])\s*")
TRAILING_WORD = re.compile(r"\s(?:and|or|per|in|is)$")
EMPHASIS = re.compile(r"(?<![\w)])\*\*|\*\*(?![\w(])")
"""The bold of "= **16 m**", but not the power of "2**3"."""
OUTER_MARKS = ' \t\n.,;:：。，!?*_`—"“”'


def wordless_spans(text: str) -> list[tuple[int, str]]:
    """The stretches without words, and where each starts; a text that is one letter is one."""
    found, start = [], 0
    ends = [*((one.start(), one.end()) for one in TOKEN.finditer(text) if _is_word(one)), (len(text), len(text))]
    for end, after in ends:
        piece = text[start:end]
        run = _without_outer_marks(piece)
        if VALUE.search(run) and not run.endswith(("+", "*", "/", "=", "^")):
            found.append((start + piece.find(run), EMPHASIS.sub("", run)))
        start = after
    return found or ([(0, text)] if len(text) == 1 and text.isalpha() else [])


def word_count(text: str) -> int:
    return sum(map(_is_word, TOKEN.finditer(text)))


def _is_word(token: re.Match[str]) -> bool:
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


def _without_outer_marks(run: str) -> str:
    """Without the marks, the conjunctions and the open brackets around it."""
    before = ""
    while before != run:
        before = run
        run = run.strip(OUTER_MARKS).removesuffix("\\").removesuffix(" -")
        lead = LEADING_WORD.match(run)
        run = TRAILING_WORD.sub("", run[lead.end() :] if lead else run)
        run = run[:-1] if run.endswith(("(", "[", "{")) else run
        run = run[1:] if run.startswith((")", "]", "}", "=", "/")) else run
        run = run[:-1] if run.endswith(")") and run.count(")") > run.count("(") + run.count("[") else run
        run = run[1:] if run.startswith("(") and not set("()]") & set(run[1:]) else run
    return run


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
