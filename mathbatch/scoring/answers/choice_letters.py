r"""The letters of the choices that a short text names: "(B) No", "**B**", "option B", "B and D", "\text{C}"."""

from __future__ import annotations

import re
from typing import NamedTuple

from mathbatch.scoring.answers.statements import MAX_ANSWER

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
USUAL = ALPHABET[:10]
"""Where nothing says how many choices there are: "NOT" is no set of letters."""


class Letters(NamedTuple):
    """One letter ("B") or a set of them in order ("AC"), and how they stood there: "(B)"."""

    letters: str
    shown: str


WRAPS = re.compile(
    r"\\(?:text|mathrm|mathbf|textbf|boxed|bf|rm)\b|\\[()\[\],;! ]|[${}*_`\"'“”‘’]|(?:\\\\)|</?[a-z]{2,20}>"
)
PARENTHESISED = re.compile(r"[(（\[【]\s?([A-Za-z])\s?[)）\]】]")
SET = re.compile(
    r"[(（\[]?([A-Z])[)）\]]?(?:(?:\s?[,，、;&/+]\s?|\s(?:and|or)\s|\s?[和与及或]\s?|,\sand\s|\s?\n\s?)[(（\[]?([A-Z])[)）\]]?(?![A-Za-z(]))+"
)
ARE_RIGHT = re.compile(r"\s(?:are|is)\s(?:(?:all|both|the|only)\s){0,2}(?:correct|right|true)\b|\s?[都均]?正确")
"""Behind a set: "A, B and D are correct"."""
RUN = re.compile(r"[A-Z]{2,6}(?=[\s.,。;]*$)")
LABEL = re.compile(r"([A-Z])(?:\s?[.:,;)：．、，。]|(?=\s*$)|\s?[-–—]\s)")
GOES_ON = re.compile(
    r"\s?(?:,|\b(?:and|or)\b)?\s?(?:and\s|or\s)?[(\[]?[A-Z](?![A-Za-z])|\s(?:is|are|was|were|can|does|do|has)\b"
)
"""Behind a label that is part of a sentence: "(A), (B) and (D) are wrong", "(A) is impossible"."""
TURNS = re.compile(
    r",\s(?:so|but|hence|therefore|thus)\b.{0,60}?\b(?:is|be|but|so)\s(?:only\s)?[(]?[A-Z][)]?[\s.!。]*$", re.DOTALL
)
"""Behind a label that is not the answer: "C, so it must be D"."""
LETTER = r"([A-Z])(?![A-Za-z'’])(?!(?<=I)\s[a-z])"
"""No "I" that has a verb: "the choice I made"."""
NAMED = re.compile(
    r"(?:\b(?:option|choice|letter|statement|answer(?:\sis)?)|选项|选|答案】?[为是]?)\s?[:：]?\s?[(（]?" + LETTER,
    re.IGNORECASE,
)
THING = r"(?:(?:figure|picture|image|diagram|shape|piece|graph)\s)"
IS = re.compile(
    r"(?:\b(?:is|are|be|but|[Ii]t\ss|go(?:ing)? with|choose|pick|select|say|leaning towards?)|[是为=:：])\s?"
    rf"{THING}?([A-Z])"
    r"(?=[\s.,!。，;]*$|[.:,;](?:\s|$))"
)
AT_LAST = re.compile(
    r"\b(?:(?:so|thus|hence|therefore|leaves|leaving)\b[,:]?\s(?:only\s)?|(?:is|be|but|likely|probably|clearly)\s(?:only\s)?)"
    r"[(\[]?([A-Z])[)\]]?[\s.!。]*$",
    re.IGNORECASE,
)
RIGHT = re.compile(
    r"(?<!not )(?<!if )(?<![A-Za-z0-9])([A-Z])"
    r"(?:[)\]]?\s(?:is|must be|shows)\s(?:the\s)?(?:only\s)?(?:correct|right|best|true)\b"
    r"|[)\]]?\s(?:remains|is\sleft)(?=[\s.!]*$)|[)）]?[项是]{0,2}正确)",
    re.IGNORECASE,
)
RANKS = ("first", "second", "third", "fourth", "fifth")
RANKED = re.compile(
    rf"(?:^|\b(?:is|be|choose|pick|select)\s)(?:the\s)?({'|'.join(RANKS)})\s(?:option|choice|answer)[\s.!]*$",
    re.IGNORECASE,
)
NONE_OF = re.compile(r"\b(?:none|neither|nor)\b", re.IGNORECASE)
IF = re.compile(r"\b(?:if|whether|not)\s(?:\w+\s)?\Z", re.IGNORECASE)
REASON = re.compile(r",?\s(?:because|since)\s(?!.*\b(?:so|thus|hence|therefore)\b)", re.IGNORECASE | re.DOTALL)
DENIES = re.compile(
    r"\b(?:incorrect|wrong|false|not|cannot|none|impossible|fails?|eliminated?|ruled\sout|neither|unlike)\b|n['’]t\b"
    r"|错误|不正确|排除",
    re.IGNORECASE,
)


def letters(text: str, allowed: str = USUAL) -> Letters | None:
    """The letters that a candidate of at most 1,000 characters names, those of `allowed` alone; None where none is."""
    if len(text) > MAX_ANSWER:
        return None
    bare = " ".join(WRAPS.sub(" ", text).split()) if "\n" not in text.strip() else WRAPS.sub("", text).strip()
    for part in dict.fromkeys([_without_reason(bare), bare]):
        for rule in (_whole, _called_right_together, _label, _called_right, _in_parentheses, _after_a_word, _by_rank):
            found = rule(part.strip(), allowed)
            if found is not None:
                return found
    return None


def is_letter_alone(text: str, allowed: str = USUAL) -> bool:
    """Whether a text is nothing but letters of choices: "**B**", "A and C"."""
    return len(text) <= MAX_ANSWER and _whole(" ".join(WRAPS.sub(" ", text).split()), allowed) is not None


def _without_reason(text: str) -> str:
    """ "It would be C, since A and B fail" up to the reason; all of it where what precedes it denies."""
    reason = REASON.search(text)
    head = text[: reason.start()] if reason else text
    return text if DENIES.search(head) else head


def _whole(text: str, allowed: str) -> Letters | None:
    """Nothing but a letter, a set of letters or a run of them: "b", "B.", "A, C", "A and C", "ACD"; or led by a set."""
    core = text.strip(" .:!。，,;()（）[]【】")
    if len(core) == 1 and core.upper() in allowed:
        return Letters(core.upper(), core)
    several = SET.match(text)
    if several and not re.match(r"\s?[A-Za-z]", text[several.end() :]):
        return _letters(re.findall("[A-Z]", several[0]), several[0], allowed)
    if RUN.fullmatch(core) and "".join(sorted(set(core))) == core:
        return _letters(list(core), core, allowed)
    return None


def _label(text: str, allowed: str) -> Letters | None:
    """A letter that leads: "(B) No", "B. 12", "B: 12", "C, Opposite"; not the first of several that are denied."""
    found = PARENTHESISED.match(text) or LABEL.match(text)
    if not found or (DENIES.search(text) and GOES_ON.match(text, _end_of_letter(found))):
        return None
    if TURNS.match(text, _end_of_letter(found)):
        return None
    return _letters([found[1].upper()], found[0].strip(" ,;"), allowed)


def _end_of_letter(label: re.Match[str]) -> int:
    return label.end() if label[0][-1] in ")）]】" else label.end(1)


def _called_right_together(text: str, allowed: str) -> Letters | None:
    """The last set of letters of which a text says so."""
    found = [one for one in SET.finditer(text) if ARE_RIGHT.match(text, one.end())]
    if not found or NONE_OF.search(text) or IF.search(text[: found[-1].start()]):
        return None
    return _letters(re.findall("[A-Z]", found[-1][0]), found[-1][0], allowed)


def _called_right(text: str, allowed: str) -> Letters | None:
    """The last letter of which a text says so: "B is correct, not A"."""
    return None if NONE_OF.search(text) else _last([*RIGHT.finditer(text)], allowed)


def _in_parentheses(text: str, allowed: str) -> Letters | None:
    """The last letter in parentheses, unless the text denies: "(A), (B) and (D) are incorrect" names none."""
    found = [one for one in PARENTHESISED.finditer(text) if one[1].upper() in allowed]
    return Letters(found[-1][1].upper(), found[-1][0]) if found and not DENIES.search(text) else None


def _after_a_word(text: str, allowed: str) -> Letters | None:
    """The last of "option B", "choice B", "选项B", "选B", or "is B" at an end; this alone where the text denies."""
    at_last = [*AT_LAST.finditer(text)]
    return _last(at_last if DENIES.search(text) else [*at_last, *NAMED.finditer(text), *IS.finditer(text)], allowed)


def _by_rank(text: str, allowed: str) -> Letters | None:
    """ "The second option", at an end."""
    found = RANKED.search(text)
    if not found or DENIES.search(text):
        return None
    return _letters([ALPHABET[RANKS.index(found[1].lower())]], found[0].strip(), allowed)


def _last(found: list[re.Match[str]], allowed: str) -> Letters | None:
    capital = [one for one in found if one[1] in allowed]
    return Letters(capital[-1][1], capital[-1][0].strip()) if capital else None


def _letters(found: list[str], shown: str, allowed: str) -> Letters | None:
    known = all(letter in allowed for letter in found)
    return Letters("".join(dict.fromkeys(found)), shown) if known else None
