r"""What the scorer `math` says of answers with signs beyond ASCII, with units, and of sentences that say more.

A verdict is what a careful human grader would give. The sentences are of the kind that models write; some are those of
Bard and LLaVA on MathVista and of the example solutions of GSM8K.
"""

from __future__ import annotations

import pytest

from mathbatch.records import Sample
from mathbatch.scoring.expressions.measures import split_unit
from mathbatch.scoring.expressions.normalize import to_latex
from mathbatch.scoring.scorers.auto import AutoScorer
from mathbatch.scoring.scorers.math import MathScorer

RIGHT, WRONG, NONE, UNSCORED = "correct", "wrong", "no_answer", "unscored"

CASES = [  # gold, response, verdict
    ("2", "\\boxed{2√3}", WRONG),
    ("2√3", "\\boxed{2}", WRONG),
    ("2√3", "\\boxed{2\\sqrt{3}}", RIGHT),
    ("2\\sqrt{3}", "\\boxed{2√3}", RIGHT),
    ("3", "\\boxed{3²}", WRONG),
    ("9", "\\boxed{3²}", RIGHT),
    ("6", "\\boxed{\\geq 6}", WRONG),
    ("6", "\\boxed{> 6}", WRONG),
    ("10", "The answer is 10π cm²", WRONG),
    ("10\\pi", "The answer is 10π cm²", RIGHT),
    ("½", "\\boxed{1/2}", RIGHT),
    ("1", "\\boxed{½}", WRONG),
    ("∞", "\\boxed{\\infty}", RIGHT),
    ("≥3", "\\boxed{\\geq 3}", RIGHT),
    ("≥3", "\\boxed{x \\geq 3}", RIGHT),
    ("3×10⁵", "300000", RIGHT),
    ("300000", "\\boxed{3×10⁵}", RIGHT),
    ("1½", "\\boxed{1.5}", RIGHT),
    ("1.5", "The answer is 1½.", RIGHT),
    ("x_1", "\\boxed{x₁}", RIGHT),
    ("10⁻³", "\\boxed{0.001}", RIGHT),
    ("(−∞, 2) ∪ (3, ∞)", "\\boxed{(-\\infty,2)\\cup(3,\\infty)}", RIGHT),
    ("(-\\infty,2)\\cup(3,\\infty)", "\\boxed{(−∞, 2) ∪ (3, ∞)}", RIGHT),
    ("12", "\\boxed{3·4}", RIGHT),
    ("3", "\\boxed{12÷4}", RIGHT),
    ("1±√19", "\\boxed{1 \\pm \\sqrt{19}}", RIGHT),
    ("√3/2", "\\boxed{\\frac{\\sqrt{3}}{2}}", RIGHT),
    ("x²", "\\boxed{x^2}", RIGHT),
    ("25", "\\boxed{25 cm²}", RIGHT),
    ("60°", "\\boxed{60}", RIGHT),
    ("40", "\\boxed{∠ABC = 40°}", RIGHT),
    ("40", "\\boxed{\\angle ABC = 40^\\circ}", RIGHT),
    ("6", "\\boxed{x ≠ 6}", WRONG),
    ("6", "\\boxed{x > 6}", WRONG),
    ("6", "\\boxed{\\text{at least 6}}", WRONG),
    ("6", "\\boxed{\\text{not } 6}", WRONG),
    ("∅", "\\boxed{\\emptyset}", RIGHT),
    ("2π/3", "\\boxed{\\frac{2\\pi}{3}}", RIGHT),
    ("α+β", "\\boxed{\\beta+\\alpha}", RIGHT),
    ("2\\sqrt{3}", "The sum is 3.\n\n### Final Answer\n\n2\\sqrt{3}", RIGHT),
    ("5", "It is big.\n\n5\\sqrt{5}", WRONG),
    ("5\\sqrt{5}", "It is big.\n\n5\\sqrt{5}", RIGHT),
    ("25", "So the area is 25π square units.", WRONG),
    ("25\\pi", "So the area is 25π square units.", RIGHT),
    ("1:2", "So the ratio is 1:2.", RIGHT),
    ("2\\sqrt{3}", "\\[\nx = 2\\sqrt{3}.\n\\]\nDone.", RIGHT),
    ("2", "\\[\nx = 2\\sqrt{3}.\n\\]\nDone.", WRONG),
    ("(3,-4)", "So the vertex is (3,-4).", RIGHT),
    ("-4", "So the vertex is (3,-4).", WRONG),
    ("2\\sqrt{3}", "So she walks 2\\sqrt{3} km.", RIGHT),
    ("\\frac{\\sqrt{3}}{2}", "Therefore, the height equals \\frac{\\sqrt{3}}{2} units", RIGHT),
    ("12", "Thus, the area is\n\\[\n12\n\\]", RIGHT),
    ("12", "So we have 3 sides and get:\n\\[ A = 12 \\]", RIGHT),
    ("x+y", "So the result is x + y.", RIGHT),
    ("2^{10}", "So there are 2^10 of them.", RIGHT),
    ("2", "So there are 2^10 of them.", WRONG),
    ("120", "The answer is 120 km/h.", RIGHT),
    ("120", "So the speed is 120 km/h.", RIGHT),
    ("5", "\\boxed{5 m/s^2}", RIGHT),
    ("10", "\\boxed{\\text{10 apples}}", RIGHT),
    ("5 cm", "\\boxed{5 m}", WRONG),
    ("5 cm", "\\boxed{5\\text{ m}}", WRONG),
    ("3 hours", "\\boxed{3 minutes}", WRONG),
    ("5 cm", "\\boxed{5 \\text{ centimeters}}", RIGHT),
    ("1000 m", "\\boxed{1 km}", RIGHT),
    ("5 cm", "\\boxed{5 cm^2}", WRONG),
    ("5 cm^2", "\\boxed{5\\text{ square centimetres}}", RIGHT),
    ("60 km/h", "\\boxed{60 \\text{ kilometers per hour}}", RIGHT),
    ("60 km/h", "\\boxed{60\\text{ m/s}}", WRONG),
    ("5 cm", "\\boxed{5}", RIGHT),
    ("2 L", "\\boxed{2000 mL}", RIGHT),
    ("50", "\\boxed{50\\text{ mph}}", RIGHT),
    ("3\\sqrt{2} cm", "\\boxed{3\\sqrt{2}\\text{ m}}", WRONG),
    ("15", "So x = 7 (since 2*7+1 = 15).", WRONG),
    ("7", "So x = 7 (since 2*7+1 = 15).", RIGHT),
    ("4", "There are 7 balls. 3 are red and 4 are blue.", "no_answer"),
    ("7", "The answer cannot be 7.", NONE),
    ("7", "It is definitely not 7.", NONE),
    ("7", "The answer is greater than 7", WRONG),
    ("7", "The answer is 7, not 8.", RIGHT),
    ("8", "The answer is 7, not 8.", WRONG),
    ("8", "The answer is not 7 but 8.", RIGHT),
    ("7", "The answer is not 7 but 8.", WRONG),
    ("7", "The answer is not 7.", NONE),
    ("7", "**7**\n\nWe add 3 and 4.", RIGHT),
    ("4", "**7**\n\nWe add 3 and 4.", WRONG),
    ("3/4", "three quarters", RIGHT),
    ("1/2", "half", RIGHT),
    ("3/4", "The probability is three quarters.", RIGHT),
    ("3", "The probability is three quarters.", WRONG),
    ("1/2", "The answer is one half.", RIGHT),
    ("3/4", "\\boxed{\\text{three quarters}}", RIGHT),
    ("7", "The answer is 7 because 3 + 4 = 7.", RIGHT),
    ("3", "The answer is 7 since 3 is less than 4.", WRONG),
    ('7', "It isn't 7.", NONE),
    ("7", "So x = 7, because 2 * 7 = 14.", RIGHT),
    ("14", "So x = 7, because 2 * 7 = 14.", WRONG),
    ("3", "The answer is $2$ and $3$.", WRONG),
    ("2,3", "The answer is $2$ and $3$.", RIGHT),
    ("3", "So the solutions are $x=2$ and $x=3$.", WRONG),
    ("2,3", "So the solutions are $x=2$ and $x=3$.", RIGHT),
    ("5", "So 5 is the largest.", RIGHT),
    ("2", "The answer is 5 of 2.", WRONG),
    ("(3,\\infty)", "\\boxed{x>3}", RIGHT),
    ("x>3", "\\boxed{(3,\\infty)}", RIGHT),
    ("(3,\\infty)", "\\boxed{x \\geq 3}", WRONG),
    ("[3,\\infty)", "\\boxed{x \\geq 3}", RIGHT),
    ("(1,2)", "\\boxed{1<x<2}", RIGHT),
    ("1e6", "\\boxed{10^6}", RIGHT),
    ("10^6", "\\boxed{1e6}", RIGHT),
    ("0.\\overline{3}", "\\boxed{1/3}", RIGHT),
    ("1/3", "\\boxed{0.\\overline{3}}", RIGHT),
    ("6", "\\boxed{6.0\\overline{3}}", WRONG),
    ("12", "\\boxed{12", NONE),
    ("12", "So the area is $\\boxed{12", NONE),
    ("12", "The answer is 12. \\boxed{12", RIGHT),
    ("5:00 pm", "\\boxed{5:00 PM}", RIGHT),
    ("5:00 pm", "\\boxed{6:00 PM}", WRONG),
    ('["1","2"]', '\\boxed{1}', UNSCORED),
    ("12", "\\boxed 12", RIGHT),
    ("x^2+y^2=49", "So the equation is x^2+y^2=49.", RIGHT),
    ("y = 2x + 3", "So the line is $y = 2x + 3$.", RIGHT),
    ("15", "\\boxed{5 \\times 3 = 15}", RIGHT),
    ("5", "\\boxed{5 \\times 3 = 15}", WRONG),
    ("5", "\\boxed{5 ≈ 4.98}", RIGHT),
    ("7,8", "\\boxed{x = 7, y = 8}", RIGHT),
    ("7", "\\boxed{x = 7, y = 8}", WRONG),
    ("5", "\\boxed{5:3}", WRONG),
    ("6", "\\boxed{6^\\circ C}", RIGHT),
    ("6", "\\boxed{6x}", WRONG),
    ("12", "\\boxed{12 cm × 3 cm}", WRONG),
    ("5", "\\boxed{5 cm and 4 cm}", WRONG),
    ("5", "So they are 5 cm and 4 cm.", WRONG),
    ("\\pi", "\\pi", RIGHT),
    ("\\frac{36}{13}", "\\boxed{\x0crac{36}{13}}", RIGHT),
    ("0.5", "So the probability is 0.5, or 50%.", RIGHT),
    ("50\\%", "So the probability is $0.5$, or $50\\%$.", RIGHT),
    ("-3", "So x is -3.", RIGHT),
    ("3", "So x is -3.", WRONG),
    ("18", "So she makes $18 a day.", RIGHT),
    ("6", "So the area is 6 $\\text{cm}^2$.", RIGHT),
    ("4\\pi", "So $A = \\pi r^2 = 4\\pi$ square units, where $r = 2$.", RIGHT),
    ("36", "Hence the value of $n$ is 36.", RIGHT),
    ("9", "Each of the 3 people gets 3, so in total there are 9 of them.", RIGHT),
    ("7", "More than 7 people came.", NONE),
    ("-130", "Therefore, the velocity is -130 km/h.", RIGHT),
    ("16", "So the perimeter is 4 m + 4 m + 4 m + 4 m = **16 m**.", RIGHT),
    ("18", "She makes 9 * 2 = $<<9*2=18>>18 every day.", RIGHT),
    ("9", "She makes 9 * 2 = $<<9*2=18>>18 every day.", WRONG),
    ("30", "If 5 flowers did not grow then he has 35 - 5 = 30 flowers.", RIGHT),
    ("5", "If 5 flowers did not grow then he has 35 - 5 = 30 flowers.", WRONG),
    ("3", "There are three bars with values smaller than 6.", RIGHT),
    ("6", "There are three bars with values smaller than 6.", WRONG),
    ("2", "Therefore, the number that was not used is 2.", RIGHT),
    ("0", "There are two bars with values smaller than 0.", WRONG),
    ("2", "Giraffe", WRONG),
    ("\\frac{3^{1008}-1}{3^{1009}}", "\\boxed{2 \\cdot \\frac{3^{1008}-1}{3^{1009}}}", WRONG),
    ("\\frac{3^{1008}-1}{3^{1009}}", "\\boxed{\\frac{3^{1008}-1}{3^{1009}}}", RIGHT),
    (r"x \geq 3", r"\boxed{x >= 3}", RIGHT),
    ("x+3^{100}", r"\boxed{x+3^{101}}", WRONG),
    ("x+3^{100}", r"\boxed{\text{a banana}}", WRONG),
    ("2^{100}", r"\boxed{4^{50}}", RIGHT),
    ("2^{100}", r"\boxed{2^{101}}", WRONG),
    ("3", r"\boxed{x \leq 3}", WRONG),
    ("7", "x = 7\n\nCheck: 2*7 + 1 = 15.", RIGHT),
    ("15", "x = 7\n\nCheck: 2*7 + 1 = 15.", WRONG),
    (r"\frac{1}{2}", "$\\frac{1}{2}$\n\nBecause the coin has 2 sides.", RIGHT),
    ("7", "7. Explanation: there are 3 red and 4 blue balls.", RIGHT),
    ("7", "$x = 7$. This is because $2x+1=15$.", RIGHT),
    ("1960", "The value was lower in the year 1960.", RIGHT),
    ("1960", r"\boxed{\text{year } 1960}", RIGHT),
    ("5", "It happens on day 5.", RIGHT),
    ("300 kW", r"\boxed{300 \text{ kilowatts}}", RIGHT),
    ("300 kW", r"\boxed{300 \text{ watts}}", WRONG),
    ("81", "So he saves 81 kilowatt-hours.", RIGHT),
    ("12", r"\boxed{12\text{ man-hours}}", RIGHT),
    ("0.3 kW", r"\boxed{300 \text{ watts}}", RIGHT),
    ("1500000", "The population is 1.5 million.", RIGHT),
    ("1500000", r"\boxed{1.5 \text{ million}}", RIGHT),
    ("1.5", r"\boxed{1.5 \text{ million}}", RIGHT),
    ("1.5 million", r"\boxed{1500000}", RIGHT),
    ("1.5 million", r"\boxed{1.5 \text{ billion}}", WRONG),
    ("1500", r"\boxed{1.5 \text{ million}}", WRONG),
    ("12000", "So he earns $12 thousand dollars.", RIGHT),
    ("12", "Therefore, $x^2 = 144$ and $x = 12$.", RIGHT),
    ("12", r"\boxed{x^2 = 144, x = 12}", RIGHT),
    ("144", r"\boxed{x^2 = 144, x = 12}", WRONG),
    ("4", r"\boxed{x = 3, y = 4}", WRONG),
    ("2", r"\boxed{x = 1, x = 2}", WRONG),
    ("5", r"\boxed{x = 3, x + 2 = 5}", WRONG),
    (r"2\sqrt{3}", "The length is 2 times the square root of 3.", RIGHT),
    ("2", "The length is 2 times the square root of 3.", WRONG),
    ("4", "The square root of 16 is 4.", RIGHT),
    ("3:4", "So the ratio of boys to girls is 3 to 4.", RIGHT),
    ("4:3", "So the ratio of boys to girls is 3 to 4.", WRONG),
]  # fmt: skip

WRITTEN = [
    ("2√3", r"2\sqrt{3}"), ("√(x+1)", r"\sqrt{x+1}"), ("√3/2", r"\sqrt{3}/2"), ("∛8", r"\sqrt[3]{8}"), ("3²", "3^{2}"), ("10⁻³", "10^{-3}"),
    ("1½", r"1\frac{1}{2}"), ("3×10⁵", r"3\times 10^{5}"), ("60°", r"60^{\circ}"), ("−3", "-3"), ("λ", r"\lambda "), ("Δ", r"\Delta "),
    ("1e6", r"1 \times 10^{6}"), (r"0.\overline{3}", r"\frac{3}{9}"), (r"1.2\overline{34}", r"\frac{1222}{990}"), ("2e", "2e"), ("x + y", "x + y"),
]  # fmt: skip

UNITS = [  # text, value, unit
    ("5 cm", "5", "cm"), ("120 km per hour", "120", "km per hour"), (r"5\text{ m/s}^2", "5", "m/s^2"), (r"864 \mbox{ inches}^2", "864", "inches^2"),
    ("10 apples", "10", "apples"), ("2x", "2x", ""), ("2 pi", "2 pi", ""), (r"5 \text{ or } 6", r"5 \text{ or } 6", ""), (r"6\pi m", r"6\pi m", ""), ("$57500/year", "$57500", "/year"),
]  # fmt: skip


@pytest.mark.parametrize(("gold", "response", "verdict"), CASES)
def test_math_answers(gold: str, response: str, verdict: str) -> None:
    assert MathScorer().score(Sample("1", 1, {}, "", gold=gold), response).verdict == verdict


@pytest.mark.parametrize(
    ("gold", "response", "verdict"),
    [
        ("Yes", "Yes. The lines are parallel because they never meet.", RIGHT),
        ("No", "Yes. The lines are parallel because they never meet.", WRONG),
        ("Yes", "No. A yes would need 4.", WRONG),
        ("east", "Sure. So he walks east.", RIGHT),
    ],
)
def test_the_first_word_answers_a_yes_or_no_question(gold: str, response: str, verdict: str) -> None:
    assert AutoScorer().score(Sample("1", 1, {}, "", gold=gold), response).verdict == verdict


def test_a_gold_list_is_named_as_what_it_is() -> None:
    score = MathScorer().score(Sample("1", 1, {}, "", gold='["1", "2"]'), "\\boxed{1}")
    assert score.reason == "the gold answer is a list of several in JSON, and `math` compares one"


@pytest.mark.parametrize(("text", "written"), WRITTEN)
def test_signs_beyond_ascii_become_latex(text: str, written: str) -> None:
    assert to_latex(text) == written


@pytest.mark.parametrize(("text", "value", "unit"), UNITS)
def test_the_unit_behind_a_value(text: str, value: str, unit: str) -> None:
    assert split_unit(text)[:2] == (value, unit)
