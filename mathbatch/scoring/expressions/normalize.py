r"""Mathematics written beyond ASCII, or in a way that Math-Verify drops or reads otherwise, as LaTeX.

    2√3 cm² ≥ 1½   becomes   2\sqrt{3} cm^{2} \geq 1\frac{1}{2}

Math-Verify leaves out signs that it doesn't know: `2√3` would be 2. Roots hold what stands right behind them: √3/2 is
half of √3.
"""

from __future__ import annotations

import re
import unicodedata

COMMANDS = {
    "≥≧⩾": r"\geq",
    "≤≦⩽": r"\leq",
    "≠": r"\neq",
    "≈": r"\approx",
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
LOST_BACKSLASH = re.compile("\x0c(?=rac[{0-9])|\t(?=imes(?![a-z])|frac[{0-9])")
"""What JSON makes of the backslash and the f of `\\frac`."""
E_NOTATION = re.compile(r"(?<![\w.\\^{])(-?\d+(?:\.\d+)?)[eE]([+-]?\d{1,3})(?![\w.])")
REPEATING_DECIMAL = re.compile(
    r"(?<![\d.])(?P<whole>\d{0,9})\.(?P<once>\d{0,9})\\(?:overline|bar|dot)\s?(?:\{(?P<again>\d{1,9})\}|(?P<digit>\d))(?!\d)"
)


def to_latex(text: str) -> str:
    r"""The text with signs beyond ASCII, `sqrt(3)`, `1e6` and `0.\overline{3}` in the LaTeX that stands for them."""
    if not text.isascii():
        text = _ascii(text)
    text = SQRT_CALL.sub(r"\\sqrt{\1}", text)
    if "e" in text or "E" in text:
        text = E_NOTATION.sub(lambda found: rf"{found[1]} \times 10^{{{int(found[2])}}}", text)
    if "\\" in text:
        text = REPEATING_DECIMAL.sub(_repeating, text)
    return text


def restore_backslashes(text: str) -> str:
    r"""The text with the backslashes that it lost as JSON."""
    return LOST_BACKSLASH.sub(lambda found: "\\f" if found[0] == "\x0c" else "\\t", text)


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


def _repeating(found: re.Match[str]) -> str:
    once, again = found["once"], found["again"] or found["digit"]
    below = 10 ** len(once) * (10 ** len(again) - 1)
    top = int(found["whole"] + once + again) - int(found["whole"] + once or "0")
    return rf"\frac{{{top}}}{{{below}}}"
