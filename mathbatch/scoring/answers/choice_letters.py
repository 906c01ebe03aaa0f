r"""Read the letters of the choices that a short text names: "(B) No", "**B**", "option B", "B and D", "\text{C}"."""

from __future__ import annotations

import re
from typing import NamedTuple

from mathbatch.scoring.answers.cues import CONTRAST, DENIAL_BEFORE, NOT, REASON
from mathbatch.scoring.answers.stated import MAX_ANSWER

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Letters that count where the number of choices is unknown. Only ten, so that "NOT" is no set of letters.
DEFAULT_LETTERS = ALPHABET[:10]


class Letters(NamedTuple):
    """Letters that a text names, one ("B") or several in order ("AC"), and how they were written there ("(B)")."""

    letters: str
    shown: str


# Signs around a letter that say nothing: bold, LaTeX commands, quotation marks, HTML tags.
MARKUP = re.compile(
    r"\\(?:text|mathrm|mathbf|textbf|boxed|bf|rm)\b|\\[()\[\],;! ]|[${}*_`\"“”‘]|(?<!\w)['’]|['’](?!\w)|(?:\\\\)"
    r"|</?[a-z]{2,20}>"
)
PARENTHESISED = re.compile(r"[(（\[【]\s?([A-Za-z])\s?[)）\]】]")
# Several letters with signs or words between: "A, C", "(A) and (C)", "B和D".
LETTER_SET = re.compile(
    r"[(（\[]?([A-Z])[)）\]]?(?:(?:\s?[,，、;&/+]\s?|\s(?:and|or)\s|\s?[和与及或]\s?|,\sand\s|\s?\n\s?)[(（\[]?([A-Z])[)）\]]?(?![A-Za-z(]))+"
)
# Stands behind a set of letters: "A, B and D are correct".
CALLED_RIGHT_AFTER = re.compile(
    r"\s(?:are|is)\s(?:(?:all|both|the|only)\s){0,2}(?:correct|right|true)\b|\s?[都均]?正确"
)
ADJACENT_LETTERS = re.compile(r"[A-Z]{2,6}(?=[\s.,。;]*$)")
LEADING_LETTER = re.compile(r"([A-Z])(?:\s?[.:,;)：．、，。]|(?=\s*$)|\s?[-–—]\s)")
# Stands behind a letter that is part of a sentence: "(A), (B) and (D) are wrong", "(A) is impossible".
SENTENCE_GOES_ON = re.compile(
    r"\s?(?:,|\b(?:and|or)\b)?\s?(?:and\s|or\s)?[(\[]?[A-Z](?![A-Za-z])|\s(?:is|are|was|were|can|does|do|has)\b"
)
# A capital letter that is neither part of a word nor the pronoun "I" with a verb behind it: "the choice I made".
CAPITAL_LETTER = r"([A-Z])(?![A-Za-z'’])(?!(?<=I)\s[a-z])"
AFTER_OPTION_WORD = re.compile(
    r"(?:\b(?:option|choice|letter|statement|answer(?:\sis)?|opci[oó]n|lettre|letra|lettera|antwort|buchstabe|вариант)|[选選][项項]?|答案】?[为是]?)\s?[:：]?\s?[(（]?"
    + CAPITAL_LETTER,
    re.IGNORECASE,
)
FIGURE_NOUN = r"(?:(?:figure|picture|image|diagram|shape|piece|graph)\s)"
AFTER_VERB = re.compile(
    r"(?:\b(?:is|are|be|but|[Ii]t['’\s]s|go(?:ing)? with|choose|pick|select|say|leaning towards?)|[是为=:：])\s?"
    rf"{FIGURE_NOUN}?([A-Z])"
    r"(?=[\s.,!。，;]*$|[.:,;](?:\s|$)|\s(?:without|beyond)\s)"
)
LETTER_AT_END = re.compile(
    r"\b(?:(?:so|thus|hence|therefore|leaves|leaving)\b[,:]?\s(?:only\s)?|(?:is|be|but|likely|probably|clearly)\s(?:only\s)?)"
    r"[(\[]?([A-Z])[)\]]?[\s.!。]*$",
    re.IGNORECASE,
)
CALLED_RIGHT = re.compile(
    r"(?<!not )(?<!if )(?<![A-Za-z0-9])([A-Z])"
    r"(?:[)\]]?\s(?:is|must be|shows)\s(?:the\s|my\s)?(?:only\s)?(?:correct|right|best|true|answer|what)\b"
    r"|[)\]]?\s(?:remains|is\sleft)(?=[\s.!]*$)|[)）]?[项是]{0,2}正确)",
    re.IGNORECASE,
)
# A text that states an answer starts with the letter, behind words such as adverbs: "definitely C", "la opción B, …".
LETTER_INTRODUCED = re.compile(
    r"(?:[^\W\d_A-Z][\w'’]*[,:]?\s){0,4}[(（\[]?(?P<letter>[A-Z])(?![A-Za-z0-9_'’])(?!(?<=[AI])\s(?!and\b|or\b|but\b|not\b|as\b|since\b|because\b|with\b"
    r"|here\b|instead\b|rather\b|for\b)[a-z])"
)
# A noun and a letter, as "Figure C".
NOUN_AND_LETTER = re.compile(
    r"(?:(?:the\s)?[^\W\d_]{2,}\s(?:(?:labell?ed|marked|named|called)\s)?|[图圖])[(\[]?([A-Z])[)\]]?"
    r"(?:\sis\s(?:the\s)?(?:missing|different|needed|next|odd\sone(?:\sout)?))?[\s.。]*",
    re.IGNORECASE,
)
# What a Japanese text denies: "AではなくB".
DENIED_IN_JAPANESE = re.compile(r"[A-Z]\s?(?:では|じゃ)な(?:く|い)[、。]?")
# A letter that is chosen: "I would settle for A here", "everything points to D".
CHOSEN = re.compile(
    r"(?:\b(?:I|[Ww]e)(?:['’]\w+)?\s[^.;:\n]{0,40}?\b(?:for|with|choose|pick|select|say|take)|\bpoints?\sto|\b[Oo]nly)\s[(\[]?([A-Z])[)\]]?"
    r"(?=\s?(?:here|instead|now|then|though|overall)?\W*\Z|[,.;]\s|(?<=nly\s[A-Z])\s[a-z])"
)
LABEL = re.compile(r"(?<!\w)\(?([A-Z])\)")
# Letters of which none is chosen: "C D A B all seem possible", "A or B", "either B or C".
LETTERS_IN_ROW = re.compile(r"(?:answers?\W{1,4})?[A-Z](?:\s[A-Z])+(?![\w'’])", re.IGNORECASE)
NONE_OF = re.compile(r"\b(?:none|neither|nor)\b", re.IGNORECASE)
CONDITION_BEFORE = re.compile(r"\b(?:if|whether|not)\s(?:\w+\s)?\Z", re.IGNORECASE)
DENIES = re.compile(
    rf"{NOT}|\b(?:incorrect|wrong|false|none|impossible|fails?|eliminated?|ruled\sout|unlike)\b"
    r"|错误|不正确|排除",
    re.IGNORECASE,
)


def letters_in(text: str, allowed: str = DEFAULT_LETTERS, introduced: bool = False) -> Letters | None:
    """Return the letters that a candidate names, or None where it names none.

        "(B) No" -> B, "A, B and D are correct" -> ABD, "so it leaves option C" -> C

    Letters outside `allowed` don't count, and a candidate of more than 1,000 characters names none. `introduced` says
    that the text follows a mark of the answer, as "the answer is". The rules run from the strictest to the loosest:
    first on what stands before a reason, then on the whole text.
    """
    if len(text) > MAX_ANSWER:
        return None
    text = DENIED_IN_JAPANESE.sub("", text)
    bare = " ".join(MARKUP.sub(" ", text).split()) if "\n" not in text.strip() else MARKUP.sub("", text).strip()
    for part in dict.fromkeys([_without_reason(CONTRAST.sub("", bare)), _without_reason(bare), bare]):
        for rule in (
            _letters_alone,
            _letters_in_row,
            _set_called_right,
            _leading_letter,
            *([_introduced_letter] if introduced else []),
            _letter_called_right,
            _in_parentheses,
            _after_option_word,
            _chosen_letter,
        ):
            found = rule(part.strip(), allowed)
            if found is not None:
                return found
    return None


def is_only_letters(text: str, allowed: str = DEFAULT_LETTERS) -> bool:
    """Tell whether a text is nothing but letters of choices, such as "**B**" or "A and C"."""
    return len(text) <= MAX_ANSWER and _letters_alone(" ".join(MARKUP.sub(" ", text).split()), allowed) is not None


def _without_reason(text: str) -> str:
    """Return a text up to its reason: "It would be C, since A and B fail" -> "It would be C".

    A text that denies before its reason is returned whole, since its answer comes later.
    """
    reason = REASON.search(text)
    head = text[: reason.start()] if reason else text
    return text if DENIES.search(head) else head


def _letters_alone(text: str, allowed: str) -> Letters | None:
    """Read a text that is nothing but letters, or starts with a set of them: "b", "B.", "A, C", "A and C", "ACD"."""
    core = text.strip(" .:!。，,;()（）[]【】→⇒➜➡👉✓✔✅☑\ufe0f")
    if len(core) == 1 and core.upper() in allowed:
        return Letters(core.upper(), core)
    several = LETTER_SET.match(text)
    if several and not re.match(r"\s?[A-Za-z]", text[several.end() :]):
        return _if_all_allowed(re.findall("[A-Z]", several[0]), several[0], allowed)
    if ADJACENT_LETTERS.fullmatch(core) and "".join(sorted(set(core))) == core:
        return _if_all_allowed(list(core), core, allowed)
    return None


def _letters_in_row(text: str, allowed: str) -> Letters | None:
    """Read letters in a row at the start, or the labels of all options: "C D A B all seem possible" -> ABCD."""
    found = LETTERS_IN_ROW.match(text)
    letters = re.findall(r"(?<!\w)[A-Z](?!\w)", found[0]) if found else []
    if found and len(letters) > 1:
        return _if_all_allowed(letters, found[0], allowed)
    labels = [one[1] for one in LABEL.finditer(text)]
    is_list = len(labels) > 2 and "".join(labels) == allowed[: len(labels)] and not DENIES.search(text)
    return Letters("".join(labels), text) if is_list and LABEL.match(text) and not CALLED_RIGHT.search(text) else None


def _introduced_letter(text: str, allowed: str) -> Letters | None:
    """Read the letter that a text starts with, behind up to four words: "definitely C", "la opción B"."""
    found = LETTER_INTRODUCED.match(text)
    if not found or DENIES.search(text[: found.start("letter")]) or DENIES.match(text[found.end() :].lstrip()):
        return None
    if LETTER_SET.match(text, found.start("letter")):
        return None
    return _if_all_allowed([found["letter"]], found[0].strip(), allowed)


def _chosen_letter(text: str, allowed: str) -> Letters | None:
    """Read the last letter that a text chooses, or a noun and a letter: "I would settle for A here", "Figure C"."""
    alone = NOUN_AND_LETTER.fullmatch(text)
    if alone and not DENIES.search(text):
        return _if_all_allowed([alone[1]], alone[0].strip(), allowed)
    return None if DENIES.search(text) else _last_allowed([*CHOSEN.finditer(text)], allowed)


def _leading_letter(text: str, allowed: str) -> Letters | None:
    """Read the letter that a text starts with: "(B) No", "B. 12", "B: 12", "C, Opposite".

    The first of several letters that are denied doesn't count: "(A), (B) and (D) are wrong".
    """
    found = PARENTHESISED.match(text) or LEADING_LETTER.match(text)
    if not found or (DENIES.search(text) and SENTENCE_GOES_ON.match(text, found.end(1) + (found[0][-1] in ")）]】"))):
        return None
    return _if_all_allowed([found[1].upper()], found[0].strip(" ,;"), allowed)


def _set_called_right(text: str, allowed: str) -> Letters | None:
    """Read the last set of letters that a text calls correct: "A, B and D are correct" -> ABD."""
    found = [one for one in LETTER_SET.finditer(text) if CALLED_RIGHT_AFTER.match(text, one.end())]
    if not found or NONE_OF.search(text) or CONDITION_BEFORE.search(text[: found[-1].start()]):
        return None
    return _if_all_allowed(re.findall("[A-Z]", found[-1][0]), found[-1][0], allowed)


def _letter_called_right(text: str, allowed: str) -> Letters | None:
    """Read the last letter that a text calls correct: "B is correct, not A" -> B."""
    return None if NONE_OF.search(text) else _last_allowed([*CALLED_RIGHT.finditer(text)], allowed)


def _in_parentheses(text: str, allowed: str) -> Letters | None:
    """Read the last letter in parentheses: "it is the one in the middle (B)" -> B.

    A text that denies names none: "(A), (B) and (D) are incorrect".
    """
    found = [one for one in PARENTHESISED.finditer(text) if one[1].upper() in allowed]
    return Letters(found[-1][1].upper(), found[-1][0]) if found and not DENIES.search(text) else None


def _after_option_word(text: str, allowed: str) -> Letters | None:
    """Read the last letter behind a word for a choice, or behind a verb at the end: "option B", "选B", "it is B".

    Where the text denies, only a letter at its end counts: "A and C fail, so B" -> B.
    """
    at_last = [*LETTER_AT_END.finditer(text)]
    return _last_allowed(
        at_last if DENIES.search(text) else [*at_last, *AFTER_OPTION_WORD.finditer(text), *AFTER_VERB.finditer(text)],
        allowed,
    )


def _last_allowed(found: list[re.Match[str]], allowed: str) -> Letters | None:
    """Return the last match whose letter is one of those allowed."""
    capital = [one for one in found if one[1] in allowed and not DENIAL_BEFORE.search(one.string[: one.start(1)][-30:])]
    return Letters(capital[-1][1], capital[-1][0].strip()) if capital else None


def _if_all_allowed(found: list[str], shown: str, allowed: str) -> Letters | None:
    """Return the letters without repeats, or None where one of them is not allowed."""
    known = all(letter in allowed for letter in found)
    return Letters("".join(dict.fromkeys(found)), shown) if known else None
