r"""Bring texts into one spelling in which they can be compared: "\frac { 5 } { 12 }" and "5/12" become "5/12".

What groups stays grouped, so that only equal texts have one spelling: "\frac{a+b}{2}" is "(a+b)/2", "\sqrt{2x}" is
"√(2x)" and not "√2x", "2\frac{1}{2}" is "2 1/2". Case, markup, quotation marks, a full stop at the end, and blanks
around signs don't count.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

# Characters. Texts as short as a choice are asked for again and again, so their spelling is kept.
MAX_CACHED_LENGTH = 200
# Characters. The braces of a longer text are left as they are, which bounds the time.
MAX_GROUPED = 10_000
# Braces within braces that are resolved.
MAX_DEPTH = 20
PLAIN_SIGNS = str.maketrans(
    dict(zip("’‘“”−–—×·π，：（）\xa0~", ["'", "'", '"', '"', *"---**", "pi", *",:()  "], strict=True))
    | {"≤": "<=", "≥": ">="}
)
SUPERSCRIPTS = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
DEGREE = re.compile(r"\s?(?:\^\s?\{?\s?\\circ\s?\}?|\*?\\?degrees?\b|\bdeg\b|º|˚)")
# Code points for private use, each of which stands for a group in braces while a text is rewritten.
RESERVED = re.compile("[\ue000-\uf8ff]")
FIRST_GROUP = 0xE100
SET_BRACES = {"\\{": "\ue000", "\\}": "\ue001"}
LITERAL_BRACES = {"{": "\ue000", "}": "\ue001"}
# In a text without any of these, braces are just braces.
HAS_LATEX = re.compile(r"\\|[\^_√]\s*\{|\{,\}")
GROUP = re.compile(r"\{([^{}]*)\}")
GROUPS = "[\ue100-\uf8ff]"
FRACTION = re.compile(rf"\\[dtc]?frac\s*({GROUPS}|\d|[a-z])\s*({GROUPS}|\d|[a-z])")
ROOT = re.compile(
    rf"(?:\\|\b|(?<=\d))sqrt\s*(?:\[(\w)\]\s*)?(?:({GROUPS})|\(([^()]*)\)|(\d+|[a-z]\b))|√\s*(?:({GROUPS})|\(([^()]*)\))"
)
INDEX_GROUP = re.compile(rf"([\^_])\s*({GROUPS})")
# Needs no brackets behind a root or a fraction bar, or as an exponent.
SINGLE_TERM = re.compile(r"-?\d+(?:\.\d+)?|\\?[^\W\d_]|pi|\\pi")
# Needs no brackets in front of a fraction bar.
SINGLE_PRODUCT = re.compile(r"-?[\w.√\\° ]+")
SIGNS_OF_COMMANDS = {"\\leq": "<=", "\\le": "<=", "\\geq": ">=", "\\ge": ">=", "\\cdot": "*", "\\times": "*"}
SIGN_COMMAND = re.compile(r"\s?(\\leq?|\\geq?|\\cdot|\\times)(?![A-Za-z])\s?")
GAP_IN_NUMBER = re.compile(r"(?<=\d)(?:\\,|\{,\})(?=\d{3}(?!\d))|\\!")
FORMAT_COMMAND = re.compile(
    r"\\(?:text(?:bf|it|rm)?|mathrm|mathbf|mathit|mbox|left|right|displaystyle|operatorname)(?![a-z])"
)
# A lone star is a sign where it stands between two things, with or without blanks around it, and markup elsewhere.
MARKUP = re.compile(r"[$`\"\\]|\*{2,}|(?<![\w)°\s])\*|\*(?![\w(√°\s])|(?<=\s)\*(?!\s)|(?<!\s)\*(?=\s)")
BLANKS = re.compile(r"\s+")
NEEDLESS_SIGN = re.compile(
    r"(?<=\d)\s?\*\s?(?=√|pi\b|°)|(?<=[\d)])\s(?=√|pi\b)|(?<=√)\s|\s(?=[°%])|(?<=\d),(?=\d{3}(?!\d))"
)
BLANKS_AROUND_SIGN = re.compile(r"(?<=[\w)°!])(?:\s?([+/=^|*:]|[<>]=?)\s?|\s(-)\s)(?=[\w(√\-])")
COMMA = re.compile(r",(?=[^\s\d]|\d(?!\d\d(?!\d)))")
FINAL_MARKS = re.compile(r"(?:[\s.;。]|(?<=[^\W\d_]{2})[!?]+)+\Z")
BLANK_OUTSIDE_NUMBER = re.compile(r"(?<!\d)\s|\s(?!\d)")


def canonical_text(text: str) -> str:
    r"""Return the text in one spelling: "$\frac{1}{2}$." -> "1/2". Empty where it is nothing but markup."""
    return _cached_canonical_text(text) if len(text) <= MAX_CACHED_LENGTH else _canonical_text(text)


def _canonical_text(text: str) -> str:
    text = _set_apart(RESERVED.sub("", text))
    text = SUPERSCRIPTS.sub(lambda m: f"^{m[0].translate(DIGITS)}", text.translate(PLAIN_SIGNS))
    text = SIGN_COMMAND.sub(
        lambda m: f" {SIGNS_OF_COMMANDS[m[1]]} ", FORMAT_COMMAND.sub("", GAP_IN_NUMBER.sub("", DEGREE.sub("°", text)))
    )
    text = re.sub(r"\\[,;: ]|\\q?quad\b", " ", _without_braces(text))
    text = NEEDLESS_SIGN.sub("", BLANKS.sub(" ", MARKUP.sub("", text)).strip())
    text = BLANKS_AROUND_SIGN.sub(lambda m: m[1] or m[2], text)
    return FINAL_MARKS.sub("", COMMA.sub(", ", text).casefold()).strip()


_cached_canonical_text = functools.lru_cache(4096)(_canonical_text)


def compact_text(text: str) -> str:
    r"""Return the canonical text without blanks, except between digits: "5 \pi r" -> "5pir", "2 1/2" -> "2 1/2"."""
    return BLANK_OUTSIDE_NUMBER.sub("", canonical_text(text))


def places_of_same_text(text: str, others: Sequence[str]) -> list[int]:
    """Return the places of the texts that are the same text.

    Where several are, and some have the same case as well, only these count.
    """
    wanted = compact_text(text)
    same = [place for place, other in enumerate(others) if wanted and compact_text(other) == wanted]
    cased = [place for place in same if others[place].strip(" $.*") == text.strip(" $.*")]
    return cased or same


def _set_apart(text: str) -> str:
    """Replace the braces that stand for themselves by code points for private use."""
    for brace, sign in (SET_BRACES if HAS_LATEX.search(text) else LITERAL_BRACES).items():
        text = text.replace(brace, sign)
    return text


def _without_braces(text: str) -> str:
    """Write out fractions, roots and powers, with brackets where they are needed."""
    groups: list[str] = []

    def close(found: re.Match[str]) -> str:
        groups.append(_written_out(found[1], groups))
        return chr(FIRST_GROUP + len(groups) - 1)

    closed = 1
    for _ in range(MAX_DEPTH if len(text) <= MAX_GROUPED else 0):
        text, closed = GROUP.subn(close, text)
        if not closed:
            break
    return _written_out(text, groups).replace("\ue000", "{").replace("\ue001", "}")


def _written_out(text: str, groups: Sequence[str]) -> str:
    def content(sign: str | None) -> str:
        return groups[ord(sign) - FIRST_GROUP] if sign and sign >= chr(FIRST_GROUP) else sign or ""

    def root(found: re.Match[str]) -> str:
        inner = next(content(found[place]).strip() for place in (2, 3, 4, 5, 6) if found[place] is not None)
        degree = f"[{found[1]}]" if found[1] else ""
        return _apart(found, f"√{degree}{_bracketed(inner, SINGLE_TERM)}")

    def fraction(found: re.Match[str]) -> str:
        top, below = (content(found[place]).strip() for place in (1, 2))
        whole = f"{_bracketed(top, SINGLE_PRODUCT)}/{_bracketed(below, SINGLE_TERM)}"
        within = found.string[: found.start()].rstrip()[-1:] in (*"^_/√",) or found.string[found.end() :][:1] in (
            *"^!",
        )
        return _apart(found, f"({whole})" if within else whole)

    text = ROOT.sub(root, text)
    text = FRACTION.sub(fraction, text)
    text = INDEX_GROUP.sub(lambda m: _apart(m, f"{m[1]}{_bracketed(content(m[2]).strip(), SINGLE_TERM)}"), text)
    return re.sub(rf"({GROUPS})(?={GROUPS})|({GROUPS})", lambda m: f"{content(m[1])} " if m[1] else content(m[2]), text)


def _bracketed(text: str, bare: re.Pattern[str]) -> str:
    return text if bare.fullmatch(text) else f"({text})"


def _apart(found: re.Match[str], written: str) -> str:
    r"""Add a blank where a fraction would run into a number beside it: "2\frac{1}{2}" -> "2 1/2"."""
    before, after = found.string[found.start() - 1 : found.start()], found.string[found.end() :][:1]
    lead = " " if written[0].isdigit() and before.isalnum() else ""
    return f"{lead}{written} " if written[-1].isdigit() and after.isdigit() else f"{lead}{written}"
