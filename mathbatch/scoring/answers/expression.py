r"""The expression that a response states as its answer: that of one statement, the strongest that has any.

    "The sides are 3 and 4. So the area is 25π square units."   states   25\pi square units
    "The answer is 7, not 8."                                    states   7

A statement that denies ("it is not 7") or bounds ("more than 7") states no value.
"""

from __future__ import annotations

import re

from mathbatch.config.templates.boxed import is_cut
from mathbatch.scoring.answers.cues import BOUND_BEFORE, DENIES, is_denied_or_bound, without_side_remarks
from mathbatch.scoring.answers.number_in_sentence import number_stated_in, numbers_in_digits_or_words
from mathbatch.scoring.answers.statements import (
    EXPLICIT,
    SENTENCE_WINDOW,
    Rule,
    Stated,
    is_statement,
    last_conclusion,
    last_sentence,
    statements,
    without_middle,
)
from mathbatch.scoring.answers.tags import final_part
from mathbatch.scoring.expressions.normalize import to_latex, to_number_notation
from mathbatch.scoring.expressions.numbers import Number, spelled_fraction_in, with_words_as_signs
from mathbatch.scoring.expressions.spans import (
    VALUE,
    first_formulas,
    formula_text,
    formulas_in,
    last_display,
    last_formulas,
    with_displays_inline,
    word_count,
    wordless_spans,
)

BOLD_LINE = re.compile(r"\*\*([^*\n]{1,60})\*\*\.?")
STATING_BEFORE = re.compile(
    r"(?:\b(?:is|are|was|were|be|equals?|gives?|makes?|has|have|had|get|to|obtain|approximately|about|exactly|only"
    r"|ist|es)\b|[:=≈：是为])[\s*_$(]{0,9}$",
    re.IGNORECASE,
)
CALCULATOR_NOTE = re.compile(r"<<[^<>\n]{0,200}>>")
"""What GSM8K's solutions note for a calculator: "9 * 2 = $<<9*2=18>>18"."""
WORD = re.compile(r"(?<![\\A-Za-z])[^\W_]")
MAX_BARE_WORDS, MAX_BARE_LENGTH = 3, 100
"""Words, and characters. A response that is no longer is an answer, whatever it is."""
ANSWER_THEN_EXPLANATION = re.compile(
    r"([^\n]{0,60}?[\d$})°])\.?\s{1,9}\W{0,4}(?:explanation|because|check|reason|verification|this\sis\s(?:because|since))\b",
    re.IGNORECASE,
)
"""An answer that comes first: "x = 7. Check: 2 * 7 + 1 = 15"."""
COUNT = re.compile(
    r"\W{0,4}(?:(?!(?:since|as|if|because|when|suppose|given)\b)[A-Za-z]+,?\s){0,4}?there\s(?:are|were|exist)\s"
    r"(?:(?:a\stotal\sof|exactly|only|now|still)\s)?(?:\$|\\\()?\s?(\d[\d,]{0,20})\s?(?:\$|\\\))?(?![^\n:]{0,200}=\s?\$?\d)"
    r"(?:\s(?:[A-Za-z-]{2,20}|\$[A-Za-z]\$)){1,6}?"
    r"(?:(?P<listed>:|,\s(?:namely|that\sis|i\.e\.))|\s(?:with|that|such|satisfying|from|between|for\swhich|of\s\$)|\.?$)",
    re.IGNORECASE,
)
"""How many there are, before which these are: "there are 4 integers $n$ with $1 \\le n \\le 4$"."""
SOLVES_AFTER = re.compile(r"\s(?:satisf(?:ies|y)|solves?|is\sthe\s(?:only|unique|smallest|largest|least|greatest))\b")
"""Behind a formula that is the answer: "$n = 4$ is the smallest integer such that $n^2 > 10$"."""
VALUE_AFTER = re.compile(r"\s(?:is|are|was|were|equals?)\s[^$\n]{0,20}\d")
"""Behind a formula: "the value of $n$ is 36"."""


def stated_expressions(response: str) -> list[Stated]:
    """What a response states as its answer; nothing where it states no value. Of "there are 2 roots: 3 and 5" both the
    count and the roots, since the question tells which of them is asked for."""
    introduced = next((one for one in statements(response) if one.rule in EXPLICIT), None)
    if introduced is not None:
        return [*filter(None, [_from_explicit(introduced)])]
    part = without_middle(final_part(response)).strip()
    if is_cut(part):
        return []  # of \boxed{12 nobody knows whether more was to come
    first = ANSWER_THEN_EXPLANATION.match(part)
    bold = _bold_line(part)
    return [bold] if bold else _in_sentences(first[1] if first and not word_count(to_latex(first[1])) else part)


def _from_explicit(stated: Stated) -> Stated | None:
    """A box is the answer; what follows the answer's mark may be a sentence around it."""
    text = stated.text.strip().strip("*").strip()
    if stated.rule == Rule.BOXED:
        return Stated(text, stated.rule)
    text = with_words_as_signs(without_side_remarks(text))
    found = formulas_in(text)
    reading = (
        first_formulas(text, found)
        if found
        else _first_expression(to_latex(text).strip(" *。").removesuffix(".").strip())
    )
    return Stated(reading, stated.rule) if reading else None


def _first_expression(text: str) -> str | None:
    """The first expression; the whole text where its words bound it, or where there is no number either."""
    found = wordless_spans(text)
    before = text[: found[0][0]] if found else text
    if DENIES.search(before):
        return None
    if found:
        return text if BOUND_BEFORE.search(before) else found[0][1]
    number = spelled_fraction_in(text) or next(iter(numbers_in_digits_or_words(text)), None)
    return number.shown if number else text


def _bold_line(part: str) -> Stated | None:
    """A first or last line that is nothing but a value in bold."""
    for line in (part.partition("\n")[0], part.rpartition("\n")[2]):
        found = BOLD_LINE.fullmatch(line.strip())
        text = to_latex(found[1]).strip() if found else ""
        if VALUE.search(text) and not word_count(text):
            return Stated(text, Rule.BOLD)
    return None


def _in_sentences(part: str) -> list[Stated]:
    """Of the conclusion, of the last sentence, else the last formula that stands alone."""
    text = with_words_as_signs(with_displays_inline(CALCULATOR_NOTE.sub("", part[-SENTENCE_WINDOW:])))
    for stated in filter(None, (last_conclusion(text), last_sentence(text))):
        found = expressions_stated_in(stated.text)
        if found:
            return [Stated(one, stated.rule) for one in found]
    display = last_display(part[-SENTENCE_WINDOW:])
    if display:
        return [Stated(display, Rule.LAST_FORMULA)]
    is_short = len(part) <= MAX_BARE_LENGTH and len(part.split()) <= MAX_BARE_WORDS and WORD.search(part)
    return [Stated(part, Rule.WHOLE_RESPONSE)] if is_short and is_statement(part) and not DENIES.search(part) else []


def expressions_stated_in(sentence: str) -> list[str]:
    """How many there are, where a sentence says so, and the expression that it states unless that only bounds them."""
    counted = COUNT.match(sentence)
    stated = expression_stated_in(sentence) if counted is None or counted["listed"] else None
    return [*dict.fromkeys(filter(None, [counted and counted[1], stated]))]


def expression_stated_in(sentence: str) -> str | None:
    """The expression that a sentence states, None where it states none."""
    text = without_side_remarks(sentence)
    found = formulas_in(text)
    if not found:
        return _outside_formulas(to_latex(text).strip())
    solving = next((one for one in found if "=" in formula_text(one) and SOLVES_AFTER.match(text, one.end())), None)
    if solving is not None:
        return formula_text(solving)
    if VALUE_AFTER.match(text, found[-1].end()):
        return _outside_formulas(to_latex(text[found[-1].end() :]).strip())
    return None if is_denied_or_bound(text[: found[-1].start()]) else last_formulas(text, found)


def _outside_formulas(text: str) -> str | None:
    """The last expression that has a "=" or stands behind an "is", else that of the number that the text states."""
    every = wordless_spans(text)
    found = [(start, run) for start, run in every if "=" in run or not is_denied_or_bound(text[:start])]
    for start, run in reversed(found):
        if "=" in run or STATING_BEFORE.search(text[max(start - 40, 0) : start]):
            return run
    if found and not word_count(text):
        return found[-1][1]
    number = (None if found else spelled_fraction_in(text)) or number_stated_in(text)
    if number is None:
        return found[0][1] if len(found) == 1 else None
    around = _span_with_number(number, every)
    if around is None:
        return None if DENIES.search(text) else number.shown
    return around[1] if around in found else None


def _span_with_number(number: Number, every: list[tuple[int, str]]) -> tuple[int, str] | None:
    """The stretch that holds a number; its place is that in another notation, so of several the nearest."""
    pattern = re.compile(rf"(?<![\d.]){re.escape(number.shown)}(?!\d)")
    holding = [(start, run) for start, run in every if pattern.search(to_number_notation(run))]
    return min(holding, key=lambda one: abs(one[0] - number.start), default=None)
