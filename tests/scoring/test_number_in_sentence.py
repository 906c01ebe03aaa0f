"""The numbers of a sentence, and the one that it states."""

from __future__ import annotations

import pytest

from mathbatch.scoring.answers.number_in_sentence import number_stated_in, numbers_in_digits_or_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,250 and 3.50", ["1250", "3.5"]),
        ("10{,}000 or 10\\,000", ["10000", "10000"]),
        ("-3, −4 and 5-6", ["-3", "-4", "5", "6"]),
        ("3/4, \\frac{1}{2}, \\dfrac{-1}{4}", ["0.75", "0.5", "-0.25"]),
        ("1/0", ["1"]),
        (".5 and 0.25%", ["0.5", "0.25"]),
        ("$7 - $2 = $5", ["7", "2", "5"]),
        ("RL4 and A-847", []),
        ("two hundred and five", ["205"]),
        ("twenty-one of three", ["21", "3"]),
        ("one of them", []),
        ("two thousand three", ["2003"]),
        ("there are none", ["0"]),
        ("共有二十个", ["20"]),
        ("十二", ["12"]),
        ("第一个", []),
        ("", []),
    ],
)
def test_numerals(text: str, expected: list[str]) -> None:
    assert [one.digits for one in numbers_in_digits_or_words(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is **3**, not 4.", "3"),
        ("There are 3 bars of 40 cm.", "3"),
        ("There are two bars larger than 4.", "2"),
        ("In 2014, it was 7.", "7"),
        ("It was in 2014.", "2014"),
        ("8 - 3 = 5 of 8", "5"),
        ("1982 with an income of $931", "1982"),
        ("It goes from 13 up to 20", "20"),
        ("The range is from 13 to 20", None),
        ("none at all", "0"),
        ("nothing", None),
    ],
)
def test_the_stated_number(text: str, expected: str | None) -> None:
    found = number_stated_in(text)
    assert (found and found.digits) == expected
