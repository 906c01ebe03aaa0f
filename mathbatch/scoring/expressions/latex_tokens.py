r"""Split mathematics written in LaTeX into tokens: `2\pi r^{2}` -> a number, a command, a name, marks.

Nothing is left out but layout: a sign that has no meaning here raises UnreadableError, so that no two texts become
equal by what a reader of them ignores.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_LENGTH = 1000
# Fonts and layout, which change nothing of what is meant; the braces behind them stay.
LAYOUT = re.compile(
    r"\\(?:left|right|[bB]igg?[lrm]?|displaystyle|textstyle|limits|nolimits|quad|qquad|mathbf|boldsymbol|bm|mathit"
    r"|mathsf|mathcal|bullet|hfill|therefore|checkmark|phantom\{\})(?![A-Za-z])\.?"
    r"|(?<!\\)(?:\\[,;:! ]|[$~])|\\(?:begin|end)\{(?:aligned|split|align\*?|gathered)\}"
)
TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>\d+(?:(?:\\,|\{,\})\d{3})+(?:\.\d+)?|\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?
      |\d+(?:\.\d+|\.(?=[^\s\w.]))?|\.\d+)
    | (?P<begin>\\begin\s?\{[a-z]+\*?\}(?:\s?\{[lcr|\s]*\})?) | (?P<end>\\end\s?\{[a-z]+\*?\})
    | \\(?P<font>text(?:bf|it|rm|normal|sf|tt)?|[mh]box|math(?:rm|tt)|rm|operatorname\*?)\s?\{(?P<inner>[^{}]*)\}
    | (?P<newline>\\\\(?:\s?\[[\d.]+\s?(?:pt|em|ex|[mc]m)\])?) | \\(?P<sign>[{}%|$&\#]) | \\(?P<command>[A-Za-z]+)
    | (?P<word>[A-Za-z]{2,}) | (?P<mark>[-+*/^_=<>(){}\[\]|!,;:'&%]) | (?P<stop>\.(?=\s|\Z)) | (?P<name>[^\s.\\])
    )""",
    re.VERBOSE,
)
# "5 (mod 12)" is `5 \pmod{12}`.
MODULUS = re.compile(r"\(\s*\\?(?:(?:text|mathrm|operatorname)\{\s*)?mod\b\s*\}?([^()]*)\)")
# Interval with brackets that face away from an end that is no part of it: `]0, 1]` is `(0, 1]`.
OUTER_BRACKETS = re.compile(r"([\[\]])([^\[\]()]+[,;][^\[\]()]+)([\[\]])")
# Other ways to write what has a command: `{7 \choose 2}`, a brace beside an array, `U` for a union, `\hat{i}`.
TEX_FRACTION = re.compile(r"\{([^{}]*)\\(over|choose)(?![A-Za-z])([^{}]*)\}")
BRACED_ARRAY = re.compile(
    r"\\left\s?\\\{\s*\\begin\{array\}\s?\{[lcr|\s]*\}((?:(?!\\begin).)*?)\\end\{array\}\s*\\right\s?\.?", re.DOTALL
)
UNION = re.compile(r"(?<=[)\]])\s*U\s*(?=[(\[])")
UNIT_VECTOR = re.compile(
    r"\\(?:wide)?(?:hat|vec)\s?(?:\{\s?\\mathbf\s?\{\s?\\?([ijk])(?:math)?\s?\}\s?\}|\{\s?\\?([ijk])(?:math)?\s?\}"
    r"|\\?([ijk])(?:math)?(?![A-Za-z]))"
)
FUNCTIONS = [
    "sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "ln", "log", "lg",
    "exp", "sqrt", "pi", "max", "min", "gcd", "lcm", "mod", "infty",
]  # fmt: skip
SPLIT_WORD = re.compile(rf"(?:{'|'.join(sorted(FUNCTIONS, key=len, reverse=True))})|.", re.DOTALL)
SAME_COMMAND = {
    "dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "leq": "le", "geq": "ge", "leqslant": "le", "geqslant": "ge",
    "lt": "<", "gt": ">", "ne": "neq", "dots": "ldots", "cdots": "ldots", "dotsc": "ldots", "dotsb": "ldots",
    "rightarrow": "to", "lvert": "|", "rvert": "|", "vert": "|", "lVert": "Vert", "rVert": "Vert", "land": "and",
    "wedge": "and", "lor": "or", "vee": "or", "dbinom": "binom", "tbinom": "binom", "simeq": "approx",
    "degree": "circ", "varnothing": "emptyset", "lbrace": "\\{", "rbrace": "\\}", "lbrack": "[", "rbrack": "]",
    "langle": "(", "rangle": ")", "backslash": "setminus", "bigcup": "Cup", "varepsilon": "epsilon", "varphi": "phi",
    "iff": "Leftrightarrow", "implies": "to", "Rightarrow": "to", "longrightarrow": "to", "lnot": "neg",
    "middle": "", "colon": ":", "times": "*", "cdot": "*",
    "div": "/", "overrightarrow": "vec", "bigtriangleup": "triangle", "pmod": "mod",
    "bmod": "mod", "uppi": "pi", "arctg": "arctan", "tg": "tan",
}  # fmt: skip
SAME_SIGN = {"{": "\\{", "}": "\\}", "|": "Vert", "%": "%", "$": "dollar", "&": "&", "#": "#"}
PLAIN_NUMBER = re.compile(r"\d+(?:\.\d+)?")
BRACKETED_LETTER = re.compile(r"\([A-Za-z]\)")
# Words of at least so many letters are one name; shorter ones are products, such as `xy`.
MIN_WORD = 4


class UnreadableError(ValueError):
    """Raised where a text is no mathematics that can be read without leaving anything out."""


class Token(NamedTuple):
    """Token with its kind: number, name, command, mark, begin, end, or separator."""

    kind: str
    text: str


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a text; raise UnreadableError at a sign without a meaning, or where it is too long."""
    if len(text) > MAX_LENGTH:
        raise UnreadableError("is too long to be compared")
    text = TEX_FRACTION.sub(_fraction, BRACED_ARRAY.sub(r"\\begin{cases}\1\\end{cases}", text))
    text = UNION.sub(r" \\cup ", UNIT_VECTOR.sub(lambda found: f" {found[found.lastindex or 0]} ", text))
    text = LAYOUT.sub(" ", text).replace("<=", "\\le ").replace(">=", "\\ge ").replace("...", "\\ldots ")
    text = OUTER_BRACKETS.sub(_open_interval, MODULUS.sub(r"\\bmod{\1}", text))
    found: list[Token] = []
    place, depth, end = 0, 0, len(text.rstrip())
    while place < end:
        match = TOKEN.match(text, place)
        if match is None:
            raise UnreadableError(f"has '{text[place:].strip()[:1]}', which is not known here")
        place = match.end()
        number = match["number"]
        if number is not None and depth and "," in number and "{" not in number and "\\" not in number:
            place -= len(number) - number.index(",")  # within brackets a comma parts two numbers
            number = number[: number.index(",")]
        new = (
            [Token("number", number.replace("{,}", "").replace("\\,", "").replace(",", ""))]
            if number
            else _tokens(match)
        )
        depth += sum(one.text in ("(", "[", "\\{") for one in new) - sum(one.text in (")", "]", "\\}") for one in new)
        found += new
    return found


def _fraction(match: re.Match[str]) -> str:
    return rf"\{'frac' if match[2] == 'over' else 'binom'}{{{match[1]}}}{{{match[3]}}}"


def _open_interval(match: re.Match[str]) -> str:
    opening, inner, closing = match.groups()
    return f"{opening.replace(']', '(')}{inner}{closing.replace('[', ')')}"


def _tokens(match: re.Match[str]) -> list[Token]:
    """Return the tokens of a match that is no number; a word becomes functions and names."""
    kind = str(match.lastgroup)
    if kind == "inner":
        return _text(match["inner"])
    shown = match[kind]
    if kind == "command":
        shown = SAME_COMMAND.get(shown, shown)
        if shown in ("and", "or"):
            return [Token("separator", shown)]
        return [Token("command" if shown.isalpha() else "mark", shown)] if shown else []
    if kind == "sign":
        shown = SAME_SIGN[shown]
        return [Token("command" if shown.isalpha() else "mark", shown)]
    if kind in ("newline", "stop"):
        return [Token("separator", "\\\\" if kind == "newline" else ",")]
    return _word(shown) if kind == "word" else [Token(kind, shown)]


def _word(word: str) -> list[Token]:
    """Return a word as a separator, a function, one name where it is long, or a name for each letter: `xy`."""
    if word.lower() in ("and", "or"):
        return [Token("separator", word.lower())]
    if word in FUNCTIONS:
        return [Token("command", word)]
    if len(word) >= MIN_WORD and not any(name in word for name in FUNCTIONS):
        return [Token("name", word.casefold())]
    return [Token("command" if one in FUNCTIONS else "name", one) for one in SPLIT_WORD.findall(word)]


def _text(inner: str) -> list[Token]:
    r"""Return the tokens of `\text{…}`: a separator, a letter, or one name for all of it."""
    inner = " ".join(inner.split()).strip(" .,")
    if inner.lower() in ("and", "or", "", ","):
        return [Token("separator", inner.lower() or ",")] if inner else []
    if inner in FUNCTIONS:
        return [Token("command", inner)]
    if PLAIN_NUMBER.fullmatch(inner):
        return [Token("number", inner)]
    return [Token("name", inner[1:-1] if BRACKETED_LETTER.fullmatch(inner) else inner)]


class TokenReader:
    """Reader of tokens, one after the other; `place` is that of the next."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.place = tokens, 0

    @property
    def next(self) -> str:
        """Return the text of the token to be read next, or an empty text at the end."""
        return self.tokens[self.place].text if self.place < len(self.tokens) else ""

    @property
    def kind(self) -> str:
        """Return the kind of the token to be read next, or an empty text at the end."""
        return self.tokens[self.place].kind if self.place < len(self.tokens) else ""

    def take(self, *texts: str) -> str:
        """Read the next token where it is one of these; return an empty text otherwise."""
        found = self.next if self.next in texts and self.kind != "number" else ""
        self.place += bool(found)
        return found

    def expect(self, *texts: str) -> str:
        """Read a token that must come next."""
        if not (found := self.take(*texts)):
            raise UnreadableError(
                f"has '{self.next}' where '{texts[0]}' is missing" if self.next else "is not complete"
            )
        return found
