r"""Read the numbers of a text, exactly: `1,234.5`, `-3/4`, `1 3/4`, `\frac{3}{4}`, `2.5 \times 10^{3}`, `28%`, `$18`.

Numbers in words are read as well: "twenty-one", "three quarters", "三". `answers/number_in_sentence.py` tells which of
them a sentence states.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from mathbatch.scoring.expressions.canonical_text import canonical_text
from mathbatch.scoring.expressions.units import phrase_at

# A longer run of digits is no number that anyone means.
MAX_DIGITS = 60
DECIMAL = r"\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
NUMBER = re.compile(
    r"(?<![A-Za-z_√])(?<![A-Za-z]-)(?<!\d)(?P<sign>(?<![\w.)}\]])[-+](?:(?<![\d)}\]]\s[-+])\s)?)?(?:\\\$|[$€£¥])?\s?(?:"
    r"\\[dtc]?frac\s?\{\s?(?P<top>-?\d+(?:\.\d+)?)\s?\}\s?\{\s?(?P<below>\d+(?:\.\d+)?)\s?\}"
    r"|\\[dtc]?frac\s?(?P<top1>\d)(?P<below1>\d)"
    rf"|(?<![A-Za-z_√])(?P<plain>{DECIMAL})"
    r"(?:(?P<exponent>[eE][-+]?\d{1,3}\b)|\s?(?:\\times|\\cdot|×|[x*])\s?10\s?\^\s?\{?(?P<power>[-+]?\d{1,3})\}?"
    r"|\s?/\s?(?P<divisor>\d+(?:\.\d+)?)(?![\d/])"
    r"|\s(?P<scale>hundred|thousand|million|billion|trillion)\b"
    r"|\s(?P<part>\d{1,4})\s?/\s?(?P<whole>\d{1,4})|\s?\\[dtc]?frac\s?\{\s?(?P<part2>\d+)\s?\}\s?\{\s?(?P<whole2>\d+)\s?\})?"
    r")(?P<percent>\s?\\?%|\s?(?:per\s?cent|pct)\b)?"
)
WRITTEN_DECIMALS = re.compile(
    r"\.(?P<decimals>\d+)(?:[eE](?P<exponent>[-+]?\d{1,3})|[^\d/]*10\s?\^\s?\{?(?P<power>[-+]?\d{1,3}))?"
)
SIGNS = str.maketrans({"−": "-", "–": "-", "﹣": "-", "－": "-", "％": "%", "，": ",", "~": " "})
BLANK_COMMAND = re.compile(r"\\!\s?|\{,\}|(?<=\d)\\,(?=\d{3})|\\[,;: ]")
UNIT_AFTER = re.compile(
    r"\s*(?:\\(?:text|mathrm|rm|mbox)\s?\{?|\\?\s?)?\s*([^\W\d_]+(?:\s?\^\s?\{?\d\}?)?|\^?\s?\{?\\circ\}?|[°$€£¥])"
)
# Leaves out letters that may be variables, as in `2x`, and the pi of `2pi`.
ONLY_UNITS = re.compile(
    r"(?:\\?%|\^\s?\{?\s?\\circ\s?\}?|°|\\(?:text|mathrm|mbox|rm)\s?\{(?:[^{}\d]|(?<=[A-Za-z])\d)*\}(?:\s?\^\s?\{?\d\}?)?"
    r"|(?:\s[A-Za-z]{3,}|\s?(?:[cmk]m|[mk]?g|m?[lL]|ft|in|mi|hr|min|[mshTCFK]))(?![A-Za-z])(?:\s?\^\s?\{?\d\}?)?|\s)*"
)
# `1 000 000`, which in a sentence may be several numbers.
GROUPED_BY_BLANKS = re.compile(r"-?\d{1,3}(?:\s\d{3})+(?:\.\d+)?")

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
WORDS = {word: value for value, word in enumerate(ONES.split())} | {
    word: 10 * value for value, word in enumerate(TENS.split(), 2)
}
SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "billion": 10**9, "trillion": 10**12}
PART_WORDS = {"half": 2, "quarter": 4} | {
    part: below
    for below, part in enumerate(["third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"], 3)
}
WORD = rf"(?:{'|'.join(sorted(WORDS, key=len, reverse=True))})"
SCALE = rf"(?:{'|'.join(SCALES)})"
ANY_PART = "|".join(PART_WORDS)
PART = rf"(?:(?<=\bone)[-\s](?:{ANY_PART})|[-\s](?:halves|(?:{ANY_PART})s)|\sand\sa\s(?:{ANY_PART}))"
SPELLED = re.compile(
    rf"(?P<minus>(?<![\w)])-)?\b(?!one\sof\b)(?:{WORD}|(?<!\bhalf\s)a(?=\s{SCALE}\b))(?:[-\s](?:(?<=(?:hundred|housand|million|billion)\s)and\s)?(?:{WORD}|{SCALE})){{0,8}}(?P<part>{PART})?\b"
    r"|(?<!\bhalf\s)\ba\sdozen\b|\b(?:no|none)\b",
    re.IGNORECASE,
)
CHINESE = re.compile(
    r"(?<![第零一二两三四五六七八九十百千万])[零一二两三四五六七八九十]{1,3}(?=[\s。，个只条张岁年元]|$)"
)


class Number(NamedTuple):
    """Number as it stands in a text.

    `value` is that of the digits: 28 for `28%`, and 1.5 for "1.5 million", whose `scale` is 1,000,000, since the
    question may ask for millions. `unit` is the word behind the number. `start` and `end` are places in the text as it
    was read, by `with_plain_signs` or `to_number_notation`. `exact` is False for a root.
    """

    value: Fraction
    percent: bool
    unit: str
    shown: str
    start: int
    end: int
    exact: bool = True
    scale: int = 1

    @property
    def unit_of_last_digit(self) -> Fraction:
        """Return the last decimal of the number as it is written, 0 for one without decimals: 0.25 -> 1/100."""
        found = WRITTEN_DECIMALS.search(self.shown)
        if found is None:
            return Fraction(0)
        power = int(found["power"] or found["exponent"] or 0)
        return Fraction(10) ** (power - len(found["decimals"]))

    @property
    def digits(self) -> str:
        """Return the value as Python writes numbers: "1250", "0.5"."""
        return str(self.value) if self.value.denominator == 1 else f"{float(self.value):.12g}"


def with_plain_signs(text: str) -> str:
    r"""Return a text with one minus sign, plain blanks, and no blanks within numbers: `10,\!080` -> `10,080`."""
    return BLANK_COMMAND.sub(lambda found: _plain_blank(found[0]), text.translate(SIGNS))


def numbers_in(text: str) -> list[Number]:
    """Return all numbers in digits of a text, in order: "3 of 20%" -> 3, 20%. Digits within words, as in `x2`, are
    none.
    """
    text = with_plain_signs(text)
    found = []
    for match in NUMBER.finditer(text):
        value = _value(match) if len(match[0]) <= MAX_DIGITS else None
        if value is not None:
            unit = UNIT_AFTER.match(text, match.end())
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            percent = bool(match["percent"])
            scale = SCALES.get(match["scale"] or "", 1)
            shown, end = match[0].strip(), match.end()
            found.append(Number(value, percent, unit[1] if unit else "", shown, start, end, scale=scale))
    return found


def spelled_numbers_in(text: str) -> list[Number]:
    """Return all numbers in words: "two of twenty-one" -> 2, 21.

    Those such as "a dozen" count only where no other one is, and Chinese ones only where no English one is.
    """
    text = with_plain_signs(text)
    found = [_number_in_words(_spelled_value(one), one) for one in SPELLED.finditer(text)]
    found = [one for one in found if not one.shown.lower().startswith("a ")] or found
    return found or [_number_in_words(_chinese_value(one[0]), one) for one in CHINESE.finditer(text)]


def as_number(text: str) -> Number | None:
    """Return the number that a text is, or None where it is anything else: "x = 60°" -> 60.

    A unit behind it, `x =` in front of it and dollar signs around it are allowed.
    """
    bare = re.sub(r"^[A-Za-z]\s?=\s?", "", with_plain_signs(text).strip().strip("$").removesuffix(".").strip())
    bare = "".join(bare.split()) if GROUPED_BY_BLANKS.fullmatch(bare) else bare
    found = numbers_in(bare)
    if not found or found[0].start != 0:
        return None
    rest = bare[found[0].end :].removeprefix(".")
    compound = rest.startswith(" ") and ("/" in rest or " per " in rest) and phrase_at(rest, 0) == rest
    return found[0] if compound or ONLY_UNITS.fullmatch(rest) else None


def _plain_blank(shown: str) -> str:
    if shown == "{,}":
        return ","
    return "" if shown.startswith((r"\!", r"\,")) else " "


def _value(match: re.Match[str]) -> Fraction | None:
    try:
        value = _unsigned(match)
    except ZeroDivisionError:
        return None
    return -value if "-" in (match["sign"] or "") else value


def _unsigned(match: re.Match[str]) -> Fraction:
    if match["plain"] is None:
        return Fraction(match["top"] or match["top1"]) / Fraction(match["below"] or match["below1"])
    plain = Fraction(match["plain"].replace(",", ""))
    if match["exponent"] is not None:
        return plain * Fraction(10) ** int(match["exponent"][1:])
    if match["power"] is not None:
        return plain * Fraction(10) ** int(match["power"])
    if match["divisor"] is not None:
        return plain / Fraction(match["divisor"])
    part, whole = match["part"] or match["part2"], match["whole"] or match["whole2"]
    return plain if part is None else plain + Fraction(int(part), int(whole))


def _number_in_words(value: int | Fraction, found: re.Match[str]) -> Number:
    return Number(Fraction(value), False, "", found[0], *found.span())


def _spelled_value(found: re.Match[str]) -> Fraction:
    """Return the value of an English number: "two hundred and five" -> 205, "two and a half" -> 5/2.

    A scale such as "hundred" multiplies what stands in front of it.
    """
    total = part = 0
    for word in re.findall("[a-z]+", found[0].lower().removesuffix((found["part"] or "").lower())):
        if word in SCALES:
            part = max(part, 1) * SCALES[word]
            if SCALES[word] > 100:
                total, part = total + part, 0
        else:
            part += 12 if word == "dozen" else WORDS.get(word, 0)
    behind, _, of = (found["part"] or "").lower().replace("-", " ").rpartition(" ")
    divisor = PART_WORDS.get(of.removesuffix("s").replace("halve", "half"), 1)
    value = total + part + Fraction(1, divisor) if behind else Fraction(total + part, divisor)
    return -value if found["minus"] else value


def _chinese_value(text: str) -> int:
    """Return the value of a Chinese number up to 99: "十二" -> 12, "二十" -> 20, "三" -> 3."""
    tens, ten, ones = text.rpartition("十")
    value = {"": 0} | {sign: number for number, sign in enumerate("零一二三四五六七八九")} | {"两": 2}
    if ten and tens in value and ones in value:
        return 10 * (value[tens] or 1) + value[ones]
    return value.get(text[-1], 10)


SPELLED_FRACTION = re.compile(
    rf"\b(?:(?P<top>an?|one|two|three|four|five|six|seven|eight|nine|ten)[\s-])?(?P<part>halves|(?:{ANY_PART}))s?\b",
    re.IGNORECASE,
)
SPELLED_ROOT = re.compile(r"(?:(?<=\d)\stimes\s)?(?:\bthe\s)?\bsquare\sroot\sof\s(\d+(?:\.\d+)?)", re.IGNORECASE)
SPELLED_RATIO = re.compile(r"(\bratio\b[^.\n\d]{0,80}\s)(\d+)\sto\s(?=\d)", re.IGNORECASE)
ONE_WORD = re.compile(r"an?|one", re.IGNORECASE)


def spelled_fraction_in(text: str) -> Number | None:
    """Return the last fraction in words: "one half" -> 1/2. A lone "third" is an ordinal and none, a lone "half" is
    one.
    """
    found = [one for one in SPELLED_FRACTION.finditer(text) if one["top"] or one["part"].lower() == "half"]
    if not found:
        return None
    top = found[-1]["top"] or "one"
    count = 1 if ONE_WORD.fullmatch(top) else int(spelled_numbers_in(top)[0].value)
    value = Fraction(count, PART_WORDS[found[-1]["part"].lower().replace("halves", "half")])
    return Number(value, False, "", found[-1][0], *found[-1].span())


OTHER_OR = re.compile(r"(?<=\d)(?:\s?(?:或者?|または|もしくは)\s?|\s(?:ou|oder|или)\s)(?=-?\d)")


def with_words_as_signs(text: str) -> str:
    r"""Return a text with roots and ratios in signs, and "or" in English between two numbers.

    "2 times the square root of 3" -> `2 \sqrt{3}`, "a ratio of 3 to 4" -> "a ratio of 3:4", "3 ou 4" -> "3 or 4"
    """
    return OTHER_OR.sub(" or ", SPELLED_RATIO.sub(r"\1\2:", SPELLED_ROOT.sub(r" \\sqrt{\1}", text)))


def as_spelled_number(text: str) -> Number | None:
    r"""Return the number that a text is in words, or None: `\text{ten}` -> 10, "three quarters" -> 3/4."""
    words = canonical_text(text)
    if words == "none":  # says that there is no answer
        return None
    whole = spelled_numbers_in(words)
    if len(whole) == 1 and whole[0].shown == words:
        return whole[0]
    part = spelled_fraction_in(words)
    return part if part is not None and part.shown == words else None
