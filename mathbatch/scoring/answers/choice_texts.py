r"""Find the choice that a text means, by the choices' own texts: as a whole, by a part of it, or by its value.

With the choices "6", "6 \sqrt { 2 }" and "\frac{1}{2}":

    "6\sqrt{2}"    is the second choice as a whole
    "it is 6 cm"   names the first
    "0.5"          has the value of the third
    "6\sqrt{3}"    is none of them, since its 6 does not stand alone

Functions return the place of a choice, counted from 0, or None where the text is no choice.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from mathbatch.scoring.answers.choice_letters import ALPHABET, is_only_letters
from mathbatch.scoring.answers.number_in_sentence import number_stated_in
from mathbatch.scoring.answers.statements import MAX_ANSWER, READ_WINDOW, Rule, Stated, first_sentence
from mathbatch.scoring.expressions.canonical_text import canonical_text, compact_text, places_of_same_text
from mathbatch.scoring.expressions.compare import compare_with_gold
from mathbatch.scoring.expressions.normalize import to_number_notation
from mathbatch.scoring.expressions.numbers import Number, as_number
from mathbatch.scoring.expressions.size_guard import is_safe_expression

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
INLINE_FORMULA = re.compile(r"\$([^$]{1,200})\$|\\\((.{1,200}?)\\\)|\\\[(.{1,200}?)\\\]")
MAX_FORMULAS = 20

# Stands in front of a part of an expression: an operator, or a minus that is no dash behind a word.
OPERATOR_BEFORE = re.compile(
    r"(?:[√^]|[\w)°!]\s?[+*/|]|[<>]=?|\d[.,:]|\(-?\d+,\s|(?:\b[a-z]|\d|[)=°(]|pi)\s?-)\s?\Z|(?:\s|\A)-\Z"
)
# Stands behind a part of an expression: an operator, or a factor that is no unit.
OPERATOR_AFTER = re.compile(
    r"\s?(?:[√^!]|[+*/](?=\s?[\w(√\\-])|-(?=\s?(?:[\d(√]|[a-z]\b|pi\b))|[<>]|\((?=[\d√a-z]))|[.,/:]\d|,\s-?\d+\)"
    r"|\s?(?:pi|sqrt)\b|\s?\\(?!(?:text|mathrm|mbox|rm|circ|degree|quad)(?![a-z]))[a-z]|\s?[a-fi-kn-rt-z](?![\w'])"
)
# Stands in front of what is denied: "not ", "instead of the ".
DENIAL_BEFORE = re.compile(
    r"(?:\b(?:not|never|nor|neither|rather\sthan|instead\sof|unlike|without)|n['’]t)(?:\sbe)?(?:\s(?:the|a|an|in|on))?\s\Z"
)
# Stands behind what is denied: "half is wrong".
DENIAL_AFTER = re.compile(
    r"\s(?:is|are|was|were|would\sbe)\s(?:not|wrong|incorrect|false|impossible|too|ruled|never)\b"
)
# Stands in front of what something is compared with: "higher than the value of France".
COMPARISON_BEFORE = re.compile(
    r"\b(?:than|followed\sby|compared\s(?:to|with)|relative\sto|ahead\sof|versus|exceeds?|surpass(?:es)?)"
    r"(?:\s(?:the|that|those))?(?:(?:\s[a-z]{1,12})?\s(?:of|in|for|by))?(?:\s(?:the|an?))?\s\Z"
)
# Shows that a name starts a clause of its own and is not compared: "higher than France, and Italy is lower".
VERB_AFTER = re.compile(r"\s(?:is|are|was|were|has|have|had)\b")
# Stands between two texts of which neither is the answer: "3 or 4".
BETWEEN_ALTERNATIVES = re.compile(r"[\s,;]*(?:\b(?:and|or)\b)?[\s,;]*(?:(?:the|a|an)\s)?\Z")
# Stands behind a number that is one of several: "3 or 4".
ALTERNATIVE_AFTER = re.compile(r"\s?(?:,\s)?\b(?:or|and|to)\s\W{0,3}\d")
# Shows that a "no" is no answer, since a noun follows: "no doubt".
NOUN_AFTER_NO = re.compile(
    r"\s(?!(?:because|since|as|for|so|and|but|it|its|they|he|she|there|this|that|the|we|you|i)\b)\w"
)
# Characters on either side of a match that are looked at.
CONTEXT = 30
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
            return same[0] if _are_same_choice(same, choices) else None
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
    return same[0] if same and _are_same_choice(same, choices) else None


@functools.lru_cache(4096)
def _without_unit(text: str) -> str:
    return UNIT_AT_END.sub("", text)


def choice_by_value(text: str, choices: Sequence[str]) -> int | None:
    r"""Return the choice that has the value of an expression: "0.5" -> "\frac{1}{2}".

    A text that is no expression has no value.
    """
    number = as_number(text)
    if number is not None:
        values = [as_number(choice) for choice in choices]
        same = [place for place, value in enumerate(values) if value is not None and value.value == number.value]
        if same:
            return same[0] if _are_same_choice(same, choices) else None
    core = _computable_latex(text)
    if not core or not is_safe_expression(core):
        return None
    same = [place for place, choice in enumerate(map(_computable_latex, choices)) if choice and _is_equal(choice, core)]
    return same[0] if same and _are_same_choice(same, choices) else None


def choice_in_last_formula(text: str, choices: Sequence[str]) -> int | None:
    r"""Return the choice that the last formula of a sentence is: "so $x = \sqrt{18}$" -> "3√2"."""
    formulas = [next(filter(None, one.groups())) for one in INLINE_FORMULA.finditer(text)][-MAX_FORMULAS:]
    if not formulas:
        return None
    place = choice_as_whole(formulas[-1], choices)
    return choice_by_value(UP_TO_EQUALS.sub("", formulas[-1]), choices) if place is None else place


def is_expression(text: str) -> bool:
    """Tell whether a text is mathematics without words other than units, so that no part of it is an answer."""
    core = UNIT_AT_END.sub("", text.strip().rstrip("."))
    return (
        MATH_SIGN.search(core) is not None and PROSE_WORD.search(core) is None and WORD_IN_COMMAND.search(core) is None
    )


def choices_named_in(text: str, choices: Sequence[str]) -> list[int]:
    """Return the places of the choices whose text stands in a sentence, in the order of their last mention.

        "it is a quarter past, not half" -> ["quarter past"]

    Whole words count, and numbers and expressions that stand alone. A choice that is denied, joined to the next by
    "or", or the other side of a comparison doesn't count. Where one choice holds another, the longest counts ("quarter
    past", not "quarter"). Choices that are single letters are left to `letters_in`, since "a" is an article.
    """
    plains = [canonical_text(choice) for choice in choices]
    known = {
        one: number for number, one in reversed([*enumerate(plains)]) if one and not (len(one) == 1 and one.isalpha())
    }
    if not known:
        return []
    text = canonical_text(text[-READ_WINDOW:])
    longest = "|".join(re.escape(one) for one in sorted(known, key=len, reverse=True))
    found = _without_comparisons([*re.finditer(rf"(?<!\w)(?:{longest})(?!\w)", text)], text)
    found = [one for one in found if _is_asserted(one, text)]
    return list(dict.fromkeys(known[one[0]] for one in reversed(_without_alternatives(found, text))))[::-1]


def choice_of_stated_number(text: str, choices: Sequence[str]) -> int | None:
    """Return the choice that is the number which a sentence states: "there are 4 of them" -> "4"."""
    number = standalone_number(text)
    values = [as_number(choice) for choice in choices] if number is not None else []
    same = [place for place, value in enumerate(values) if value and number and value.value == number.value]
    return same[0] if same and _are_same_choice(same, choices) else None


def standalone_number(text: str) -> Number | None:
    """Return the number that a sentence states: "there are 4 of them" -> 4.

    None for a number that is denied, one of several, a root, or part of an expression.
    """
    number = number_stated_in(text)
    text = to_number_notation(text)
    if number is None or not number.exact or not stands_alone(text, number.start, number.end):
        return None
    before, after = text[: number.start], text[number.end :]
    denied = (
        DENIAL_BEFORE.search(before[-CONTEXT:].lower()) or DENIAL_AFTER.match(after) or ALTERNATIVE_AFTER.match(after)
    )
    return None if denied else number


def _without_comparisons(found: list[re.Match[str]], text: str) -> list[re.Match[str]]:
    """Return the matches without the other side of a comparison, all of it: "higher than France, Italy and Spain"."""
    kept: list[re.Match[str]] = []
    end = -CONTEXT
    for one in found:
        goes_on = one.start() - end < CONTEXT and BETWEEN_ALTERNATIVES.match(text[max(end, 0) : one.start()])
        if COMPARISON_BEFORE.search(text[max(one.start() - CONTEXT, 0) : one.start()]) or (
            goes_on and not VERB_AFTER.match(text, one.end())
        ):
            end = one.end()
        else:
            kept.append(one)
            end = -CONTEXT
    return kept


def _is_asserted(found: re.Match[str], text: str) -> bool:
    """Tell whether a choice's text is neither denied nor part of an expression."""
    before, after = text[max(found.start() - CONTEXT, 0) : found.start()], text[found.end() : found.end() + CONTEXT]
    if DENIAL_BEFORE.search(before) or DENIAL_AFTER.match(after):
        return False
    if found[0] == "no" and NOUN_AFTER_NO.match(after):
        return False
    return not MATH_SIGN.search(found[0]) or stands_alone(text, *found.span())


def stands_alone(text: str, start: int, end: int) -> bool:
    """Tell whether the expression between two places is no part of a larger one."""
    return not (
        OPERATOR_BEFORE.search(text[max(start - CONTEXT, 0) : start]) or OPERATOR_AFTER.match(text[end : end + CONTEXT])
    )


def _without_alternatives(found: list[re.Match[str]], text: str) -> list[re.Match[str]]:
    """Return the matches, or none where the last two are alternatives: "it is 3 or 4"."""
    several = len(found) > 1 and found[-1][0] != found[-2][0]
    return [] if several and BETWEEN_ALTERNATIVES.match(text[found[-2].end() : found[-1].start()]) else found


def _computable_latex(text: str) -> str:
    """Return an expression as LaTeX without its unit, or an empty text where it has words."""
    if not is_expression(text) or len(text) > 200:
        return ""
    text = re.sub(r"√\s*(?=[\w{])", r"\\sqrt ", UNIT_AT_END.sub("", text.strip())).replace("π", r"\pi ")
    return re.sub(r"\\sqrt (\d+)", r"\\sqrt{\1}", text).replace("*", r" \cdot ").strip()


def _is_equal(choice: str, text: str) -> bool:
    return compare_with_gold(choice, text)[0] == "correct"


def _are_same_choice(places: Sequence[int], choices: Sequence[str]) -> bool:
    """Tell whether the choices at some places have one text, since some datasets list a choice twice."""
    return len({compact_text(choices[place]) for place in places}) == 1
