"""The letters of choices in a candidate, and the choices whose text stands there."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from support.growth import LINEAR, growth

from mathbatch.scoring.answers.choice_letters import letters_in
from mathbatch.scoring.answers.choice_mentions import choices_named_in
from mathbatch.scoring.expressions.canonical_text import canonical_text, compact_text

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
    ("A, B and D are correct.", "ABD", "made: a set that is called right"),
    ("Only A and C are true; B is not.", "AC", "made: a set that is called right"),
    ("选项A、B、D都正确", "ABD", "made: a set that is called right"),
    ("neither A nor B, C and D are correct", None, "made: denied"),
    ("If A and B are correct, then", None, "made: a condition"),
    ("A and B are not correct", None, "made: denied"),
    ("【答案】B", "B", "made"),
    ("B项正确", "B", "made"),
    ("B不正确", None, "made: denied"),
    ("The piece that fits is figure B.", "B", "made"),
    ("As figure B shows, it is a square", None, "made: a reference"),
    ("Picture B shows the correct view.", "B", "made"),
    ("most likely B.", "B", "made"),
    ("After elimination only B remains.", "B", "made"),
    ("B remains the same", None, "made: no choice"),
    ("I'm leaning towards B.", "B", "made"),
    ("the second option.", "B", "made"),
    ("The answer is the last choice", None, "made: of how many?"),
    ("the second option is too small", None, "made: denied"),
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
    ("(A), (B) and (D) are incorrect", None, "made: each is denied"),
    ("(A) is impossible", None, "made: denied"),
    ("A, B and C are wrong", None, "made: each is denied"),
    ("None of the numbers from (A) to (D)", None, "MATH-V 1125"),
    ("It cannot be A, B is impossible, C fails.", None, "made: each is denied"),
    ("So D.", "D", "made"),
    ("C, so it must be D.", "D", "made: behind \"the answer can't be\""),
    ("not B", None, "made: denied"),
    ("It's C.", "C", "made"),
    ("I'd say B", "B", "made"),
    ("I think so", None, "made: a pronoun"),
    ("the choice I made is (B)", "B", "made: a pronoun"),
    ("", None, "made"),
    ("A" * 1001, None, "made: too long"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected", "source"), LETTERS, ids=range(len(LETTERS)))
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
LANDS = ("Germany", "France", "Italy")
ROOTS = ("4", "3", "2", "2√{3}")
NAMED = [  # text, choices, indices of the choices in it, source
    ("So the time is **quarter past eight**.", SIZES, [2], "MathVista 7, bard"),
    ("a quarter", SIZES, [1], "made"),
    ("half, then quarter past", SIZES, [0, 2], "made: in order of the last mention"),
    ("quarter past, not half", SIZES, [2], "made: what is denied is not named"),
    ("half or quarter", SIZES, [], "made: neither is the answer"),
    ("half is wrong", SIZES, [], "made: what is denied is not named"),
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
    ("2\\sqrt{221}", ("2", "4"), [], "MathVista's form: a part of an expression"),
    ("it is 2√3", ("2", "3"), [], "made: a part of an expression"),
    ("it is 2π", ("2", "π"), [], "made: a part of an expression"),
    ("it is -2", ("2", "4"), [], "made: the sign"),
    ("it is x-2", ("-2", "2"), [], "made: a part of an expression"),
    ("it is 2 + x", ("2", "4"), [], "made: a part of an expression"),
    ("it is x^2", ("2", "4"), [], "made: a part of an expression"),
    ("it is 2x", ("2", "4"), [], "made: a part of an expression"),
    ("x > 2", ("2", "4"), [], "made: a bound"),
    ("it is at (3, 4)", ("3", "4"), [], "made: a part of a point"),
    ("2 + 2 = 4", ("2", "4"), [1], "made: the right side"),
    ("the answer - 4 - is even", ("2", "4"), [1], "made: dashes"),
    ("14 m", ("14", "16"), [0], "made: a unit"),
    ("There is no doubt.", ("Yes", "No"), [], "made: a word before a noun"),
    ("no, it is not", ("Yes", "No"), [1], "made"),
    ("1,250 cm", ("250", "1250"), [1], "made"),
    ("(3,4)", ("(3, 4)", "(4, 3)"), [0], "made"),
    ("D = -3", ("3", "-3"), [1], "made"),
    ("It is a dog.", ("A", "B"), [], "made: letters are no text"),
    ("YES", ("Yes", "No"), [0], "made"),
    ("I know it", ("yes", "no"), [], "made"),
    ("不能确定。", ("8", "不能确定"), [1], "MathVista 549"),
    ("Germany is higher than France", LANDS, [0], "made: the other side of a comparison"),
    ("it is Germany, as its bar is taller than that of Italy", LANDS, [0], "made: the other side"),
    ("Germany has the highest value, followed by France and Italy", LANDS, [0], "made: the other side, all of it"),
    ("Germany leads, ahead of France, Italy", LANDS, [0], "made: the other side, all of it"),
    ("compared to France, Germany is high", LANDS, [0], "made: the other side goes first"),
    ("France is lower than Italy and Germany is the highest", LANDS, [1, 0], "made: another clause"),
    ("more than half are from France", LANDS, [1], "made: no comparison of it"),
    ("x is larger than y", ("larger than", "less than"), [0], "made: a choice that compares"),
    ("it is higher than France", LANDS, [], "made: the other side alone"),
    ("anything", (), [], "made"),
    ("anything", ("", " "), [], "made"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "choices", "expected", "source"), NAMED, ids=range(len(NAMED)))
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
    "piece", ["A, ", "A and ", "(A) ", "not ", "option ", "\\sqrt{", "\\frac{1", "{", " ", "√", "1,", "*", "quarter ", "than half and ", "figure B is "]
)  # fmt: skip
def test_a_hostile_text_costs_no_more_than_its_length(piece: str) -> None:
    def find(size: int) -> None:
        text = (piece * size)[:size]
        letters_in(text)
        choices_named_in(text, SIZES)

    # Below what is cut off from a long text, around it, and above it.
    for size in (125, 500, 2_500, 12_500):
        assert growth(find, size) < LINEAR, size
