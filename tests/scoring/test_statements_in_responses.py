r"""What counts as the answer of a response that says more than its answer: remarks, tags, counts, prepositions.

All rows are written for this test; a verdict is what a careful human grader would give.
"""

from __future__ import annotations

import pytest

from mathbatch.records import Sample
from mathbatch.scoring.answers.statements import statements
from mathbatch.scoring.answers.tags import final_part
from mathbatch.scoring.scorers.choice import ChoiceScorer
from mathbatch.scoring.scorers.math import MathScorer
from mathbatch.scoring.scorers.number import NumberScorer

RIGHT, WRONG, NONE = "correct", "wrong", "no_answer"

WORDS = [  # gold, response, verdict
    ("Tuesday", "Therefore, July 4 will be on a **Tuesday**.", RIGHT),
    ("Tuesday", "So, the day is Tuesday.", RIGHT),
    ("Tuesday", "Thus, Tuesday.", RIGHT),
    ("Tuesday", "Therefore, the day is Wednesday.", WRONG),
    ("Yes", "Therefore, yes, the lines are parallel.", RIGHT),
    ("No", "Therefore, yes, the lines are parallel.", WRONG),
    ("red", "Therefore, red is the most popular color.", RIGHT),
    ("red", "Therefore, the most popular color is red.", RIGHT),
    (r"\text{Evelyn}", "Evelyn has the greatest average speed.", RIGHT),
    (r"\text{Briana}", "Therefore, Briana has the greatest average speed.", RIGHT),
    (r"\text{Briana}", "Carla has the greatest average speed, ahead of Briana.", WRONG),
    (r"\text{Briana}", "So the fastest is Carla, ahead of Briana.", WRONG),
    (r"\text{Carla}", "So the fastest is Carla, ahead of Briana.", RIGHT),
    ("even", "So the function is even rather than odd.", RIGHT),
    (r"\text{Yes}", r"\boxed{\text{Yes, it is}}", RIGHT),
    ("No", r"\boxed{\text{Yes, there is no gap}}", WRONG),
    (r"\text{no solution}", r"\boxed{\text{There is no solution}}", RIGHT),
    (r"\text{no solution}", r"\boxed{\text{There is one solution}}", WRONG),
    (r"\text{ellipse}", r"\boxed{\text{an ellipse}}", RIGHT),
    (r"\text{ellipse}", r"\boxed{\text{not an ellipse}}", WRONG),
    ("red", r"\boxed{\text{red, blue}}", WRONG),
]

REMARKS = [
    ("36", "The area is 36. The answer is correct.", RIGHT),
    ("36", "The answer is 36.\n\nLet me check: 6 * 6 = 36. So the answer is right.", RIGHT),
    ("36", "Answer: 36\n\nThe answer is derived from the area formula.", RIGHT),
    ("36", "The answer is 36.\n\nThis answer was obtained by multiplying 6 by 6.", RIGHT),
    ("6", "The answer is 36.\n\nThis answer was obtained by multiplying 6 by 6.", WRONG),
    ("36", "The answer is 36. This answer makes sense because 36 is less than 50.", RIGHT),
    ("36", "The answer is 36.\n\nThe answer is given in cm².", RIGHT),
    ("36", "The answer is 36. The answer is an integer, as required.", RIGHT),
    ("36", "The answer is 36.\n\nNo, wait: the correct answer is 38.", WRONG),
    ("5", "The answer is as follows:\n\nx = 5", RIGHT),
    ("5", "The answer is shown below:\n\\[ x = 5 \\]", RIGHT),
    ("5", "The answer is given by $x = 10/2 = 5$.", RIGHT),
    ("5", "The answer is given as 5.", RIGHT),
    ("5", "The answer is found by adding: 2 + 3 = 5.", RIGHT),
    ("5", "Since the answer must be positive, we discard x = -5. Therefore x = 5.", RIGHT),
    ("5", "The answer is an integer, so we round 4.8 up. Therefore, x = 5.", RIGHT),
    ("positive", "The slope is 3. So the answer is positive.", RIGHT),
    ("right", "The turn that he takes goes right. The answer is right.", RIGHT),
    ("right triangle", "The answer is right triangle.", RIGHT),
    ("12", "The area is 12. To find it, I multiplied 3 by 4.", RIGHT),
    ("12", "The area is 12. This is found by multiplying the base 3 by the height 4.", RIGHT),
    ("1", "I'm sorry, but there is no image. Please provide the image for question 1.", NONE),
    ("5", "The correct answer is not 4; it is 5.", RIGHT),
    ("4", "The correct answer is not 4; it is 5.", WRONG),
]

TAGS = [
    ("36", "<answer>36</answer>", RIGHT),
    ("36", "<think>35?</think>\nThe base is 12.\n<answer>\n36\n</answer>", RIGHT),
    ("12", "<think>35?</think>\nThe base is 12.\n<answer>\n36\n</answer>", WRONG),
    ("36", "<answer>The area is 36.</answer>", RIGHT),
    ("36", "<answer>6 * 6 gives \\boxed{36}</answer>", RIGHT),
    ("36", "I write it as <answer></answer>. <answer>36</answer>", RIGHT),
    ("x<3", "<answer>x < 3</answer>", RIGHT),
    ("Paris", "<answer>Paris</answer>", RIGHT),
    ("36", "<|begin_of_box|>36<|end_of_box|>", RIGHT),
    ("36", "The area is <|begin_of_box|>36<|end_of_box|>, twice 18.", RIGHT),
    ("5", "The answer is 5<|im_end|>", RIGHT),
    ("5", "The answer is 5.</s>", RIGHT),
    ("5", "5<|eot_id|>", RIGHT),
    ("5", "<|im_start|>assistant\n<think>\nThe answer is 5", NONE),
    ("12", "\\boxed{12}\n\nNote that \\boxed{} denotes the answer.", RIGHT),
]


SENTENCES = [
    ("3", "So there is 1 solution: $x = 3$.", RIGHT),
    ("2", "So there are 2 solutions: $x = 3$ and $x = 5$.", RIGHT),
    ("3,5", "So there are 2 solutions: $x = 3$ and $x = 5$.", RIGHT),
    ("5", "So there are 2 solutions: $x = 3$ and $x = 5$.", WRONG),
    ("10", "So there are 4 integers from 1 to 10 that work.", WRONG),
    ("4", "Thus $n = 4$ satisfies the equation $2n = 8$.", RIGHT),
    ("4", "Thus $n = 4$ is the smallest integer such that $n^2 > 10$.", RIGHT),
    ("4", "Since $n$ satisfies $2n = 8$, we have $n = 4$.", RIGHT),
    ("9", "To achieve this, they form a 3x3 grid with 9 black squares.", RIGHT),
    ("1", "The function has a minimum of 1 at x = 2.", RIGHT),
    ("2", "The function attains its minimum at $x = 2$.", RIGHT),
    ("2", "So the 3 lines meet at x = 2.", RIGHT),
    ("2", "The largest of the 3 values is reached for x = 2.", RIGHT),
    ("2", "Therefore, $f'(x) = 0$ when $x = 2$.", RIGHT),
    ("7", "We evaluate f(x) = 3x + 1 at x = 2: f(2) = 7.", RIGHT),
    ("4", "Therefore, the minimum value of $x^2+4$ is $4$, attained at $x=0$.", RIGHT),
    ("4", "the maximum value is 4 when x = 2", RIGHT),
    ("4", "The value of f(x) = x^2+4 at x = 0 is 4.", RIGHT),
    ("4", "At x = 2 we have y = 4.", RIGHT),
    ("4", "So for n = 3 we get 4.", RIGHT),
    (r"\frac23", r"the probability is $\frac{2}{3}$ (approximately $0.667$)", RIGHT),
    (r"\frac23", r"the probability is \(\frac{2}{3}\) (approximately \(0.667\)).", RIGHT),
    ("25", "In 2014, about 25 people came.", RIGHT),
    ("25", "The 3 sides total about 25 cm.", RIGHT),
    ("4", "Thus, we need 4 buses for 160 students.", RIGHT),
    ("6", "In total, 6 of the 20 apples are red.", RIGHT),
    ("6", "So he spent $6 on 3 apples.", RIGHT),
    ("6", "he needs to work 6 hours a day for 3 days", RIGHT),
    ("4", "So Tom can buy 4 pencils with $10.", RIGHT),
    ("18", "So she sold the 3 apples for $18.", RIGHT),
    ("18", "So she sold 3 of them for $18.", RIGHT),
    ("4", "Thus there are 4 such values: 1, 3, 5, and 7.", RIGHT),
    ("4", r"there are $4$ integers $n$ with $1 \le n \le 10$", RIGHT),
    ("4", "So there are $4$ such values, namely $1,3,5,7$.", RIGHT),
    ("168", "There are 24 hours in a day, so there are 7 * 24 = 168 hours in a week.", RIGHT),
    ("60", "There are 12 months in the year and 12 * 5 = 60.", RIGHT),
    ("60", "Since there are 12 months in a year, she earns 12*5 = 60 dollars.", RIGHT),
    ("6", "There are 10 people; 4 of them are men, so 6 are women.", RIGHT),
    ("2", "Hence the number of roots is 2: 1 and 3.", RIGHT),
    ("2", "The answer is 2*sqrt(3).", WRONG),
    (r"2\sqrt{3}", "So the length is 2 * sqrt(3) cm.", RIGHT),
    ("20", "He multiplies 4 by 5 to get 20.", RIGHT),
    ("90", "So he will have 90 dollars after 3 weeks.", RIGHT),
    ("8", "The price rises from 3 to 8.", RIGHT),
]

TWICE = [
    ("1", r"\boxed{1 or 0.6}", WRONG),
    ("50.27", r"\boxed{16\pi \approx 50.27}", RIGHT),
    (r"16\pi", r"\boxed{16\pi \approx 50.27}", RIGHT),
    ("50.27", "The area is 16π ≈ 50.27 square units.", RIGHT),
    ("50.72", r"\boxed{16\pi \approx 50.27}", WRONG),
    (r"\frac{1}{3}", r"\boxed{\frac{1}{3} \text{ or approximately } 0.333}", RIGHT),
    (r"\frac{2}{3}", r"\boxed{\frac{2}{3}, \text{ or } 66.7\%}", RIGHT),
    (r"\frac{2}{3}", r"\boxed{2/3 (0.667)}", RIGHT),
    ("5", r"\boxed{5 ≈ 4.98}", RIGHT),
    ("10", r"\boxed{10 \text{ or } 12}", WRONG),
    ("12", r"\boxed{10 \approx 12}", WRONG),
    ("5", r"\boxed{5 \text{ or } 6}", WRONG),
]

BASES = [
    ("101_2", r"\boxed{n = 101_2}", RIGHT),
    ("101_2", r"\boxed{n = 101_3}", WRONG),
    ("4210_5", r"\boxed{4210_6}", WRONG),
    ("4210_{5}", r"\boxed{4210_5}", RIGHT),
    ("1010_2", r"\boxed{10_{10}}", RIGHT),
    ("10_8", r"\boxed{10_{16}}", WRONG),
    ("2516_8", r"\boxed{2516}", RIGHT),
    ("2516_8", r"\boxed{2516_{\text{eight}}}", RIGHT),
    ("2F_{16}", r"\boxed{47_{10}}", RIGHT),
    ("x_1", r"\boxed{x_2}", WRONG),
]

BOXES = [
    ("10", r"\boxed{\text{There are 10 ways}}", RIGHT),
    ("10", r"\boxed{\text{approximately } 10}", RIGHT),
    ("10", r"\boxed{\text{approximately 10}}", RIGHT),
    ("10", r"\boxed{\text{€}10}", RIGHT),
    ("10", r"\boxed{\text{Rs. }10}", RIGHT),
    ("10", r"\boxed{€10}", RIGHT),
    ("10", r"\boxed{\text{about } 10 \text{ cm}}", RIGHT),
    ("10", r"\boxed{\text{about } \sqrt{10}}", WRONG),
    ("10", r"\boxed{\text{at least } 10}", WRONG),
    ("12", r"\boxed{12 \,(\mathrm{cm}^2)}", RIGHT),
    ("12", r"\boxed{12\ (\text{cm})}", RIGHT),
    ("12", r"\boxed{12 \, \Omega}", RIGHT),
    ("12", r"\boxed{12 Ω}", RIGHT),
    ("12", r"\boxed{12 \, \mu\text{m}}", RIGHT),
    ("12 V", r"\boxed{12 \, \Omega}", WRONG),
    (r"\$5", r"\boxed{5 \text{ cents}}", WRONG),
    (r"\$5", r"\boxed{500 \text{ cents}}", RIGHT),
    (r"\$5", r"\boxed{5}", RIGHT),
    (r"\$5", r"\boxed{\$5}", RIGHT),
    ("5", r"\boxed{\$5}", RIGHT),
    (r"\$18.90", "The cost is $18.90.", RIGHT),
    (r"\$18.90", "The cost is $19.80.", WRONG),
    (r"\$32,\!348", r"\boxed{\$32348}", RIGHT),
    ("(1,2,3)", r"\boxed{\langle 1,2,3 \rangle}", RIGHT),
    (r"(-\infty,-2]\cup[2,\infty)", r"\boxed{x \le -2 \text{ or } x \ge 2}", RIGHT),
    (r"(-\infty,-2]\cup[2,\infty)", r"\boxed{x < -2 \text{ or } x \ge 2}", WRONG),
    (r"(-\infty,-2]\cup[2,\infty)", r"\boxed{x \ge 2 \text{ or } x \le -2}", RIGHT),
    (r"x < 1 \text{ or } x > 3", r"\boxed{(-\infty, 1) \cup (3, \infty)}", RIGHT),
    (r"x < 1 \text{ or } x > 3", r"\boxed{(-\infty, 1] \cup (3, \infty)}", WRONG),
    (r"30^\circ", r"\boxed{\frac{\pi}{6}}", RIGHT),
    (r"\frac{\pi}{6}", r"\boxed{30^\circ}", RIGHT),
    (r"\frac{\pi}{6}", r"\boxed{60^\circ}", WRONG),
    ("30", r"\boxed{\frac{\pi}{6}}", WRONG),
    ("12", "\\begin{align*}\nx &= 3\\cdot 4\\\\\n&= 12\n\\end{align*}", RIGHT),
    (r"(-\infty,-2]\cup[2,\infty)", r"\boxed{x <= -2 or x >= 2}", RIGHT),
]

NUMBERS = [
    ("15", "So she bought 5 pens for 15 dollars.", RIGHT),
    ("15", "So he pays $15 for 5 pens.", RIGHT),
    ("4", "So the minimum is 4 at x = 0.", RIGHT),
    ("4", "The answer is 4 when x = 0.", RIGHT),
    ("7", "So the value of 3x + 1 for x = 2 is 7.", RIGHT),
    ("4", "the maximum value is 4 when x = 2", RIGHT),
    ("4", "So the value of f at x = 0 is 4.", RIGHT),
    ("2/3", "The probability is 2/3 (about 66.7%).", RIGHT),
    ("18", "She sold them for $18.", RIGHT),
    ("6", "So he buys 3 packs, a total of 6 of them.", RIGHT),
    ("6", "So he buys 3 packs for a total of 6 of them.", RIGHT),
    ("4", "Thus there are 4 such values: 1, 3, 5, and 7.", RIGHT),
]


@pytest.mark.parametrize(("gold", "response", "verdict"), WORDS + REMARKS + TAGS + SENTENCES + TWICE + BASES + BOXES)
def test_math(gold: str, response: str, verdict: str) -> None:
    assert MathScorer().score(Sample("1", 1, {}, "", gold=gold), response).verdict == verdict


@pytest.mark.parametrize(
    ("gold", "response", "verdict"), [*NUMBERS, *(row for row in REMARKS + TAGS if row[0].isdigit())]
)
def test_number(gold: str, response: str, verdict: str) -> None:
    assert NumberScorer().score(Sample("1", 1, {}, "", gold=gold), response).verdict == verdict


@pytest.mark.parametrize(
    "response",
    [
        "<answer>C</answer>",
        "The answer is <|begin_of_box|>C<|end_of_box|>.",
        "Answer: C\n\nThe answer is based on the picture.",
        "The answer is C<|im_end|>",
    ],
)
def test_choice(response: str) -> None:
    assert ChoiceScorer().score(Sample("1", 1, {}, "", gold="C"), response).verdict == RIGHT


def test_tags_and_special_tokens_are_no_part_of_a_statement() -> None:
    assert final_part("<think>a</think><answer>5</answer><|im_end|>").strip() == "5"
    assert statements("It is 4.<answer>5</answer></s>")[0] == ("5", "stated as the answer")
