r"""One notation for what is written in many: `½` is `1/2`, `3×10⁵` is `3\times10^{5}`, `√3` is `\sqrt{3}`, and
`5\text{ cm}²` is `5 cm^2`. So that whoever reads numbers knows LaTeX alone.
"""

from __future__ import annotations

import re
import unicodedata

from mathbatch.scoring.expressions.numbers import PART_WORDS, with_plain_signs

MIXED_VULGAR = re.compile(r"(\d)?\s?([½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒])")
SIGNED_SUPERSCRIPTS = re.compile(r"[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
SUPERSCRIPT_DIGITS = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")
TEXT_COMMAND = re.compile(r"\\(?:text|mathrm|mbox|rm|textrm|textbf|mathbf|boldsymbol)\s?\{([^{}]{0,200})\}")
ROOT_OF_NUMBER = re.compile(r"(?:√|\\?\bsqrt(?![A-Za-z]))\s?(?:(\d+(?:\.\d+)?)|(?=[{(]))")
"""Nobody means the root of 1, times 2, by `\\sqrt12`."""
DOTTED_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:\.\d{3}){2,}(?![\d.]*\d)")
"""`1.234.567`, which can't be a decimal; `1.234` can."""
MIXED_NUMBER = re.compile(r"(?<![\d/.,])(\d{1,6})\s(\d{1,4})/(\d{1,4})(?![\d/.])")
AND_A_HALF = re.compile(r"(?<=\d)\sand\sa\s(half|third|quarter)\b")
THIN_SPACE = re.compile(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3})")
DEGREE_COMMAND = re.compile(r"\s?\^\s?(?:\{\s?\\circ\s?\}|\\circ(?![A-Za-z]))|\\circ(?![A-Za-z])|\\degree(?![A-Za-z])")
BACKSLASHES = re.compile(r"(?<!\\)\\{2,}(?=[A-Za-z])")
"""JSON has two for one."""
LOG_BASE = re.compile(r"(?<=\\log)\s?_\s?\{?\s?(\w{1,4})\s?\}?\s*")
LAYOUT_COMMAND = re.compile(r"\\(?:left|right|displaystyle)(?![A-Za-z])\.?")
OTHER_SIGNS = {"π": r"\pi ", "×": r"\times ", "·": r"\cdot ", "÷": r"\div ", "±": r"\pm ", r"\$": "$", r"\%": "%"}
OTHER_SIGN = re.compile("|".join(map(re.escape, OTHER_SIGNS)))
PI_WORD = re.compile(r"(?<![A-Za-z\\])pi(?![A-Za-z])")


def to_number_notation(text: str) -> str:
    """The text in one notation. What is there already stays as it is."""
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
