r"""Find the choice that a text is, by the choices' own texts: as a whole, with its letter, or by its value.

With the choices "6", "6 \sqrt { 2 }" and "\frac{1}{2}":

    "6\sqrt{2}"   is the second choice as a whole
    "x = 6 cm"    is the first, without its left side and its unit
    "0.5"         has the value of the third
    "6\sqrt{3}"   is none of them, since its 6 does not stand alone

Functions return the place of a choice, counted from 0, or None where the text is no choice. `choice_mentions` finds the
choices that a sentence mentions.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from mathbatch.scoring.answers.choice_letters import ALPHABET, is_only_letters
from mathbatch.scoring.answers.stated import MAX_ANSWER, Rule, Stated
from mathbatch.scoring.answers.statements import first_sentence
from mathbatch.scoring.expressions.canonical_text import canonical_text, compact_text, places_of_same_text
from mathbatch.scoring.expressions.compare import compare_with_gold, prepared_gold
from mathbatch.scoring.expressions.numbers import as_number
from mathbatch.scoring.expressions.spans import formula_text, formulas_in

# Words in front of an answer: "So it is", "therefore, the answer is".
OPENING_WORDS = re.compile(
    r"[\s*_]*(?:(?:so|thus|hence|therefore|then|and|but)\b[,:]?\s)*(?:(?:it|this|that|the\sanswer)(?:\sis|['’]s)\s)?",
    re.IGNORECASE,
)
UP_TO_EQUALS = re.compile(r".*(?:=|≈|\\approx(?![A-Za-z]))", re.DOTALL)
# Stands behind a number and has numbers of its own: "2 zeros, at x = 1 and x = 3", "2 roots: 1 and 3".
CIRCUMSTANCE = re.compile(
    r"[,;(]?\s(?:at|when|where|whenever|if|for)\s[^,;=\n]{0,40}(?:=|\bis\b)(?:[^,;\n]|,\s?(?=\d|and\b|or\b)){1,60}\Z"
    r"|(?::|,\snamely)\s(?:[^\s,;:]{1,20},\s){0,9}[^\s,;:]{1,20},?\s(?:and|or)\s[^\s,;:]{1,20}\Z"
)
# Characters at the end of a text in which a circumstance is searched for; the bound keeps the search fast.
MAX_CIRCUMSTANCE = 150
# A unit behind a number, which may be missing in one of two texts: "60°", "10 cm", "5 m²".
UNIT_AT_END = re.compile(
    r"(?<=[\d)}iπ])\s*\*?(\\?[ ,]?\\(?:text|mathrm|mbox|rm)\s?\{[\s~]*[^{}\d]+\}|\\?degrees?|°|\^\s?\{?\s?\\circ\s?\}?"
    r"|(?:[cmkd]?m|[mk]?g|m?[lL]|s|h|ft|in|units?|cm/s|m/s|km/h)(?![A-Za-z])|[\u4e00-\u9fff]{1,4})"
    r"(\s?\^\s?\{?\s?[23]\s?\}?|[²³])?\s*$"
)
# A word that is neither a function nor a unit; a text that holds one is prose and no expression.
PROSE_WORD = re.compile(
    r"(?<![\\A-Za-z{])(?!(?:pi|sqrt|sin|cos|tan|cot|log|ln|cm|mm|km|ft|units?|degrees?)\b)[A-Za-z]{2,}|[\u3040-\u30ff\u4e00-\u9fff]"
)
WORD_IN_COMMAND = re.compile(r"\\(?:text|mathrm|mbox|textbf)\s?\{[\s~]*([A-Za-z]{2,})")
MATH_SIGN = re.compile(r"\d|\\?pi\b|π|[=^√]|\\[a-z]+")
# Characters of an expression that is compared with the choices by its value.
MAX_COMPARED = 200

# A text in LaTeX with words in front is at most 3 times as long as the choice that it is, and 80 characters more.
MAX_LENGTH_RATIO, EXTRA_LENGTH = 3, 80


def choice_as_whole(text: str, choices: Sequence[str]) -> int | None:
    r"""Return the choice that a text is as a whole, leaving out "so it is", a left side and a unit.

    "So it is 6\sqrt{2}" -> "6 \sqrt { 2 }", "x = 60°" -> "60"
    """
    if len(text) > EXTRA_LENGTH + MAX_LENGTH_RATIO * max(map(len, choices), default=0):
        return None
    words = ["" if _looks_like_letter(choice, text, len(choices)) else choice for choice in choices]
    bare = OPENING_WORDS.sub("", text, count=1) or text
    sides = [] if any("=" in choice for choice in choices) else [UP_TO_EQUALS.sub("", without_circumstance(bare))]
    for form in (text, bare, *sides):
        if same := places_of_same_text(form, words):
            return same[0] if are_same_choice(same, choices) else None
    return _choice_without_unit(sides[0] if sides else bare, words)


def without_circumstance(text: str) -> str:
    """Return a sentence without the circumstance that it adds to its number.

    "the area is 15 when the base is 5" -> "the area is 15"
    """
    place = CIRCUMSTANCE.search(text, max(len(text) - MAX_CIRCUMSTANCE, 0))
    return text[: place.start()] if place and any(map(str.isdigit, text[: place.start()])) else text


def choice_with_letter(text: str, choices: Sequence[str]) -> int | None:
    """Return the choice that a text gives together with its letter: "(B) 60°"."""
    words = canonical_text(text).strip("()* ")
    place = ALPHABET[: len(choices)].find(words[:1].upper()) if words else -1
    return place if place >= 0 and words[1:].lstrip(").:* ") == canonical_text(choices[place]) else None


def opening_answer(text: str, choices: Sequence[str], allowed: str) -> Stated | None:
    r"""Return the first line or sentence where that is a letter, a choice's text or both, and an explanation follows.

    "(B) 60°\nSince AO is parallel..." -> "(B) 60°", in the first line
    """
    line, first = text[: MAX_ANSWER + 1].partition("\n")[0].strip(), first_sentence(text)
    for one, rule in ((line, Rule.FIRST_LINE), (first.text if first else "", Rule.FIRST_SENTENCE)):
        if (
            one
            and one != text
            and len(one) <= MAX_ANSWER
            and text.startswith(one)
            and _is_answer(one, choices, allowed)
        ):
            return Stated(one, rule)
    return None


def lists_choices(text: str, choices: Sequence[str]) -> bool:
    """Tell whether a text is nothing but a list of several choices, one a line, so that it chooses none of them."""
    lines = [one for one in text[:MAX_ANSWER].splitlines() if one.strip()]
    listed = [choice_with_letter(one, choices) for one in lines]
    return len(set(listed)) > 1 and None not in listed


def _is_answer(line: str, choices: Sequence[str], allowed: str) -> bool:
    """Tell whether a line is a choice's text, with or without its letter, or nothing but letters."""
    texts = (choice_as_whole(line, choices), choice_with_letter(line, choices))
    return texts != (None, None) or is_only_letters(line, allowed)


def _looks_like_letter(choice: str, text: str, count: int) -> bool:
    """Tell whether a choice looks like the letter of one, so that the text may mean either.

    The choices of MathVista 849 are (c), (d), (a), (b), (e): "(b)" is the text of the fourth, but "(B)" the letter of
    the second.
    """
    core = compact_text(choice).strip("().")
    looks = len(core) == 1 and core.upper() in ALPHABET[:count]
    return looks and not (choice == text.strip(" .$*") and choice.startswith("(") and choice.islower())


def _choice_without_unit(text: str, choices: Sequence[str]) -> int | None:
    r"""Return the choice that a text is where only one of the two has a unit: "10\sqrt{3}" and "10√{3}m"."""
    core = _without_unit(text)
    others = [
        _without_unit(choice) if (_without_unit(choice) == choice) != (core == text) else "" for choice in choices
    ]
    same = places_of_same_text(core, others)
    return same[0] if same and are_same_choice(same, choices) else None


@functools.lru_cache(4096)
def _without_unit(text: str) -> str:
    return UNIT_AT_END.sub("", text)


def choice_by_value(text: str, choices: Sequence[str]) -> int | None:
    r"""Return the choice that has the value of an expression: "0.5" -> "\frac{1}{2}".

    A text that is no expression has no value.
    """
    text = text.strip(" *")
    number = as_number(text)
    if number is not None:
        values = [as_number(choice) for choice in choices]
        same = [place for place, value in enumerate(values) if value is not None and value.value == number.value]
        if same:
            return same[0] if are_same_choice(same, choices) else None
    if not is_expression(text) or len(text) > MAX_COMPARED:
        return None
    same = [
        place
        for place, choice in enumerate(choices)
        if is_expression(choice) and compare_with_gold(prepared_gold(choice), text)[0] == "correct"
    ]
    return same[0] if same and are_same_choice(same, choices) else None


def choice_in_last_formula(text: str, choices: Sequence[str]) -> int | None:
    r"""Return the choice that the last formula of a sentence is: "so $x = \sqrt{18}$" -> "3√2"."""
    formulas = formulas_in(text)
    if not formulas:
        return None
    formula = formula_text(formulas[-1])
    place = choice_as_whole(formula, choices)
    return choice_by_value(UP_TO_EQUALS.sub("", formula), choices) if place is None else place


def is_expression(text: str) -> bool:
    """Tell whether a text is mathematics without words other than units, so that no part of it is an answer."""
    core = UNIT_AT_END.sub("", text.strip().rstrip("."))
    return (
        MATH_SIGN.search(core) is not None and PROSE_WORD.search(core) is None and WORD_IN_COMMAND.search(core) is None
    )


def are_same_choice(places: Sequence[int], choices: Sequence[str]) -> bool:
    """Tell whether the choices at some places have one text, since some datasets list a choice twice."""
    return len({compact_text(choices[place]) for place in places}) == 1
