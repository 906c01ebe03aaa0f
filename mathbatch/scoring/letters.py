r"""The letters of the choices that a short text names, and the choices whose text it holds.

`letters` reads a candidate, such as `stated.statements` gives: "(B) No", "**B**", "option B", "B and D", "\text{C}".
`named` looks for the choices' own texts, compared in the form of `plain`: "\frac { 5 } { 12 }" is "5/12".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from mathbatch.scoring.stated import EDGE, MAX_ANSWER

ALPHABET = "ABCDEFGHIJ"


class Letters(NamedTuple):
    """One letter ("B") or a set of them in order ("AC"), and how they stood there: "(B)"."""

    letters: str
    shown: str


WRAPS = re.compile(
    r"\\(?:text|mathrm|mathbf|textbf|boxed|bf|rm)\b|\\[()\[\],;! ]|[${}*_`\"'“”‘’]|(?:\\\\)|</?[a-z]{2,20}>"
)
PARENTHESISED = re.compile(r"[(（\[【]\s?([A-Ja-j])\s?[)）\]】]")
SET = re.compile(
    r"[(（\[]?([A-J])[)）\]]?(?:(?:\s?[,，、;&/+]\s?|\s(?:and|or)\s|\s?[和与及或]\s?|,\sand\s|\s?\n\s?)[(（\[]?([A-J])[)）\]]?(?![A-Za-z(]))+"
)
RUN = re.compile(r"[A-J]{2,6}(?=[\s.,。;]*$)")
LABEL = re.compile(r"([A-J])(?:\s?[.:,;)：．、，。]|(?=\s*$)|\s?[-–—]\s)")
NAMED = re.compile(
    r"(?:\b(?:option|choice|letter|statement|answer(?:\sis)?)|选项|选|答案[为是]?)\s?[:：]?\s?[(（]?([A-J])(?![A-Za-z'’])",
    re.IGNORECASE,
)
IS = re.compile(
    r"(?:\b(?:is|are|be|but|it\ss|go(?:ing)? with|choose|pick|select)|[是为=:：])\s?([A-J])"
    r"(?=[\s.,!。，;]*$|[.:,;](?:\s|$))"
)
AT_LAST = re.compile(r"\b(?:is|be|but)\s([A-J])[\s.!。]*$")
RIGHT = re.compile(
    r"(?<!not )(?<!if )\b([A-J])[)\]]?\s(?:is|must be)\s(?:the\s)?(?:only\s)?(?:correct|right|best|true)\b",
    re.IGNORECASE,
)
DENIES = re.compile(
    r"\b(?:incorrect|wrong|false|not|eliminated?|ruled\sout|isn['’]t|aren['’]t|neither|unlike)\b|错误|不正确|排除",
    re.IGNORECASE,
)


def letters(text: str, allowed: str | Sequence[str] = ALPHABET) -> Letters | None:
    """The letters that a candidate of at most 1,000 characters names, those of `allowed` alone; None where none is."""
    if len(text) > MAX_ANSWER:
        return None
    bare = " ".join(WRAPS.sub(" ", text).split()) if "\n" not in text.strip() else WRAPS.sub("", text).strip()
    for rule in (_whole, _label, _called_right, _in_parentheses, _after_a_word):
        found = rule(bare.strip())
        if found is not None and all(letter in allowed for letter in found.letters):
            return found
    return None


def _whole(text: str) -> Letters | None:
    """Nothing but a letter, a set of letters or a run of them: "b", "B.", "A, C", "A and C", "ACD"; or led by a set."""
    core = text.strip(" .:。，,;()（）[]【】")
    if len(core) == 1 and core.upper() in ALPHABET:
        return Letters(core.upper(), core)
    several = SET.match(text)
    if several and not re.match(r"\s?[A-Za-z]", text[several.end() :]):
        return _letters(re.findall("[A-J]", several[0]), several[0])
    if RUN.fullmatch(core) and "".join(sorted(set(core))) == core:
        return _letters(list(core), core)
    return None


def _label(text: str) -> Letters | None:
    """A letter that leads: "(B) No", "B. 12", "B: 12", "C, Opposite"."""
    found = PARENTHESISED.match(text) or LABEL.match(text)
    return Letters(found[1].upper(), found[0].strip(" ,;")) if found else None


def _called_right(text: str) -> Letters | None:
    """The last letter of which a text says so: "B is correct, not A"."""
    found = [one for one in RIGHT.finditer(text) if one[1].isupper()]
    return Letters(found[-1][1], found[-1][0]) if found else None


def _in_parentheses(text: str) -> Letters | None:
    """The last letter in parentheses, unless the text denies: "(A), (B) and (D) are incorrect" names none."""
    found = [*PARENTHESISED.finditer(text)]
    if not found or DENIES.search(text):
        return None
    return Letters(found[-1][1].upper(), found[-1][0])


def _after_a_word(text: str) -> Letters | None:
    """The last of "option B", "choice B", "选项B", "选B", or "is B" at an end; this alone where the text denies."""
    found = [*NAMED.finditer(text), *IS.finditer(text)]
    capital = [one for one in found if one[1].isupper()]
    if DENIES.search(text):
        capital = [*AT_LAST.finditer(text)]
    return Letters(capital[-1][1], capital[-1][0].strip()) if capital else None


def _letters(found: list[str], shown: str) -> Letters:
    return Letters("".join(dict.fromkeys(found)), shown)


FRACTION = re.compile(r"\\[dtc]?frac\s*(?:\{([^{}]*)\}|(\d))\s*(?:\{([^{}]*)\}|(\d))")
ROOT = re.compile(r"\\?sqrt\s*(?:\{([^{}]*)\}|\(([^()]*)\))|√\s*[{(]([^{}()]*)[})]")
DEGREE = re.compile(r"\s?(?:\^\s?\{?\s?\\circ\s?\}?|\*?\\?degrees?\b|\bdeg\b|º|˚)")
SIGNS = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "−": "-",
        "–": "-",
        "—": "-",
        "×": "*",
        "·": "*",
        "π": "pi",
        "，": ",",
        "：": ":",
        "（": "(",
        "）": ")",
        "\xa0": " ",
    }
)
NOISE = re.compile(
    r"\\(?:text|mathrm|mathbf|textbf|left|right|quad)\b|\\[,;! ]|[$`{}\\\"]|\*{2,}|(?<![\d\s])\*|\*(?![\d\s])"
)
BLANKS = re.compile(r"\s+")
TIGHT = re.compile(
    r"(?<=[\w)°])(?:\s?([+/=^<>|*:])\s?|\s(-)\s)(?=[\w(√\-])|(?<=[√∠])\s|\s(?=[°%])|(?<=\d),(?=\d{3}(?!\d))"
)
COMMA = re.compile(r",(?=[^\s\d]|\d(?!\d\d(?!\d)))")


def plain(text: str) -> str:
    """A text in the form that is compared: small letters, LaTeX fractions and roots written out, no markup or blanks
    around signs."""
    text = text.translate(SIGNS)
    text = ROOT.sub(lambda m: f"√{m[1] or m[2] or m[3] or ''}", DEGREE.sub("°", text))
    text = FRACTION.sub(lambda m: f"{m[1] or m[2] or ''}/{m[3] or m[4] or ''}", text)
    text = TIGHT.sub(lambda m: m[1] or m[2] or "", BLANKS.sub(" ", NOISE.sub("", text)))
    return COMMA.sub(", ", text).casefold().strip(" .;!?。")


def named(text: str, choices: Sequence[str]) -> list[int]:
    """Indices of the choices whose text stands in `text`, in the order of their last mention; whole words and whole
    numbers only, and of choices that hold each other the longest ("quarter past", not "quarter"). Choices that are
    themselves letters are left to `letters`: "a" is an article."""
    plains = [plain(choice) for choice in choices]
    known = {
        one: number for number, one in reversed([*enumerate(plains)]) if one and not (len(one) == 1 and one.isalpha())
    }
    if not known:
        return []
    longest = "|".join(re.escape(one) for one in sorted(known, key=len, reverse=True))
    mentions = [
        known[one[0]] for one in re.finditer(rf"(?<![\w√])(?<!\d[.,/])(?:{longest})(?!\w|[.,/]\d)", plain(text[-EDGE:]))
    ]
    return list(dict.fromkeys(reversed(mentions)))[::-1]
