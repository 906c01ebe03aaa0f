r"""Write a response and a gold answer in one form, before anything is read in them.

    "\x08oxed{\textcolor{red}{.5}}"   ->  "\boxed{0.5}"
    "答案是Ｂ。"                       ->  "答案是B。"
    "33.5 per cent"                    ->  "33.5%"

Everything is a rule about how a text is written, and none about what it answers.
"""

from __future__ import annotations

import functools
import re
import unicodedata

from mathbatch.scoring.answers.tags import final_part
from mathbatch.scoring.expressions.normalize import restore_backslashes
from mathbatch.scoring.expressions.numbers import WORD

# Characters at either end that are read at all; the working between is left out, which bounds the time.
READ_WINDOW = 10_000

FULL_WIDTH = {
    ord(sign): unicodedata.normalize("NFKC", sign) for sign in map(chr, range(0xFF10, 0xFF5B)) if sign.isalnum()
}
FULL_WIDTH_POINT = re.compile(r"(?<=\d)．(?=\d)")
POINT_WITHOUT_ZERO = re.compile(r"(?<![\w.)}\]])\.(?=\d)")
QUOTED = re.compile(
    r"(?<![\w\\{^$)\]])(?:['\"`‘“«「『]|``)([^\s'\"`‘’“”«»「」『』]{1,40}?)(?:['\"`’”»]|'')(?!\w)|[「『]([^「」『』\n]{1,40})[」』]"
)
LIST_OF_ONE = re.compile(r"\[\s*(['\"])((?:(?!\1).)+)\1\s*\]", re.DOTALL)
PERCENT = re.compile(
    r"(?<=\d)(?:\s|\\[ ,;]){0,2}(?:\\(?:text|mathrm|mbox)\{\s?(?:per\s?cent|pct\.?)\s?\}"
    r"|(?:per\s?cent|pct)(?![A-Za-z]))",
    re.IGNORECASE,
)

# Commands that belong to mathematics; all others decorate what they hold, as `\textcolor{red}{7}` and `\emph{7}` do.
GREEK = "|".join(
    unicodedata.name(chr(code)).rpartition(" ")[2].lower().replace("amda", "ambda") for code in range(0x3B1, 0x3CA)
)
MATHEMATICS = re.compile(
    rf"(?:var)?(?i:{GREEK})|Re|Im|Pr"
    r"|[a-z]?frac|sqrt|root|[dt]?binom|begin|end|substack|(?:left|right|[bB]igg?)[lrm]?|(?!f?color|raise|make|par)\w*box(?:ed)?"
    r"|over\w+|under(?:brace|set|bracket)|stackrel|bar|vec|hat|tilde|d{1,4}ot|wide\w+|acute|grave|check|breve|not"
    r"|[bx]?cancel\w*|sout|st|\w*arrow|mathring"
    r"|text|mathrm|textrm|textnormal|rm|operatorname|ce|math(?:bb|cal|scr|frak)|unit|si|num|qty|pu"
    r"|arc\w+|a?(?:sin|cos|tan|cot|sec|csc)h?|log|ln|lg|exp|lim\w*|max|min|sup|inf|det|dim|gcd|lcm|[bp]?mod|arg|deg|sgn"
    r"|sum|prod|coprod|i{1,3}nt|oint|abs|norm|floor|ceil|ang|angle"
    r"|[lg](?:eq?|t)\w*|n?eq\w*|ne|approx\w*|sim\w*|equiv|cong|pm|mp|times|div|cdots?|ast|star|circ|degree|prime|to|in|ni"
    r"|notin|n?mid|n?parallel|perp|cup|cap|su[bp]set\w*|setminus|wedge|vee|land|lor|neg|forall|exists|infty|partial"
    r"|nabla|l?dots\w?|implies|iff|therefore|because|propto|oplus|otimes|triangle|square|q?quad|item"
)
COMMAND = re.compile(r"\\([A-Za-z]+)\*?(?:\[[^\[\]{}]{0,40}\])?(?=\{)")
# Commands whose argument is no content: a length, a colour, a label.
WITHOUT_CONTENT = re.compile(r"[hv]space|\w*phantom|label|tag|ref|cite|footnote|kern|\w*skip|fontsize|rule")
BRACE = re.compile(r"(?<!\\)[{}]")
# Surroundings without a meaning, and switches of font and size.
LAYOUT = re.compile(
    r"\\(?:begin|end)\{(?:aligned|split|gathered|center|math|displaymath)\}"
    r"|\\(?:tiny|(?:script|footnote|normal)size|small|large|Large|LARGE|huge|Huge|bf|it|tt|sf|sl|em|sc|\w+series|\w+shape|boldmath"
    r"|(?:display|text|script)style|centering)(?![A-Za-z])\s?"
)
OTHER_BOX = re.compile(
    r"\\(?:bbox|ovalbox|Ovalbox|doublebox|shadowbox|tcbox|Aboxed)\s?(?:\[[^\[\]{}]{0,60}\]\s?)?(?=\{)"
)
# A brace with a label under or over what is meant: `\underbrace{9}_{\text{sum}}`.
LABELLED_BRACE = re.compile(
    r"\\(?:under|over)brace\s?(\{(?:[^{}]|\{[^{}]{0,80}\}){0,80}\})\s?[_^]\s?\{(?:[^{}]|\{[^{}]{0,80}\}){0,80}\}"
)
# Thousands as in Switzerland: 1'500.
APOSTROPHES = re.compile(r"(?<![\w.,'’])\d{1,3}(?:['’]\d{3})+(?![\d'’\"])")
MINUS_IN_WORDS = re.compile(
    rf"(?:\A|(?<=[:=]\s)|(?<=\bis\s)|(?<=\bequals\s))(?:minus|negative)\s(?=\$?\.?\d|{WORD}\b)", re.IGNORECASE
)
EMPHASIS_TAGS = re.compile(r"<(b|strong|i|em|u|mark|code|p|div|span)>([^<>]{0,200})</\1>", re.IGNORECASE)
# A line that is quoted; "> 42" alone may be a bound as well.
QUOTE_MARK = re.compile(r"(?!\A>[^\nA-Za-z*]*\Z)^>[ \t]+", re.MULTILINE)
# Row of a table, or entry of a JSON object, with the answer: "| Answer | 42 |", `{"final_answer": 42}`.
ANSWER_ROW = re.compile(
    r"^\|[ \t*_]{0,9}(?:the\s)?(?:final\s)?answer[ \t*_:]{0,9}\|([^|\n]{1,200})\|[ \t]*$(?!\n\|?[ \t]*:?-)",
    re.IGNORECASE | re.MULTILINE,
)
ANSWER_ENTRY = re.compile(
    r"(?<=[{,\s])[\"'](?:(?:final|correct)[_\s]?)?answer[\"']\s?:\s?(\"[^\"\n]{1,400}\"|[^\s\"{}\[\],]{1,60})\s?(?=[,}\n])",
    re.IGNORECASE,
)
BOX_WITHOUT_BRACES = re.compile(r"(\\boxed)\s+([^\s{}$\\]{1,40})")


@functools.lru_cache(4)
def answer_part(response: str) -> str:
    """Return what follows the thinking of a response, without the middle of a long one, as `readable` writes it."""
    text = QUOTE_MARK.sub("", readable(without_middle(final_part(response))))
    text = EMPHASIS_TAGS.sub(r"\2", text)
    text = ANSWER_ROW.sub(r"Answer: \1\n", text)
    # JSON writes two backslashes for one.
    text = ANSWER_ENTRY.sub(lambda found: f"Answer: {found[1]}\n".replace("\\\\", "\\"), text)
    return QUOTED.sub(r"\1\2", text)


def only_gold(gold: str) -> str:
    """Return a gold answer as `readable` writes it; of a list with one entry, that entry: `["70"]` -> "70"."""
    found = LIST_OF_ONE.fullmatch(gold.strip())
    return readable(found[2] if found else gold)


def without_middle(text: str) -> str:
    """Return a text without its middle, where it is longer than twice `READ_WINDOW`."""
    return text if len(text) <= 2 * READ_WINDOW else f"{text[:READ_WINDOW]}\n{text[-READ_WINDOW:]}"


def readable(text: str) -> str:
    r"""Return a text with lost backslashes, plain letters and digits, and no decorations.

    Numbers and percentages are written in one form: ".5" -> "0.5", "33 per cent" -> "33%".
    """
    text = restore_backslashes(text)
    if not text.isascii():
        text = FULL_WIDTH_POINT.sub(".", text.translate(FULL_WIDTH))
    if "\\" in text:
        text = OTHER_BOX.sub(r"\\boxed", LABELLED_BRACE.sub(r"\1", text))
        text = BOX_WITHOUT_BRACES.sub(r"\1{\2}", without_decorations(LAYOUT.sub("", text)))
    text = MINUS_IN_WORDS.sub("-", APOSTROPHES.sub(lambda found: re.sub("['’]", "", found[0]), text))
    return PERCENT.sub("%", POINT_WITHOUT_ZERO.sub("0.", text))


def without_decorations(text: str) -> str:
    r"""Return a text without commands that only decorate what they hold: `\textcolor{red}{7}` and `\emph{7}` -> `7`.

    A command decorates unless it belongs to mathematics. Of several arguments the last is the content.
    """
    closing = _closing_braces(text)
    left_out = bytearray(len(text))
    for command in COMMAND.finditer(text):
        name = command[1]
        if MATHEMATICS.fullmatch(name):
            continue
        opened, end = command.end(), closing.get(command.end())
        count = 1
        while end is not None and (following := closing.get(end + 1)) is not None:
            opened, end, count = end + 1, following, count + 1
        if end is None:
            continue
        empty = WITHOUT_CONTENT.fullmatch(name) or (name.endswith("color") and count == 1)
        for start, stop in [(command.start(), end + 1)] if empty else [(command.start(), opened + 1), (end, end + 1)]:
            left_out[start:stop] = b"\x01" * (stop - start)
    return "".join(sign for sign, gone in zip(text, left_out, strict=True) if not gone) if any(left_out) else text


def _closing_braces(text: str) -> dict[int, int]:
    """Return for the place of each opening brace the place of the brace that closes it."""
    opened: list[int] = []
    found: dict[int, int] = {}
    for brace in BRACE.finditer(text):
        if brace[0] == "{":
            opened.append(brace.start())
        elif opened:
            found[opened.pop()] = brace.start()
    return found
