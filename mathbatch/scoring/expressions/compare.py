r"""Compare an answer with the gold answer as text, as numbers with their units, then as mathematics.

    compare_with_gold("0.5", r"\frac{1}{2}") == ("correct", "equal as numbers")

The same text is correct before anything is read. What can't be read as a whole is only equal to the same text, and so
is a gold answer that the comparison can't tell from one with another number or sign.
"""

from __future__ import annotations

import functools
import itertools
import re

from mathbatch.scoring.expressions.arithmetic import value_of
from mathbatch.scoring.expressions.canonical_text import canonical_text
from mathbatch.scoring.expressions.equality import same_meaning
from mathbatch.scoring.expressions.evaluate import closed_value
from mathbatch.scoring.expressions.latex_parser import parse
from mathbatch.scoring.expressions.latex_tokens import MAX_LENGTH, UnreadableError
from mathbatch.scoring.expressions.measures import ValueWithUnit, split_unit, without_wording
from mathbatch.scoring.expressions.normalize import restore_backslashes, to_latex
from mathbatch.scoring.expressions.numbers import Number, as_number, as_spelled_number
from mathbatch.scoring.expressions.precision import last_decimal, same_number
from mathbatch.scoring.expressions.relations import exact_and_rounded, right_side, same_number_in_base
from mathbatch.scoring.expressions.spans import word_count
from mathbatch.scoring.expressions.times import as_time, same_time
from mathbatch.scoring.expressions.tree import Node
from mathbatch.scoring.expressions.units import are_interchangeable

# A gold answer of words, such as `\text{east}`.
WORDS_ONLY = re.compile(r"(?:\\(?:text|mathrm|mbox|textbf)\s?\{)?[^\W\d_]{2,}(?:[\s'’.-]+[^\W\d_]+)*\.?\}?")
# A value with a single letter right behind it, which in a gold answer is a variable rather than a unit: `8t`.
ENDS_IN_LETTER = re.compile(r".*[\d})](?<!circ)(?<!circ\})\s?(?:\\mathrm\s?\{\s?[A-Za-z]\s?\}|[A-Za-z])")
# Brackets of a vector.
ANGLE_BRACKET = re.compile(r"\\([lr])angle(?![A-Za-z])")
# An answer of more words than this, and than the gold answer, is prose.
MAX_WORDS = 4
BLANK_BESIDE_WORD = re.compile(r"(?<=[^\W\d_]|°)\s|\s(?=[^\W\d_])")
WHOLE_NUMBERS = re.compile(
    r",?\s?(?:\\(?:text|mathrm)\s?\{)?\s?(?:,|where|for|with)?\s?(?:any|all|every)?\s?(?:integers?|whole numbers?)"
    r"\s?\}?\s?\$?(?P<name>[a-z])\$?\.?\Z"
)
ORDINALS = {
    "first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th", "sixth": "6th", "seventh": "7th",
    "eighth": "8th", "ninth": "9th", "tenth": "10th", "eleventh": "11th", "twelfth": "12th",
}  # fmt: skip
SYMBOLS = {
    **dict.fromkeys(("all real numbers", "all reals", "real numbers", "the real numbers"), r"\mathbb{R}"),
    **dict.fromkeys(
        ("no solution", "no solutions", "there is no solution", "empty set", "the empty set"), r"\emptyset"
    ),
    "infinity": r"\infty",
    "converges": "convergent",
    "diverges": "divergent",
    **ORDINALS,
}
# Remark that a name stands for any whole number, in brackets or behind a word: `(k \in \mathbb{Z})`.
IN_WHOLE_NUMBERS = re.compile(
    r"[\s,;]*(?:\\(?:[ ,;]|q?quad))*\s*(?:\\text\s?\{[^{}]*\})?\s*\(?\s*(?P<name>[a-z])\s?"
    r"(?:\\in\s?(?:\\math(?:bb|bf)\s?\{?Z\}?|Z)|\\text\s?\{\s?is\s(?:an?|any)\s(?:integer|whole\snumber)\s?\})\s*\)?\s*\Z"
)
# A letter that stands alone, and Greek letters of which a small one has another meaning.
LETTER = re.compile(r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])")
GREEK_CAPITAL = re.compile(r"\\(?:Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega)(?![A-Za-z])")
DOLLAR = re.compile(r"(?<!\\)\$")
# A list of one gold answer in JSON or Python.
SINGLE = re.compile(r"""\s*\[\s*(["'])((?:(?!\1).)*)\1\s*\]\s*""", re.DOTALL)
QUOTES = {"'": "'", '"': '"', "“": "”", "‘": "’"}
CACHED_GOLDS = 4096
# Altered gold answers that are tried against the gold answer.
MAX_ALTERED = 24
INDISCRIMINATE = "the comparison can't tell this gold answer from one with {}: only the same text counts"
SAME_TEXT_ONLY = "the gold answer {}: only the same text counts"


def compare_with_gold(gold: str, answer: str, rounding: int = 6) -> tuple[str, str]:
    """Return verdict and reason for an answer; one that is given exactly and rounded may be right in either form.

    `gold` comes from `prepared_gold`; `rounding` is the number of decimals that count in a rounded number.
    """
    if len(answer) > max(MAX_LENGTH, 2 * len(gold)):
        return "wrong", "the answer is too long to be compared"
    answer = to_latex(without_math_delimiters(answer))
    answer = DOLLAR.sub("", answer) if answer.count("$") % 2 == 0 else answer
    if same_text(gold, answer):
        return "correct", "the same text"
    if (problem := why_indiscriminate(gold)) is not None:
        return "wrong", problem
    return _compare(_in_symbols(gold), _in_symbols(answer), rounding)


def _in_symbols(text: str) -> str:
    r"""Return the symbol for words that have one: "all real numbers" -> `\mathbb{R}`."""
    return SYMBOLS.get(without_wording(text).strip(" .").casefold(), text)


def _compare(gold: str, answer: str, rounding: int) -> tuple[str, str]:
    """Compare the forms of two answers, each of which may be given exactly and rounded."""
    pairs = itertools.product(exact_and_rounded(gold), exact_and_rounded(answer))
    found = [_compare_form(*pair, rounding) for pair in pairs]
    return next((one for one in found if one[0] == "correct"), found[0])


@functools.lru_cache(CACHED_GOLDS)
def why_indiscriminate(gold: str) -> str | None:
    """Return why only the same text is equal to a gold answer; None where answers of the same meaning are as well.

    `gold` comes from `prepared_gold`. It is compared with copies in which one digit or sign is another. A single number
    needs no such trial.
    """
    if _number(gold) or as_time(gold) or WORDS_ONLY.fullmatch(gold) or same_number_in_base(gold, gold):
        return None
    try:
        tree = _tree(split_unit(gold).value)
    except UnreadableError as error:
        return SAME_TEXT_ONLY.format(error)
    if closed_value(tree) is not None:
        return None
    altered = next((one for one in _altered(gold) if _compare(gold, one, 6)[0] == "correct"), None)
    return None if altered is None else INDISCRIMINATE.format(f"another number or sign, such as {altered}")


def _altered(gold: str) -> list[str]:
    """Return copies of a gold answer in which one digit, minus sign or inequality sign is another one."""
    found = []
    for match in re.finditer(r"\d|(?<=[\w)}])\s?[-+]|-|<|>|\\[lg]eq?(?![A-Za-z])", gold):
        shown = match[0].strip()
        if shown.isdigit():
            other = str(int(shown) % 9 + 1)
        else:
            signs = {"-": "+", "+": "-", "<": ">", ">": "<"}
            other = signs.get(shown) or shown.translate(str.maketrans("lg", "gl"))
        found.append(gold[: match.start()] + other + gold[match.end() :])
    step = max(1, len(found) // MAX_ALTERED)
    return found[::step]


def same_text(gold: str, answer: str) -> bool:
    """Tell whether both are the same text but for layout, blanks, and case where it tells no two names apart."""
    return gold == answer or (
        _without_blanks_at_words(gold) == _without_blanks_at_words(answer)
        and _names_of_case(gold) == _names_of_case(answer)
    )


def _names_of_case(text: str) -> list[str]:
    r"""Return the names of a text whose case counts: Greek letters, and all letters where one has both: `R = 2r`."""
    letters = set(LETTER.findall(text))
    has_both = any(one.swapcase() in letters for one in letters)
    return GREEK_CAPITAL.findall(text) + (LETTER.findall(text) if has_both else [])


def _compare_form(gold: str, answer: str, rounding: int) -> tuple[str, str]:
    """Compare one form of an answer: as text, as a time, in a base, in its unit, then by its value."""
    if same_text(gold, answer):
        return "correct", "the same text"
    time, other = as_time(gold), as_time(answer)
    if time is not None and other is not None:
        return ("correct", "the same time") if same_time(time, other) else ("wrong", "another time")
    if WORDS_ONLY.fullmatch(gold):
        return "wrong", "another text"
    if (same := same_number_in_base(gold, answer)) is not None:
        return ("correct", "equal in their bases") if same else ("wrong", "another number or another base")
    ours, theirs = (split_unit(without_wording(one)) for one in (answer if "=" in gold else right_side(answer), gold))
    if (
        ours.measure
        and theirs.measure
        and ours.measure != theirs.measure
        and not are_interchangeable(ours.measure, theirs.measure)
    ):
        return _compare_units(theirs, ours, rounding)
    if ours.measure is None and ENDS_IN_LETTER.fullmatch(gold):
        return _compare_values(gold, answer, rounding)
    return _compare_values(theirs.value, ours.value, rounding)


def _compare_values(gold: str, answer: str, rounding: int) -> tuple[str, str]:
    """Compare two values without units: as numbers, then as mathematics."""
    ours, theirs = as_number(answer) or as_spelled_number(answer), _number(gold)
    if ours is not None and theirs is not None:
        same = are_same_number(ours, theirs, rounding)
        return ("correct", "equal as numbers") if same else ("wrong", "different numbers")
    if word_count(answer) > max(MAX_WORDS, word_count(gold)):
        return "wrong", "words, and no value"
    try:
        tree, gold_tree = _tree(answer), _tree(gold)
    except UnreadableError as error:
        return "wrong", f"the answer {error}"
    numbers = closed_value(gold_tree) is not None and closed_value(tree) is not None
    if same_meaning(gold_tree, tree, rounding):
        return "correct", "equal as numbers" if numbers else "equal as mathematics"
    return "wrong", "different numbers" if numbers else "different"


def _number(gold: str) -> Number | None:
    """Return the number that a gold answer is; `6h` is none, since the letter may be a variable."""
    return None if ENDS_IN_LETTER.fullmatch(gold) else as_number(gold)


def _tree(text: str) -> Node:
    return parse(
        ANGLE_BRACKET.sub(
            lambda found: "(" if found[1] == "l" else ")",
            WHOLE_NUMBERS.sub(
                r", \g<name> \\in \\mathbb{Z}", IN_WHOLE_NUMBERS.sub(r", \g<name> \\in \\mathbb{Z}", text)
            ),
        )
    )


def _compare_units(gold: ValueWithUnit, answer: ValueWithUnit, rounding: int) -> tuple[str, str]:
    """Compare two values in different units; those of different kinds, such as metres and seconds, are never equal."""
    ours, theirs = value_of(answer.value), value_of(gold.value)
    measures = answer.measure, gold.measure
    if (
        ours is not None
        and theirs is not None
        and measures[0]
        and measures[1]
        and measures[0].powers == measures[1].powers
    ):
        factor = measures[0].size / measures[1].size
        unit = max(factor * last_decimal(parse(answer.value)), last_decimal(parse(gold.value)))
        if same_number(ours * factor, theirs, unit, rounding):
            return "correct", f"equal, {answer.unit} as {gold.unit}"
    return "wrong", f"the unit is {answer.unit}, not {gold.unit}"


def are_same_number(ours: Number, theirs: Number, rounding: int) -> bool:
    """Tell whether two numbers are equal, rounded ones to `rounding` decimals or significant digits.

    28% equals both 28 and 0.28, and 1.5 million equals both 1,500,000 and 1.5.
    """
    readings = [(ours.value * ours.scale, theirs.value * theirs.scale)]
    if ours.scale == 1 or theirs.scale == 1:
        readings.append((ours.value, theirs.value))
        readings.append((ours.value / (100 if ours.percent else 1), theirs.value / (100 if theirs.percent else 1)))
    unit = max(ours.unit_of_last_digit, theirs.unit_of_last_digit)
    return any(same_number(one, other, unit, rounding) for one, other in readings)


def _without_blanks_at_words(text: str) -> str:
    """Return the canonical text without blanks beside words: "N 34° W" -> "n34°w".

    Numbers keep theirs, since "2 1/2" is not "21/2", and so does a factorial its exclamation mark.
    """
    return BLANK_BESIDE_WORD.sub("", canonical_text(text.replace(r"\varnothing", r"\emptyset"))) + "!" * text.rstrip(
        "$ "
    ).endswith("!")


def prepared_gold(text: str) -> str:
    r"""Return a gold answer as LaTeX, without math delimiters and the list around it: `["$½$"]` -> `\frac{1}{2}`."""
    return to_latex(without_math_delimiters(restore_backslashes(SINGLE.sub(r"\2", text))))


def without_math_delimiters(text: str) -> str:
    r"""Return a formula without its delimiters: `$\frac{1}{2}$.` and `\[\frac{1}{2}\]` -> `\frac{1}{2}`."""
    text = text.strip().removesuffix(".").strip()
    if text[:1] in QUOTES and text[-1:] == QUOTES[text[:1]] and len(text) > 2:
        text = text[1:-1].strip()
    if text.startswith(("\\[", "\\(")) and text.endswith(("\\]", "\\)")):
        return text[2:-2].strip()
    inner = text.strip("$").strip()
    return inner if text.startswith("$") and text.endswith("$") and "$" not in inner else text
