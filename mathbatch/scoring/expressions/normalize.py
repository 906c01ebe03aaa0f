r"""Write mathematics beyond ASCII in LaTeX, and numbers in one notation.

    to_latex("2√3 cm² ≥1½")          ->  2\sqrt{3} cm^{2} \geq 1\frac{1}{2}
    to_number_notation("½, 3×10⁵")   ->  1/2, 3\times 10^{5}

`to_latex` writes the signs of plain text as commands: `2√3` is `2\sqrt{3}`. Roots hold what stands
right behind them: √3/2 is half of √3. `to_number_notation` is for readers of numbers, which then need to know LaTeX
alone.
"""

from __future__ import annotations

import re
import unicodedata

from mathbatch.scoring.expressions.numbers import PART_WORDS, with_plain_signs

# Signs and the LaTeX command for each. Greek letters have no command here, since theirs follows from their Unicode
# name.
COMMANDS = {
    "≥≧⩾": r"\geq",
    "≤≦⩽": r"\leq",
    "≠": r"\neq",
    "≈": r"\approx",
    "≡": r"\equiv",
    "∧": r"\land",
    "¬": r"\neg",
    "∨": r"\lor",
    "∖": r"\setminus",
    "…": r"\ldots",
    "×✕": r"\times",
    "·⋅∙•": r"\cdot",
    "÷": r"\div",
    "±": r"\pm",
    "∓": r"\mp",
    "∞": r"\infty",
    "∪": r"\cup",
    "∩": r"\cap",
    "∈": r"\in",
    "∉": r"\notin",
    "∅⌀": r"\emptyset",
    "∠": r"\angle",
    "△": r"\triangle",
    "⊥": r"\perp",
    "∥": r"\parallel",
    "→": r"\to",
    "ℝ": r"\mathbb{R}",
    "ℤ": r"\mathbb{Z}",
    "ℕ": r"\mathbb{N}",
    "π": r"\pi",
    "αβγδεζηθικλμνξρστυφχψω": "",
    "ΓΔΘΛΞΠΣΦΨΩ": "",
}
ASCII_SIGNS = {
    "−–﹣－‒‐‑": "-",
    "﹢＋": "+",
    "＝": "=",
    "＜": "<",
    "＞": ">",
    "：∶": ":",
    "，": ",",
    "（": "(",
    "）": ")",
    "［": "[",
    "］": "]",
    "％": "%",
    "／": "/",
    "′": "'",
    "\xa0\u2009\u202f\u2002\u2003": " ",
    "\u2061\u2062\u200b\ufeff": "",
}
SCRIPTS = ("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱˣ", "0123456789+-()nix"), ("₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₐₙₓ", "0123456789+-()anx")


def _sign_table() -> dict[int, str]:
    table = {ord(sign): written for signs, written in ASCII_SIGNS.items() for sign in signs}
    for signs, command in COMMANDS.items():
        for sign in signs:
            name = unicodedata.name(sign).rpartition(" ")[2]
            name = name.lower() if sign.islower() else name.capitalize()
            table[ord(sign)] = (command or "\\" + name.replace("amda", "ambda")) + " "
    return table


SIGN_TABLE = _sign_table()
SUPERSCRIPTS = re.compile(rf"[{SCRIPTS[0][0]}]+")
SUBSCRIPTS = re.compile(rf"[{SCRIPTS[1][0]}]+")
VULGAR_FRACTION = re.compile(r"[¼-¾⅐-⅞]")
ROOT_SIGN = re.compile(r"([√∛∜])\s?(?:\((?P<group>[^()]{0,80})\)|(?P<one>\d+(?:\.\d+)?|[A-Za-z](?![A-Za-z])|\\pi\b)|)")
ROOT_COMMANDS = {"√": r"\sqrt", "∛": r"\sqrt[3]", "∜": r"\sqrt[4]"}
DEGREE_SIGN = re.compile(r"\s?[°º˚]")
SQRT_CALL = re.compile(r"(?<![A-Za-z\\])sqrt\s?\(([^()]{1,80})\)")
# JSON makes one character of a backslash and the letter behind it, such as a tab of `\t`. Only what would complete a
# command of mathematics is taken for one; after a line break or a tab, words may follow.
LOST_BACKSLASH = re.compile(
    "\x0c(?=[a-z]{3,}|[A-Z])|\x08(?=[a-z])|\x07(?=[a-z])|\x0b(?=[a-z])"
    "|\t(?=(?:imes|ext(?:bf|it|rm)?|frac|heta|an|au|riangle|ilde|herefore|op|o)(?![a-z]))"
    "|\r(?=(?:ho|ight|angle|m|floor|ceil|ightarrow)(?![a-z]))"
    "|\n(?=(?:eq|abla|otin|ot|u)(?![a-z])[ \\\\{}$=])"
)
LOST_LETTERS = {"\x0c": "f", "\x08": "b", "\x07": "a", "\x0b": "v", "\t": "t", "\r": "r", "\n": "n"}
BOX = re.compile(r"\\f?box(?:ed)?\s?(?=\{)")
# An angle in degrees, minutes and seconds.
ANGLE = re.compile(
    r"(?P<degrees>\d{1,3})\s?\^\s?\{?\\circ\s?\}?\s?(?P<minutes>\d{1,2})\s?'(?!')(?:\s?(?P<seconds>\d{1,2})\s?(?:''|\"))?"
)
E_NOTATION = re.compile(r"(?<![\w.\\^{])(-?\d+(?:\.\d+)?)[eE]([+-]?\d{1,3})(?![\w.])")
REPEATING_DECIMAL = re.compile(
    r"(?<![\d.])(?P<whole>\d{0,9})\.(?P<once>\d{0,9})\\(?:overline|bar|dot)\s?(?:\{(?P<again>\d{1,9})\}|(?P<digit>\d))(?!\d)"
)


def to_latex(text: str) -> str:
    r"""Return a text with signs beyond ASCII, `sqrt(3)`, `1e6` and `0.\overline{3}` written in LaTeX."""
    if not text.isascii():
        text = _ascii(text)
    text = SQRT_CALL.sub(r"\\sqrt{\1}", text)
    if "e" in text or "E" in text:
        text = E_NOTATION.sub(lambda found: rf"{found[1]} \times 10^{{{int(found[2])}}}", text)
    if "\\" in text:
        text = ANGLE.sub(_angle, BOX.sub("", text))
        text = REPEATING_DECIMAL.sub(_repeating, text)
    return text


def restore_backslashes(text: str) -> str:
    r"""Return a text with the backslashes that it lost as JSON: "\x0crac{1}{2}" -> "\frac{1}{2}"."""
    return LOST_BACKSLASH.sub(lambda found: _restored(found) or found[0], text)


def _restored(found: re.Match[str]) -> str | None:
    """Return what a control character was; None for a line break that ends no formula, as in front of `u = 3`."""
    line = found.string[max(found.start() - 200, 0) : found.start()].rpartition("\n")[2]
    in_formula = line.count("{") > line.count("}") or line.count("$") % 2 == 1
    return "\\" + LOST_LETTERS[found[0]] if found[0] != "\n" or in_formula else None


def _ascii(text: str) -> str:
    text = SUPERSCRIPTS.sub(lambda found: _script("^", found[0], *SCRIPTS[0]), text)
    text = SUBSCRIPTS.sub(lambda found: _script("_", found[0], *SCRIPTS[1]), text)
    text = VULGAR_FRACTION.sub(lambda found: _vulgar_fraction(found[0]), text)
    text = DEGREE_SIGN.sub(r"^{\\circ}", text).translate(SIGN_TABLE)
    return ROOT_SIGN.sub(_root, text) if any(root in text for root in ROOT_COMMANDS) else text


def _script(mark: str, shown: str, signs: str, written: str) -> str:
    return f"{mark}{{{shown.translate(str.maketrans(signs, written))}}}"


def _vulgar_fraction(sign: str) -> str:
    top, _, below = unicodedata.normalize("NFKC", sign).partition("\N{FRACTION SLASH}")
    return rf"\frac{{{top}}}{{{below}}}"


def _root(found: re.Match[str]) -> str:
    held = found["group"] if found["group"] is not None else found["one"]
    return ROOT_COMMANDS[found[1]] + ("" if held is None else f"{{{held}}}")


def _angle(found: re.Match[str]) -> str:
    seconds = 3600 * int(found["degrees"]) + 60 * int(found["minutes"]) + int(found["seconds"] or 0)
    return rf"\frac{{{seconds}}}{{3600}}^{{\circ}}"


def _repeating(found: re.Match[str]) -> str:
    r"""Write a repeating decimal as a fraction: `0.\overline{3}` -> `\frac{3}{9}`."""
    once, again = found["once"], found["again"] or found["digit"]
    below = 10 ** len(once) * (10 ** len(again) - 1)
    top = int(found["whole"] + once + again) - int(found["whole"] + once or "0")
    return rf"\frac{{{top}}}{{{below}}}"


MIXED_VULGAR = re.compile(r"(\d)?\s?([½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒])")
SIGNED_SUPERSCRIPTS = re.compile(r"[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
SUPERSCRIPT_DIGITS = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")
TEXT_COMMAND = re.compile(r"\\(?:text|mathrm|mbox|rm|textrm|textbf|mathbf|boldsymbol)\s?\{([^{}]{0,200})\}")
# Takes all digits: nobody means the root of 1, times 2, by `\sqrt12`.
ROOT_OF_NUMBER = re.compile(r"(?:√|\\?\bsqrt(?![A-Za-z]))\s?(?:(\d+(?:\.\d+)?)|(?=[{(]))")
# `1.234.567`, which can't be a decimal number, while `1.234` can.
DOTTED_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:\.\d{3}){2,}(?![\d.]*\d)")
MIXED_NUMBER = re.compile(r"(?<![\d/.,])(\d{1,6})\s(\d{1,4})/(\d{1,4})(?![\d/.])")
AND_A_HALF = re.compile(r"(?<=\d)\sand\sa\s(half|third|quarter)\b")
THIN_SPACE = re.compile(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3})")
DEGREE_COMMAND = re.compile(r"\s?\^\s?(?:\{\s?\\circ\s?\}|\\circ(?![A-Za-z]))|\\circ(?![A-Za-z])|\\degree(?![A-Za-z])")
# JSON writes two backslashes for one.
BACKSLASHES = re.compile(r"(?<!\\)\\{2,}(?=[A-Za-z])")
LOG_BASE = re.compile(r"(?<=\\log)\s?_\s?\{?\s?(\w{1,4})\s?\}?\s*")
LAYOUT_COMMAND = re.compile(r"\\(?:left|right|displaystyle)(?![A-Za-z])\.?")
OTHER_SIGNS = {"π": r"\pi ", "×": r"\times ", "·": r"\cdot ", "÷": r"\div ", "±": r"\pm ", r"\$": "$", r"\%": "%"}
OTHER_SIGN = re.compile("|".join(map(re.escape, OTHER_SIGNS)))
PI_WORD = re.compile(r"(?<![A-Za-z\\])pi(?![A-Za-z])")


def to_number_notation(text: str) -> str:
    r"""Return a text with its numbers in one notation: `½` -> `1/2`, `√3` -> `\sqrt{3}`, `5\text{ cm}²` -> `5 cm^{2}`.

    Text that is already in that notation stays as it is.
    """
    text = with_plain_signs(BACKSLASHES.sub(r"\\", THIN_SPACE.sub("", text)))
    text = LAYOUT_COMMAND.sub("", TEXT_COMMAND.sub(r" \1 ", DEGREE_COMMAND.sub("°", text)))
    text = LOG_BASE.sub(r"_{\1}", text)
    text = MIXED_VULGAR.sub(_mixed_vulgar, text)
    text = AND_A_HALF.sub(lambda found: rf"\frac{{1}}{{{PART_WORDS[found[1]]}}}", text)
    text = SIGNED_SUPERSCRIPTS.sub(lambda found: f"^{{{found[0].translate(SUPERSCRIPT_DIGITS)}}}", text)
    text = DOTTED_THOUSANDS.sub(lambda found: found[0].replace(".", ""), text)
    text = PI_WORD.sub(r"\\pi ", OTHER_SIGN.sub(lambda found: OTHER_SIGNS[found[0]], text))
    text = ROOT_OF_NUMBER.sub(lambda found: f"\\sqrt{{{found[1]}}}" if found[1] else r"\sqrt", text)
    text = re.sub(r"\s+(?=\^)|(?<=\s)\s+", "", text)
    return re.sub(r"\\[dtc]frac(?![A-Za-z])", r"\\frac", MIXED_NUMBER.sub(r"\1\\frac{\2}{\3}", text))


def _mixed_vulgar(found: re.Match[str]) -> str:
    fraction = unicodedata.normalize("NFKC", found[2]).replace("\u2044", "/")
    return f"{found[1]} {fraction}" if found[1] else fraction
