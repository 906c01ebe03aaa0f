"""The letters of choices in a candidate, and the choices whose text stands there."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from mathbatch.scoring.letters import letters, named, plain

LETTERS = [  # text, letters, source: a MathVista row and model, a benchmark's form, or made
    ("B", "B", "made"),
    ("b", "B", "made"),
    ("(B)", "B", "made"),
    ("(b)", "B", "made"),
    ("[B]", "B", "made"),
    ("（B）", "B", "made"),
    ("B.", "B", "made"),
    ("**B**", "B", "made"),
    ("$B$", "B", "made"),
    ("`C`", "C", "made"),
    ("\\text{C}", "C", "MATH-500's form"),
    ("\\text{(C)}", "C", "MATH-500's form"),
    ("\\boxed{D}", "D", "made"),
    ("(B) No", "B", "MathVista 555, bard"),
    ("(B)**, 8.1.", "B", "MathVista 921, bard"),
    ("(C). 6√3.", "C", "MathVista 698, bard"),
    ("(E) Jun '21.", "E", "MathVista 291, bard"),
    ("C, Opposite.", "C", "MathVista 124, llava"),
    ("B. 12", "B", "made"),
    ("A:40°", "A", "MathVerse's form"),
    ("B) 12", "B", "made"),
    ("option B", "B", "made"),
    ("It must be choice D", "D", "made"),
    ("选项B", "B", "made"),
    ("选B", "B", "made"),
    ("答案是C", "C", "made"),
    ("故选：C。", "C", "made"),
    ("So it is B.", "B", "made"),
    ("the energy available for the (C) Fish.", "C", "MathVista 952, llava"),
    ("A\nC", "AC", "MathVerse's gold"),
    ("A, C", "AC", "made"),
    ("A and C", "AC", "made"),
    ("A, B, and D", "ABD", "made"),
    ("(A),(C)", "AC", "made"),
    ("B、D", "BD", "made"),
    ("ACD", "ACD", "made"),
    ("B and B", "B", "made: a set"),
    ("C = 85°", None, "made: a point or an angle"),
    ("∠C = 85°", None, "MathVista 30, llava"),
    ("A triangle", None, "made: an article"),
    ("a square", None, "made"),
    ("A and B are equal", None, "made: points"),
    ("ABC is a triangle", None, "made"),
    ("CAB", None, "made: not in order, an angle"),
    ("Because of that", None, "made"),
    ("Choices (B), (C) are incorrect", None, "MathVista 333, bard"),
    ("It is not (B).", None, "made"),
    ("K", None, "made: no such choice"),
    ("", None, "made"),
    ("A" * 1001, None, "made: too long"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected", "source"), LETTERS, ids=range(len(LETTERS)))
def test_letters(text: str, expected: str | None, source: str) -> None:
    found = letters(text)
    assert (found and found.letters) == expected, source


def test_letters_beyond_the_choices_are_none() -> None:
    assert letters("(E)", "ABCD") is None
    assert letters("A and E", "ABCD") is None
    found = letters("the answer is (B), 5", "AB")
    assert found is not None
    assert found.shown == "(B)"


SIZES = ("half", "quarter", "quarter past")
ROOTS = ("4", "3", "2", "2√{3}")
NAMED = [  # text, choices, indices of the choices in it, source
    ("So the time is **quarter past eight**.", SIZES, [2], "MathVista 7, bard"),
    ("a quarter", SIZES, [1], "made"),
    ("quarter past, not half", SIZES, [2, 0], "made: in order of the last mention"),
    ("quarters", SIZES, [], "made: whole words"),
    ("the length of BD is 2√3.", ROOTS, [3], "MathVista 585, llava"),
    ("the length is $2\\sqrt{3}$", ROOTS, [3], "made"),
    ("PQ is √{2}.", ("2", "√{3}", "√{2}"), [2], "MathVista 916, llava"),
    ("It is 6√3.", ("6*\\sqrt{3}", "6"), [0], "MathVista 698, bard"),
    ("it is $\\frac{5}{12}$", ("\\frac { 5 } { 12 }", "5"), [0], "MathVista 333"),
    ("5/12", ("\\frac { 5 } { 12 }", "\\frac { 12 } { 5 }"), [0], "made"),
    ("45*\\degree.", ("15*\\degree", "45*\\degree"), [1], "MathVista 482, llava"),
    ("it is 45^\\circ", ("45°", "5°"), [0], "made"),
    ("50.5", ("50", "5"), [], "made: whole numbers"),
    ("1,250 cm", ("250", "1250"), [1], "made"),
    ("(3,4)", ("(3, 4)", "(4, 3)"), [0], "made"),
    ("D = -3", ("3", "-3"), [1], "made"),
    ("It is a dog.", ("A", "B"), [], "made: letters are no text"),
    ("YES", ("Yes", "No"), [0], "made"),
    ("I know it", ("yes", "no"), [], "made"),
    ("不能确定。", ("8", "不能确定"), [1], "MathVista 549"),
    ("anything", (), [], "made"),
    ("anything", ("", " "), [], "made"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "choices", "expected", "source"), NAMED, ids=range(len(NAMED)))
def test_choices_named_by_their_text(text: str, choices: Sequence[str], expected: list[int], source: str) -> None:
    assert named(text, choices) == expected, source


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
    ],
)
def test_texts_that_are_the_same_when_compared(one: str, other: str) -> None:
    assert plain(one) == plain(other)


def test_multiplication_signs_stay() -> None:
    assert plain("2*3") != plain("23")


@pytest.mark.parametrize(
    "piece", ["A, ", "A and ", "(A) ", "not ", "option ", "\\sqrt{", "\\frac{1", "{", " ", "√", "1,", "*", "quarter "]
)
def test_a_hostile_text_of_100_kb_takes_less_than_50_ms(piece: str) -> None:
    text = (piece * 100_000)[:100_000]
    assert min(seconds(text) for _ in range(5)) < 0.05
    assert min(seconds(text[:1000]) for _ in range(5)) < 0.05


def seconds(text: str) -> float:
    start = time.process_time()
    letters(text)
    named(text, SIZES)
    return time.process_time() - start
