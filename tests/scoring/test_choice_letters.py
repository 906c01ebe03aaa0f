"""Check which letters of choices a candidate has, and which choices stand there as text."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from support.cases import from_file
from support.growth import LINEAR, growth

from mathbatch.scoring.answers.choice_letters import letters_in
from mathbatch.scoring.answers.choice_mentions import choices_named_in
from mathbatch.scoring.expressions.canonical_text import canonical_text, compact_text


@from_file("scoring/cases/choice_letters.jsonl", "text", "expected", "source")
def test_letters(text: str, expected: str | None, source: str) -> None:
    found = letters_in(text)
    assert (found and found.letters) == expected, source


def test_letters_beyond_the_choices_are_none() -> None:
    assert letters_in("(E)", "ABCD") is None
    assert letters_in("A and E", "ABCD") is None
    assert letters_in("(K) 10", "ABCDEFGHIJKL") == ("K", "(K)")
    assert letters_in("NOT") is None, "a word, where nobody knows of fourteen choices"
    found = letters_in("the answer is (B), 5", "AB")
    assert found is not None
    assert found.shown == "(B)"


SIZES = ("half", "quarter", "quarter past")


@from_file("scoring/cases/choices_named_by_text.jsonl", "text", "choices", "expected", "source", choices=[])
def test_choices_named_by_their_text(text: str, choices: Sequence[str], expected: list[int], source: str) -> None:
    assert choices_named_in(text, choices) == expected, source


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x − 3", "x-3"),
        ("$x = 4$", "x=4"),
        ("2 * 3", "2*3"),
        ("**3**", "3"),
        ("“a”", "a"),
        ("No.", "no"),
        ("3 %", "3%"),
        ("2 \\sqrt { 221 }", "2\\sqrt{221}"),
        ("5 \\pi", "5π"),
        ("\\frac { 5 } { 3 } \\pi", "\\frac{5}{3}\\pi"),
        ("\\frac{√{15}}{2}", "\\frac{\\sqrt{15}}{2}"),
        ("16*\\pi/5", "16\\pi/5"),
        ("24 \\times 16", "24×16"),
        ("18 \\mathrm{~cm}^{2}", "18 cm²"),
        ("x \\leq 3", "x≤3"),
    ],
)
def test_texts_that_are_the_same_when_compared(one: str, other: str) -> None:
    assert canonical_text(one) == canonical_text(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2*3", "23"),
        ("x*y", "xy"),
        ("\\frac{a+b}{2}", "a+\\frac{b}{2}"),
        ("\\frac{1}{2x}", "\\frac{1}{2}x"),
        ("\\sqrt{2x}", "\\sqrt{2}x"),
        ("x^{2y}", "x^2y"),
        ("x^{2}3", "x^{23}"),
        ("2\\frac{1}{2}", "\\frac{21}{2}"),
        ("2^{\\frac{1}{2}}", "\\frac{2^1}{2}"),
        ("\\sqrt[3]{2}", "3\\sqrt{2}"),
        (".5", "5"),
        ("6!", "6"),
        ("{", "}"),
        ("!", "?"),
    ],
)
def test_texts_that_differ_when_compared(one: str, other: str) -> None:
    assert compact_text(canonical_text(one)) != compact_text(canonical_text(other))


@pytest.mark.parametrize(
    "piece",
    [
        "A, ",
        "A and ",
        "(A) ",
        "not ",
        "option ",
        "\\sqrt{",
        "\\frac{1",
        "{",
        " ",
        "√",
        "1,",
        "*",
        "quarter ",
        "than half and ",
        "figure B is ",
    ],
)
def test_a_hostile_text_costs_no_more_than_its_length(piece: str) -> None:
    def find(size: int) -> None:
        text = (piece * size)[:size]
        letters_in(text)
        choices_named_in(text, SIZES)

    # Below what is cut off from a long text, around it, and above it.
    for size in (125, 500, 2_500, 12_500):
        assert growth(find, size) < LINEAR, size
