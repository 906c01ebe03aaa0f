"""Mathematics in words: "three quarters", "one half", "2 times the square root of 3", "a ratio of 3 to 4".

Whole numbers in words are in `numbers.py`.
"""

from __future__ import annotations

import re
from fractions import Fraction

from mathbatch.scoring.expressions.canonical_text import canonical_text
from mathbatch.scoring.expressions.numbers import Number, spelled_numbers_in

FRACTION_WORDS = {"half": 2, "halves": 2, "quarter": 4} | {
    part: below
    for below, part in enumerate(["third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"], 3)
}  # fmt: skip
SPELLED_FRACTION = re.compile(
    rf"\b(?:(?P<top>an?|one|two|three|four|five|six|seven|eight|nine|ten)[\s-])?(?P<part>{'|'.join(FRACTION_WORDS)})s?\b",
    re.IGNORECASE,
)
SPELLED_ROOT = re.compile(r"(?:(?<=\d)\stimes\s)?(?:\bthe\s)?\bsquare\sroot\sof\s(\d+(?:\.\d+)?)", re.IGNORECASE)
SPELLED_RATIO = re.compile(r"(\bratio\b[^.\n\d]{0,80}\s)(\d+)\sto\s(?=\d)", re.IGNORECASE)
ONE_WORD = re.compile(r"an?|one", re.IGNORECASE)


def spelled_fraction_in(text: str) -> Number | None:
    """The last fraction in words; a lone "third" is an ordinal, a lone "half" is none."""
    found = [one for one in SPELLED_FRACTION.finditer(text) if one["top"] or one["part"].lower() == "half"]
    if not found:
        return None
    top = found[-1]["top"] or "one"
    count = 1 if ONE_WORD.fullmatch(top) else int(spelled_numbers_in(top)[0].value)
    value = Fraction(count, FRACTION_WORDS[found[-1]["part"].lower()])
    return Number(value, False, "", found[-1][0], *found[-1].span())


def with_words_as_signs(text: str) -> str:
    r"""The text with roots and ratios in signs: `2 \sqrt{3}`, `3:4`."""
    return SPELLED_RATIO.sub(r"\1\2:", SPELLED_ROOT.sub(r" \\sqrt{\1}", text))


def as_spelled_number(text: str) -> Number | None:
    r"""The number that a text is in words: `\text{ten}`, "three quarters"."""
    words = canonical_text(text)
    whole = spelled_numbers_in(words)
    if len(whole) == 1 and whole[0].shown == words:
        return whole[0]
    part = spelled_fraction_in(words)
    return part if part is not None and part.shown == words else None
