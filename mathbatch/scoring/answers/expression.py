r"""Read the expression that a response states as its answer, from the strongest statement that has one.

    "The radius is 5. So the area is 25π."  ->  "25\pi"
    "The answer is 7, not 8."               ->  "7"

A statement that denies ("it is not 7") or bounds ("more than 7") states no value.
"""

from __future__ import annotations

import re

from mathbatch.config.templates.boxed import is_cut
from mathbatch.scoring.answers.cues import BOUND_BEFORE, DENIES
from mathbatch.scoring.answers.number_in_sentence import (
    number_stated_in,
    numbers_in_digits_or_words,
    with_decimal_point,
)
from mathbatch.scoring.answers.readable import answer_part
from mathbatch.scoring.answers.sentences import SENTENCE_WINDOW, is_cut_off, is_refusal, is_statement
from mathbatch.scoring.answers.side_remarks import is_denied_or_bound, without_side_remarks
from mathbatch.scoring.answers.stated import EXPLICIT, MAX_ANSWER, Rule, Stated
from mathbatch.scoring.answers.statements import closing_statements, statements
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
# Stands in front of a stated value: "x equals ", "it is about ".
STATING_BEFORE = re.compile(
    r"(?:\b(?:is|are|was|were|be|equals?|gives?|makes?|has|have|had|get|to|obtain|approximately|about|exactly|only"
    r"|ist|es)\b|[:=≈：是为])[\s*_$(]{0,9}$",
    re.IGNORECASE,
)
# A note for a calculator in the solutions of GSM8K: "9 * 2 = $<<9*2=18>>18".
CALCULATOR_NOTE = re.compile(r"<<[^<>\n]{0,200}>>")
WORD = re.compile(r"(?<![\\A-Za-z])[^\W_]")
# Words and characters. A response that is no longer is an answer, whatever it says.
MAX_BARE_WORDS, MAX_BARE_LENGTH = 3, 100
# A response that starts with its answer: "x = 7. Check: 2 * 7 + 1 = 15".
ANSWER_THEN_EXPLANATION = re.compile(
    r"([^\n]{0,60}?[\d$})°])\.?\s{1,9}\W{0,4}(?:explanation|because|check|reason|verification|this\sis\s(?:because|since))\b",
    re.IGNORECASE,
)
# How many there are, and then which: "there are 4 integers $n$ with $1 \le n \le 4$".
COUNT = re.compile(
    r"\W{0,4}(?:(?!(?:since|as|if|because|when|suppose|given)\b)[A-Za-z]+,?\s){0,4}?there\s(?:are|were|exist)\s"
    r"(?:(?:a\stotal\sof|exactly|only|now|still)\s)?(?:\$|\\\()?\s?(\d[\d,]{0,20})\s?(?:\$|\\\))?(?![^\n:]{0,200}=\s?\$?\d[\d.,]*+(?![A-Za-z\\^]))"
    r"(?:\s(?:[A-Za-z-]{2,20}|\$[A-Za-z]\$)){1,6}?"
    r"(?:(?P<listed>:|,\s(?:namely|that\sis|i\.e\.))|\s(?:with|that|such|satisfying|from|between|for\swhich|of\s\$)|\.?$)",
    re.IGNORECASE,
)
AND_A_PART = re.compile(r"\band\sa\s(?:half|third|quarter)\b", re.IGNORECASE)
# Letters that are the answer together: "the corners are A, C and E".
LETTERS_LISTED = re.compile(r"\b(?:are|is|be)\s((?:[A-Z](?:,\s|,?\sand\s)){1,9}[A-Z])\W*\Z")
# Stands in front of a formula that is stated at once: "approximately ".
FIRST = re.compile(
    r"(?:\W|\b(?:[a-z]+ly|about|around|just|only|also|thus|either|the|an?|at\s(?:most|least)|[A-Za-z]\s?=))*",
    re.IGNORECASE,
)
VALUE_FIRST = re.compile(rf"{FIRST.pattern}(-?\d[\d.,/]*\d|\d)(?=\s\(|[,;]\s)")
# Stands behind a formula of which something is said: "$f(x)$ has its minimum".
PREDICATE = re.compile(
    r"\s(?:is|are|was|were|has|have|equals?|gives?|becomes?|takes?|can|must|may|could|should|will)\b"
)
# Formula that is only the name of something.
NAME = re.compile(r"\\?[A-Za-z]{1,8}(?:_\{?\w{1,5}\}?)?(?:\([A-Za-z]\))?")
# A remark in words behind a value: "26 (if zero counts)".
ASIDE = re.compile(r"(?<=[\w$})%])\s?\((?!\s?(?:or|possibly|maybe|perhaps)\b)[^()\d\\$]*[a-z]{2}[^()\\$]*\)(?=\W|$)")
ALTERNATIVE_IN_BRACKETS = re.compile(
    r"(?:\s|\\[ ,;])*\((?:\\(?:text|mathrm|mbox)\s?\{)?\s?(?:or|possibly|maybe|perhaps)(?:\s\w+)?[\s}]+([^()]{1,40})\)"
)
# Stands between two numbers of which one would be the answer.
BETWEEN_ALTERNATIVES = re.compile(
    r"(?<=\d)(?:\s?\|\s?|,?\s(?:possibly|maybe|perhaps|vs\.?|versus)\s)(?=-?\d)(?![^\n]*\|)"
)
# Stands behind a formula that is the answer: "$n = 4$ is the smallest integer such that $n^2 > 10$".
SOLVES_AFTER = re.compile(r"\s(?:satisf(?:ies|y)|solves?|is\sthe\s(?:only|unique|smallest|largest|least|greatest))\b")
# Stands behind a formula whose value follows in words: "the value of $n$ is 36".
VALUE_AFTER = re.compile(r"(?:,?\s[^$\n=]{0,60})?\s(?:is|are|was|were|equals?|by|get|gives?|has|have)\s[^$\n]{0,20}\d")


def stated_expressions(response: str) -> list[Stated]:
    """Return the expressions that a response states as its answer, or none where it states no value.

        "So the answer is $x = 3$." -> ["x = 3"], "there are 2 roots: 3 and 5" -> ["2", "3 and 5"]

    The second has two, since the question alone tells whether the count or the roots are asked for.
    """
    introduced = next((one for one in statements(response) if one.rule in EXPLICIT), None)
    if introduced is not None:
        return _from_explicit(introduced)
    part = answer_part(response).strip()
    if is_cut(part) or is_cut_off(part) or is_refusal(part):
        return []  # of \boxed{12 nobody knows whether more was to come
    if part.startswith("> ") and "\n" not in part:  # a quoted line or a bound
        return [Stated(part, Rule.WHOLE_RESPONSE), Stated(part[2:].strip(), Rule.WHOLE_RESPONSE)]
    first = ANSWER_THEN_EXPLANATION.match(part)
    bold = _bold_line(part)
    return [bold] if bold else _in_sentences(first[1] if first and not word_count(to_latex(first[1])) else part)


def _from_explicit(stated: Stated) -> list[Stated]:
    """Return a box as it is, and of other explicit statements the expression in the sentence around it."""
    text = stated.text.strip().strip("*").strip()
    if len(text) > MAX_ANSWER:
        return [stated]
    if stated.rule == Rule.BOXED:
        return _with_decimal_comma(Stated(without_hedges(text), stated.rule))
    text = text.partition(" \\boxed{")[0]  # of one that is not closed nothing is read
    text = with_words_as_signs(without_side_remarks(without_hedges(text)))
    found = formulas_in(text)
    if found and (value := VALUE_FIRST.match(text, 0, found[0].start())):
        return _with_decimal_comma(Stated(to_latex(value[1]), stated.rule))
    in_sentence = found and (not FIRST.fullmatch(text, 0, found[0].start()) or PREDICATE.match(text, found[0].end()))
    if in_sentence and (said := expressions_stated_in(text)):
        return [Stated(one, stated.rule) for one in said]
    reading = (
        first_formulas(text, found)
        if found
        else _first_expression(to_latex(text).strip(" *。").removesuffix(".").strip())
    )
    return _with_decimal_comma(Stated(reading, stated.rule)) if reading else []


def _with_decimal_comma(stated: Stated) -> list[Stated]:
    """Return a statement, and with a decimal point where its comma may be one: "3,5" -> "3,5" and "3.5"."""
    other = with_decimal_point(stated.text)
    return [stated] if other == stated.text else [stated, Stated(other, stated.rule)]


def without_hedges(text: str) -> str:
    r"""Return a text with all alternatives that it names in one list, so that no single one of them is the answer.

    `26 \\ (\text{or } 31)`, "26 (if zero counts) | 31 (if not)" -> "26, 31"
    """
    text = ASIDE.sub("", text)
    text = ALTERNATIVE_IN_BRACKETS.sub(r", \1", text)
    return BETWEEN_ALTERNATIVES.sub(", ", text)


def _first_expression(text: str) -> str | None:
    """Return the first expression of a text, or the whole text where no number is in it either.

        "12 cm, as calculated" -> "12 cm", "more than 5" -> "more than 5", "not 5" -> None

    Where words in front bound the expression, the whole text is returned with them.
    """
    found = wordless_spans(text)
    before = text[: found[0][0]] if found else text
    if DENIES.search(before):
        return None
    if found:
        return text if BOUND_BEFORE.search(before) else found[0][1]
    number = spelled_fraction_in(text) or next(iter(numbers_in_digits_or_words(text)), None)
    return number.shown if number else text


def _bold_line(part: str) -> Stated | None:
    """Return the first or last line where that is a value in bold and nothing else: "**12**"."""
    for line in (part.partition("\n")[0], part.rpartition("\n")[2]):
        found = BOLD_LINE.fullmatch(line.strip())
        text = to_latex(found[1]).strip() if found else ""
        if VALUE.search(text) and not word_count(text):
            return Stated(text, Rule.BOLD)
    return None


def _in_sentences(part: str) -> list[Stated]:
    """Read the last conclusion, else the last sentence, else the last formula in a line of its own."""
    text = with_words_as_signs(with_displays_inline(CALCULATOR_NOTE.sub("", part[-SENTENCE_WINDOW:])))
    for stated in closing_statements(text):
        found = expressions_stated_in(stated.text)
        if found:
            return [form for one in found for form in _with_decimal_comma(Stated(one, stated.rule))]
    display = last_display(part[-SENTENCE_WINDOW:])
    if display:
        return [Stated(display, Rule.LAST_FORMULA)]
    is_short = len(part) <= MAX_BARE_LENGTH and len(part.split()) <= MAX_BARE_WORDS and WORD.search(part)
    return [Stated(part, Rule.WHOLE_RESPONSE)] if is_short and is_statement(part) and not DENIES.search(part) else []


def expressions_stated_in(sentence: str) -> list[str]:
    """Return the count that a sentence states, where it states one, and its stated expression.

    "there are 2 roots: 3 and 5" -> ["2", "3 and 5"], "there are 4 integers with n < 5" -> ["4"]
    """
    counted = COUNT.match(sentence)
    stated = expression_stated_in(sentence) if counted is None or counted["listed"] else None
    return [*dict.fromkeys(filter(None, [counted and counted[1], stated]))]


def expression_stated_in(sentence: str) -> str | None:
    """Return the expression that a sentence states, or None: "so $x = 3$, since $2x = 6$" -> "x = 3"."""
    text = without_side_remarks(sentence)
    if listed := LETTERS_LISTED.search(text):
        return re.sub(r",?\sand\s", ", ", listed[1])
    found = formulas_in(text)
    if not found:
        return _outside_formulas(to_latex(text).strip())
    solving = next((one for one in found if "=" in formula_text(one) and SOLVES_AFTER.match(text, one.end())), None)
    if solving is not None:
        return formula_text(solving)
    is_name = NAME.fullmatch(formula_text(found[-1])) and re.search(r"\d", text[found[-1].end() :])
    if is_name or VALUE_AFTER.match(text, found[-1].end()):
        return _outside_formulas(to_latex(text[found[-1].end() :]).strip())
    return None if is_denied_or_bound(text[: found[-1].start()]) else last_formulas(text, found)


def _outside_formulas(text: str) -> str | None:
    """Return the expression that a text without formulas states: "the sum is 3 + x" -> "3 + x".

    It is the last one that has an equals sign or stands behind a stating word, else that of the stated number.
    """
    every = wordless_spans(text)
    found = [(start, span) for start, span in every if "=" in span or not is_denied_or_bound(text[:start])]
    for start, span in reversed(found):
        if "=" in span or STATING_BEFORE.search(text[max(start - 40, 0) : start]):
            return span
    if found and not word_count(text):
        return found[-1][1]
    number = None if found or AND_A_PART.search(text) else spelled_fraction_in(text)
    number = number or number_stated_in(text)
    if number is None:
        return found[0][1] if len(found) == 1 else None
    around = _span_with_number(number, every)
    if around is None:
        return None if DENIES.search(text) else number.shown
    return around[1] if around in found else None


def _span_with_number(number: Number, every: list[tuple[int, str]]) -> tuple[int, str] | None:
    """Return the span that holds a number, the nearest one where several do.

    The places of number and spans are those of two notations of one text, so that they differ a little.
    """
    pattern = re.compile(rf"(?<![\d.]){re.escape(number.shown)}(?!\d)")
    holding = [(start, span) for start, span in every if pattern.search(to_number_notation(span))]
    return min(holding, key=lambda one: abs(one[0] - number.start), default=None)
