r"""What each scorer says of a response: one table a scorer, one case a line.

A verdict is what a careful human grader would give, or the benchmark's own protocol where the scorer follows one.
Source of a case: "official" and the rule of the benchmark's scripts that it shows; "kinder", where those fail on how a
right answer is written; "Math-Verify #47" and "README", the issues and the manual of huggingface/Math-Verify;
"MATH-500 gold", "MathVerse gold", "AIME", a gold answer as it stands there; "made", all else.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.growth import LINEAR, growth
from support.paths import REAL_DATA

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score
from mathbatch.scoring.panel import Panel, Voter
from mathbatch.scoring.scorers.auto import AutoScorer
from mathbatch.scoring.scorers.choice import ChoiceScorer
from mathbatch.scoring.scorers.dynamath import DynaMathScorer
from mathbatch.scoring.scorers.exact import ExactScorer
from mathbatch.scoring.scorers.gsm8k import Gsm8kScorer
from mathbatch.scoring.scorers.math import MathScorer
from mathbatch.scoring.scorers.mathverse import MathVerseScorer
from mathbatch.scoring.scorers.number import NumberScorer
from mathbatch.scoring.scorers.wemath import WeMathScorer

TEXT_ONLY = REAL_DATA / "mathverse" / "testmini_text_only.json"

RIGHT, WRONG, NONE, UNSCORED = "correct", "wrong", "no_answer", "unscored"
CHAIN = (
    "First, the base is $\\boxed{6}$ and the height is $\\boxed{4}$.\n\n### Step 2\nThe area is $\\frac{1}{2} \\cdot 6 "
    "\\cdot 4 = 12$.\n\nThus the answer is $\\boxed{12}$."
)
REFUSAL = "The length cannot be determined from the picture 3."
CUT = "<think>The angle is 30, so x = 60. Wait, maybe the answer is 3"

MATH: list[tuple[dict[str, Any], str, str, str, str]] = [  # parameters, gold, response, verdict, source
    # numbers
    ({}, "12", CHAIN, RIGHT, "made: the last of several boxes"),
    ({}, "6", CHAIN, WRONG, "made: a value on the way"),
    ({}, "13", "\\boxed{12} is too small. So it is \\boxed{13}.", RIGHT, "Math-Verify #9: boxes are not merged"),
    ({}, "12", "\\boxed{12} is too small. So it is \\boxed{13}.", WRONG, "Math-Verify #9"),
    ({}, "2, 3", "The solutions are $\\boxed{2}$ and $\\boxed{3}$.", RIGHT, "made: one box for each solution"),
    ({}, "3", "The solutions are $\\boxed{2}$ and $\\boxed{3}$.", WRONG, "made"),
    ({}, "2, 3", "$\\boxed{2} \\quad \\boxed{3}$", RIGHT, "made: with room between them"),
    ({}, "3", REFUSAL, NONE, "Math-Verify #10: the last number is no answer"),
    ({}, "3", CUT, NONE, "made: the thinking was cut off"),
    ({}, "60", "The angle is 30. Now we add the two of them and get that", WRONG, "made: cut off after another number"),
    ({}, "4", "<think>So \\boxed{5}? No.</think>\n\\boxed{4}", RIGHT, "made: thinking is no answer"),
    ({}, "5", "<think>So \\boxed{5}? No.</think>\n\\boxed{4}", WRONG, "made"),
    ({}, "5", "Final answer: $x=5$", RIGHT, "made"),
    ({}, "5", "Therefore $x = 5$.", RIGHT, "made"),
    ({}, "5", "**Final Answer**\n\n$x = 5$ cm", RIGHT, "made"),
    ({}, "5", "**Answer:** 5\n\n**Explanation:** 12 - 7 = 5, since 7 were lost.", RIGHT, "made: the answer comes first"),
    ({}, "5", "答案是 $5$。", RIGHT, "made: Chinese"),
    ({}, "145", "所以∠BOC=145°，故答案为145°。", RIGHT, "made: Chinese"),
    ({}, "0.5", "\\boxed{\\frac{1}{2}}", RIGHT, "made"),
    ({}, "\\frac{1}{2}", "\\boxed{0.5}", RIGHT, "made"),
    ({}, "\\frac{1}{2}", "\\boxed{\\dfrac12}", RIGHT, "made"),
    ({}, "\\frac{1}{2}", "1/2", RIGHT, "made: nothing but the answer"),
    ({}, "\\frac{1}{3}", "\\boxed{0.33}", WRONG, "made: nearly equal"),
    ({}, "\\frac{30}{7}", "\\boxed{4.2857}", WRONG, "Math-Verify README: six decimals"),
    ({"float_rounding": 2}, "\\frac{30}{7}", "\\boxed{4.2857}", RIGHT, "Math-Verify README"),
    ({}, "2.0944", "\\boxed{2.094}", WRONG, "Math-Verify README: six decimals"),
    ({"float_rounding": 2}, "2.0944", "\\boxed{2.094}", RIGHT, "Math-Verify README"),
    ({}, "14", "\\boxed{14.0}", RIGHT, "Math-Verify README"),
    ({}, "33", "\\boxed{033}", RIGHT, "AIME: zeros in front"),
    ({}, "033", "\\boxed{33}", RIGHT, "AIME"),
    ({}, "073", "So $m+n = \\boxed{073}$.", RIGHT, "AIME"),
    ({}, "204", "\\boxed{240}", WRONG, "AIME"),
    ({}, "204", "\\boxed{204 \\text{ minutes}}", RIGHT, "made"),
    ({}, "18", "\\boxed{\\$18}", RIGHT, "Math-Verify README: dollars"),
    ({}, "18", "\\boxed{-18}", WRONG, "made: the sign"),
    ({}, "-18", "\\boxed{−18}", RIGHT, "made: the typographic minus"),
    ({}, "28%", "\\boxed{28}", RIGHT, "Math-Verify #67"),
    ({}, "28\\%", "\\boxed{0.28}", RIGHT, "Math-Verify #67"),
    ({}, "0.28", "\\boxed{28\\%}", RIGHT, "Math-Verify #67"),
    ({}, "0.28", "\\boxed{28}", WRONG, "made"),
    ({}, "28", "\\boxed{0.28}", WRONG, "made"),
    ({}, "10\\%", "The probability is 10 percent, so the answer is 10%.", RIGHT, "MATH-500 gold"),
    ({}, "10,\\!080", "\\boxed{10080}", RIGHT, "MATH-500 gold"),
    ({}, "10080", "\\boxed{10,\\!080}", RIGHT, "MATH-500 gold"),
    ({}, "58,500", "\\boxed{58500}", RIGHT, "MATH-500 gold"),
    ({}, "58,500", "\\boxed{58{,}500}", RIGHT, "made"),
    ({}, "11,\\! 111,\\! 111,\\! 100", "\\boxed{11111111100}", RIGHT, "MATH-500 gold"),
    ({}, "\\$32,\\!348", "\\boxed{32348}", RIGHT, "MATH-500 gold"),
    ({}, "1234", "\\boxed{1,235}", WRONG, "made: nearly equal"),
    ({}, "864 \\mbox{ inches}^2", "\\boxed{864}", RIGHT, "MATH-500 gold"),
    ({}, "864 \\mbox{ inches}^2", "\\boxed{864 \\text{ square inches}}", RIGHT, "MATH-500 gold"),
    ({}, "5.4 \\text{ cents}", "\\boxed{5.4}", RIGHT, "MATH-500 gold"),
    ({}, "90^\\circ", "\\boxed{90}", RIGHT, "MATH-500 gold"),
    ({}, "90", "\\boxed{90^\\circ}", RIGHT, "made"),
    ({}, "90^\\circ", "The angle is therefore 90 degrees.", RIGHT, "MATH-500 gold"),
    ({}, "\\frac{270}7\\text{ degrees}", "\\boxed{\\frac{270}{7}}", RIGHT, "MATH-500 gold"),
    ({}, "50", "\\boxed{50\\text{ km/h}}", RIGHT, "made"),
    ({}, "12", "\\boxed{12\\text{ cm}^2}", RIGHT, "made"),
    ({}, "12", "\\boxed{12\\,\\mathrm{cm}^2}", RIGHT, "made"),
    ({}, "2.5 \\times 10^3", "\\boxed{2500}", RIGHT, "made"),
    # sets, tuples, intervals, signs
    ({}, "1331 and 1728", "\\boxed{1728}", WRONG, "Math-Verify #47"),
    ({}, "1331 and 1728", "\\boxed{1331, 1728}", RIGHT, "Math-Verify #47"),
    ({}, "1331 and 1728", "\\boxed{1728 \\text{ and } 1331}", RIGHT, "Math-Verify #47"),
    ({}, "3, 5, 7", "\\boxed{3,5,7}", RIGHT, "MATH-500 gold"),
    ({}, "3, 5, 7", "\\boxed{7, 5, 3}", RIGHT, "MATH-500 gold: no order is asked"),
    ({}, "3, 5, 7", "\\boxed{3, 5}", WRONG, "made: one is missing"),
    ({}, "1,-2", "\\boxed{x = 1 \\text{ or } x = -2}", RIGHT, "MATH-500 gold"),
    ({}, "\\{1, 2, 3\\}", "\\boxed{\\{3, 2, 1\\}}", RIGHT, "made"),
    ({}, "(3, 4)", "\\boxed{(4, 3)}", WRONG, "made: order counts in a pair"),
    ({}, "(6,31,-1)", "\\boxed{(6, 31, -1)}", RIGHT, "MATH-500 gold"),
    ({}, "[2014, 2016]", "\\boxed{2016}", WRONG, "Math-Verify README"),
    ({}, "1<x<2", "\\boxed{(1,2)}", RIGHT, "Math-Verify #25: gold first"),
    ({}, "x \\in [-2,7]", "\\boxed{[-2,7]}", RIGHT, "MATH-500 gold"),
    ({}, "[-2,7]", "\\boxed{x \\in [-2,7]}", RIGHT, "made"),
    ({}, "x \\in [-2,7]", "\\boxed{(-2,7)}", WRONG, "made: open is not closed"),
    ({}, "(3,4]", "\\boxed{[3,4]}", WRONG, "MATH-500 gold"),
    ({}, "(-\\infty, 2) \\cup (3, \\infty)", "\\boxed{(-\\infty,2)\\cup(3,\\infty)}", RIGHT, "MATH-500 gold"),
    ({}, "(-\\infty, 2) \\cup (3, \\infty)", "\\boxed{(-\\infty, 2)}", WRONG, "made"),
    ({}, "1 \\pm \\sqrt{19}", "\\boxed{1 \\pm \\sqrt{19}}", RIGHT, "MATH-500 gold"),
    ({}, "1 \\pm \\sqrt{19}", "\\boxed{1 + \\sqrt{19}, 1 - \\sqrt{19}}", RIGHT, "MATH-500 gold"),
    ({}, "1 \\pm \\sqrt{19}", "\\boxed{1 + \\sqrt{19}}", WRONG, "MATH-500 gold"),
    ({}, "\\left( 3, \\frac{\\pi}{2} \\right)", "\\boxed{(3, \\pi/2)}", RIGHT, "MATH-500 gold"),
    ({}, "1:64", "\\boxed{1:64}", RIGHT, "made: a ratio"),
    ({}, "1:64", "\\boxed{1:8}", WRONG, "made"),
    # expressions
    ({}, "3\\sqrt{13}", "\\boxed{\\sqrt{117}}", RIGHT, "MATH-500 gold"),
    ({}, "11\\sqrt2", "\\boxed{11\\sqrt{2}}", RIGHT, "MATH-500 gold"),
    ({}, "3\\sqrt{13}", "\\boxed{13\\sqrt{3}}", WRONG, "made"),
    ({}, "6 + 9i", "\\boxed{9i + 6}", RIGHT, "MATH-500 gold"),
    ({}, "p - q", "\\boxed{q - p}", WRONG, "MATH-500 gold"),
    ({}, "x^3 + 3x - 6", "\\boxed{x^3+3x-6}", RIGHT, "MATH-500 gold"),
    ({}, "x^3 + 3x - 6", "\\boxed{p(x) = x^3 + 3x - 6}", RIGHT, "MATH-500 gold"),
    ({}, "y = 2x + 3", "\\boxed{2x + 3}", RIGHT, "MATH-500 gold"),
    ({}, "y = 2x + 3", "\\boxed{y = 3 + 2x}", RIGHT, "MATH-500 gold"),
    ({}, "y = 2x + 3", "\\boxed{y = 2x - 3}", WRONG, "made"),
    ({}, "2516_8", "\\boxed{2516_8}", RIGHT, "MATH-500 gold"),
    ({}, "2516_8", "\\boxed{2516_{8}}", RIGHT, "MATH-500 gold"),
    ({}, "2516_8", "\\boxed{2517_8}", WRONG, "made"),
    ({}, "6\\pi", "\\boxed{18.849556}", RIGHT, "made: to six decimals"),
    ({}, "6\\pi", "\\boxed{6}", WRONG, "made: a factor is missing"),
    ({}, "6\\pi", "So the area is $6\\pi \\text{ cm}^2$.", RIGHT, "made"),
    ({}, "\\begin{pmatrix} -1/3 \\\\ 2/3 \\\\ 5/3 \\end{pmatrix}", "\\boxed{\\begin{pmatrix} -\\frac{1}{3} \\\\ \\frac{2}{3} \\\\ \\frac{5}{3} \\end{pmatrix}}", RIGHT, "MATH-500 gold"),
    ({}, "\\begin{pmatrix} -1/3 \\\\ 2/3 \\\\ 5/3 \\end{pmatrix}", "\\boxed{\\begin{pmatrix} \\frac{1}{3} \\\\ \\frac{2}{3} \\\\ \\frac{5}{3} \\end{pmatrix}}", WRONG, "MATH-500 gold"),
    # words and letters
    ({}, "\\text{east}", "\\boxed{\\text{east}}", RIGHT, "MATH-500 gold"),
    ({}, "\\text{east}", "\\boxed{East}", RIGHT, "MATH-500 gold"),
    ({}, "\\text{east}", "\\boxed{\\text{west}}", WRONG, "MATH-500 gold"),
    ({}, "\\text{east}", "\\boxed{\\text{seat}}", WRONG, "made: the same letters"),
    ({}, "\\text{east}", "So he walks east.", RIGHT, "MATH-500 gold: words in a conclusion"),
    ({}, "\\text{Evelyn}", "So the answer is Evelyn.", RIGHT, "MATH-500 gold"),
    ({}, "\\text{Evelyn}", "The answer is **Evelyn**, as her distance over time is greatest.", RIGHT, "MATH-500 gold"),
    ({}, "\\text{June 20}", "\\boxed{June 20}", RIGHT, "MATH-500 gold"),
    ({}, "\\text{June 20}", "\\boxed{June 21}", WRONG, "MATH-500 gold"),
    ({}, "\\text{June 20}", "\\boxed{20}", WRONG, "MATH-500 gold"),
    ({}, "\\text{(C)}", "\\boxed{C}", RIGHT, "MATH-500 gold"),
    ({}, "\\text{(C)}", "\\boxed{(C)}", RIGHT, "MATH-500 gold"),
    ({}, "\\text{(C)}", "\\boxed{\\text{(B)}}", WRONG, "MATH-500 gold"),
    ({}, "\\text{even}", "Since f(-x) = f(x), the function is \\boxed{\\text{even}}.", RIGHT, "MATH-500 gold"),
    ({}, "\\text{even}", "\\boxed{\\text{uneven}}", WRONG, "made: holds the gold"),
    # how models put it
    ({}, "18", "The answer is 18, which is 2 more than 16.", RIGHT, "made"),
    ({}, "2", "The answer is 18, which is 2 more than 16.", WRONG, "made"),
    ({}, "18", "She pays $20 and gets $2 back, so it costs $18.", RIGHT, "made"),
    ({}, "20", "She pays $20 and gets $2 back, so it costs $18.", WRONG, "made"),
    ({}, "18", "She pays $20.\nShe gets $2 back.\n\nSo it costs **$18**.", RIGHT, "made"),
    ({}, "18", "2 < x < 18", WRONG, "made"),
    ({}, "\\sqrt{51}", "So $DE = \\sqrt{51}$, which is about 7.14.", RIGHT, "made"),
    ({}, "7", "x = 3 or x = 7", WRONG, "made"),
    ({}, "3, 7", "x = 3 or x = 7", RIGHT, "made"),
    ({}, "3", "Therefore, the three sides are 3, 4 and 5.", WRONG, "made"),
    ({}, "x+y", "The answer is $x+y$.", RIGHT, "made"),
    ({}, "5", "The final answer is $\\boxed{5}$. I hope it is correct.", RIGHT, "made"),
    ({}, "\\frac{3}{4}", "**Final Answer:** The probability is $\\frac{3}{4}$.", RIGHT, "made"),
    ({}, "\\frac{3}{4}", "The final answer is 3/4.", RIGHT, "made"),
    ({}, "75\\%", "\\boxed{\\frac{3}{4}}", RIGHT, "made"),
    ({}, "12", "The area is $12$ cm$^2$.", RIGHT, "made"),
    ({}, "12", "Answer: $12\\text{ cm}^2$", RIGHT, "made"),
    ({}, "12", "Answer: \\(12\\)", RIGHT, "made"),
    ({}, "12", "Answer:\n\\[\n12\n\\]", RIGHT, "made"),
    ({}, "12", "### Final Answer\n12", RIGHT, "made"),
    ({}, "12", "**Final Answer**\n\n\\[ \\boxed{12} \\]", RIGHT, "made"),
    ({}, "-3", "x = -3", RIGHT, "made"),
    ({}, "3", "x = -3", WRONG, "made"),
    ({}, "1000000", "1{,}000{,}000", RIGHT, "made"),
    ({}, "1000000", "\\boxed{1\\,000\\,000}", RIGHT, "made"),
    ({}, "1000000", "\\boxed{1 000 000}", RIGHT, "made"),
    ({}, "1000000", "\\boxed{10^6}", RIGHT, "made"),
    ({}, "0.1", "\\boxed{.1}", RIGHT, "made"),
    ({}, "\\frac{1}{3}", "\\boxed{0.333333}", RIGHT, "made"),
    ({}, "\\pi", "\\boxed{3.14}", WRONG, "made"),
    ({}, "6", "\\boxed{6!}", WRONG, "made"),
    ({}, "720", "\\boxed{6!}", RIGHT, "made"),
    ({}, "8", "\\boxed{2^3}", RIGHT, "made"),
    ({}, "2^{10}", "\\boxed{1024}", RIGHT, "made"),
    ({}, "\\log_2 8", "\\boxed{3}", RIGHT, "made"),
    ({}, "100", "\\boxed{100\\%}", RIGHT, "made"),
    ({}, "1", "\\boxed{100\\%}", RIGHT, "made"),
    ({}, "(1,2)", "\\boxed{[1,2]}", WRONG, "made"),
    ({}, "\\text{no solution}", "\\boxed{\\text{No solution}}", RIGHT, "made"),
    ({}, "\\text{no solution}", "There is no solution.", RIGHT, "made"),
    ({}, "\\emptyset", "\\boxed{\\varnothing}", RIGHT, "made"),
    ({}, "\\infty", "\\boxed{\\infty}", RIGHT, "made"),
    ({}, "\\infty", "\\boxed{-\\infty}", WRONG, "made"),
    ({}, "\\text{Monday}", "It is a Monday.", RIGHT, "made"),
    ({}, "\\text{Monday}", "So the day is Tuesday, not Monday.", WRONG, "made"),
    ({}, "\\text{Yes}", "Yes", RIGHT, "made"),
    ({}, "\\text{Yes}", "\\boxed{\\text{yes}}", RIGHT, "made"),
    ({}, "\\text{Yes}", "Yes, because 5 is odd.", RIGHT, "made"),
    ({}, "\\text{Yes}", "The answer is: Yes, because 5 is odd.", RIGHT, "made"),
    ({}, "\\text{Yes}", "No, because 5 is odd. Yes would need 4.", WRONG, "made"),
    ({}, "2\\frac{1}{2}", "\\boxed{2.5}", RIGHT, "made"),
    ({}, "2\\frac{1}{2}", "\\boxed{\\frac{5}{2}}", RIGHT, "made"),
    ({}, "2\\frac{1}{2}", "\\boxed{1}", WRONG, "made"),
    ({}, "12:30", "\\boxed{12:30}", RIGHT, "made"),
    ({}, "12:30", "\\boxed{12:30 \\text{ PM}}", RIGHT, "made"),
    ({}, "x=5", "\\boxed{5}", RIGHT, "made"),
    ({}, "5", "\\boxed{x=5}", RIGHT, "made"),
    ({}, "5", "\\boxed{x = y = 5}", RIGHT, "made"),
    ({}, "AB", "\\boxed{AB}", RIGHT, "made"),
    ({}, "\\frac{\\sqrt{3}}{3}", "\\boxed{\\frac{1}{\\sqrt{3}}}", RIGHT, "made"),
    ({}, "2x", "\\boxed{2y}", WRONG, "made"),
    ({}, "x^2+2x+1", "\\boxed{(x+1)^2}", RIGHT, "made"),
    ({}, "10", "\\boxed{10 \\text{ or } 12}", WRONG, "made"),
    ({}, "10", "Thus there are ten of them.", RIGHT, "made"),
    ({}, "10", "\\boxed{\\text{ten}}", RIGHT, "made"),
    ({}, "\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", "\\boxed{\\begin{bmatrix} 1 & 2 \\\\ 3 & 4 \\end{bmatrix}}", RIGHT, "made"),
    ({}, "36", "Let n = 6. Then n^2 = 36. Hence $n^2 = 36$", RIGHT, "made"),
    ({}, "5", "Since 3 + 2 = 5, we have $3+2=5$ apples.", RIGHT, "made"),
    ({}, "204", "204 minutes", RIGHT, "made"),
    ({}, "204", "**204**", RIGHT, "made"),
    ({}, "70", "So the sum is $21+49=\\boxed{70}$.", RIGHT, "made"),
    ({}, "9", "答案：9", RIGHT, "made"),
    ({}, "9", "因此，面积是9平方厘米。", RIGHT, "made"),
    ({}, "\\text{even}", "The function is even.", RIGHT, "made"),
    ({}, "\\text{even}", "The function is not even.", WRONG, "made"),
    ({}, "3x+5", "p(x) = 3x + 5", RIGHT, "made"),
    ({}, "\\frac{17}{50}", "\\boxed{34\\%}", RIGHT, "made"),
    ({}, "6.02e23", "\\boxed{6.02 \\times 10^{23}}", RIGHT, "made"),
    ({}, "5", "\\boxed{5.}", RIGHT, "made"),
    ({}, "5", "\\boxed{5\\\\}", RIGHT, "made"),
    ({}, "5", "\\boxed{\\mathbf{5}}", RIGHT, "made"),
    ({}, "5", "\\boxed{\\displaystyle 5}", RIGHT, "made"),
    ({}, "5", "$$\\boxed{5}$$", RIGHT, "made"),
    ({}, "5", "\\fbox{5}", RIGHT, "made"),
    ({}, "45^\\circ", "\\boxed{45°}", RIGHT, "made"),
    ({}, "C", "\\boxed{C}", RIGHT, "made"),
    ({}, "\\$18.90", "\\boxed{18.90}", RIGHT, "made"),
    ({}, "\\$18.90", "The cost is $18.90.", RIGHT, "made"),
    ({}, "1,2,3", "\\boxed{1}, \\boxed{2}, \\boxed{3}", RIGHT, "made"),
    ({}, "1,2,3", "\\boxed{\\{1,2,3\\}}", RIGHT, "made"),
    ({}, "15 \\text{ cm}", "The length is 15cm.", RIGHT, "made"),
    ({}, "2", "\\boxed{2\\pi}", WRONG, "made: a factor more"),
    ({}, "2", "\\boxed{2 pi}", WRONG, "made: a factor more"),
    ({}, "2", "\\boxed{2pi}", WRONG, "made: a factor more"),
    ({}, "2", "\\boxed{2x}", WRONG, "made: a variable is no unit"),
    ({}, "2x", "\\boxed{2}", WRONG, "made: a variable is no unit"),
    ({}, "3", "\\boxed{-3}", WRONG, "made: the sign"),
    ({}, "5", "\\boxed{5 \\text{ or } 6}", WRONG, "made: holds the gold"),
    ({}, "25", "\\boxed{125}", WRONG, "made: holds the gold"),
    ({}, "25", "\\boxed{2.5}", WRONG, "made: the point"),
    ({}, "\\frac{1}{2}", "\\boxed{\\frac{2}{1}}", WRONG, "made: turned round"),
    # what can't be read
    ({}, "", "\\boxed{5}", UNSCORED, "made: no gold"),
    ({}, "5", "\\boxed{5^{5^{5^{5}}}}", UNSCORED, "Math-Verify #65"),
    ({}, "5", "", NONE, "made"),
    ({}, "5", "I'm sorry, I can't help with that.", NONE, "made"),
    ({}, "5", "\\boxed{}", NONE, "made"),
    ({}, "5", "\\boxed{\\text{cannot be determined}}", WRONG, "made: that is an answer"),
]  # fmt: skip

ABCD = ("40°", "60°", "120°", "140°")
PEOPLE = ("Ann", "Bob", "Ann and Bob", "neither")
COUNTS = ("3", "4", "5", "None of these")
YES = ("Yes", "No")
ROOTS = ("$\\frac{1}{2}$", "$\\frac{\\sqrt{3}}{2}$", "$\\sqrt{3}$", "1")
PLAIN: tuple[str, ...] = ()

SURDS = ("6", "6 \\sqrt { 2 }", "6 \\sqrt { 3 }", "6 \\sqrt { 5 }")
SMALL = ("2", "3", "4")
COLOURS = ("red", "blue", "green")
PAIRS = ("A and B", "A and C", "A and D", "B and C", "C and D")
NONE_OF = ("45", "39", "37", "31", "None of the numbers from (A) to (D)")
LANDS = ("Germany", "France", "Italy")
OPEN = ("3", "5", "7", "Cannot be determined")
LENGTHS = ("12 cm", "14 cm", "16 cm")
METRES = ("10√{3}m", "10m")
HALVES = ("\\frac{1}{2}", "\\frac{1}{3}")
TWELVE = tuple(map(str, range(12)))
THIRTY = tuple(map(str, range(30)))

CHOICE = [  # choices, gold, response, verdict, source
    (PLAIN, "B", "B", RIGHT, "made"),
    (PLAIN, "B", "(B)", RIGHT, "Math-Verify #8"),
    (PLAIN, "B", "b", RIGHT, "made"),
    (PLAIN, "B", "\\boxed{B}", RIGHT, "Math-Verify #8"),
    (PLAIN, "B", "\\boxed{\\text{B}}", RIGHT, "Math-Verify #8"),
    (PLAIN, "B", "\\boxed{\\textbf{(B)}}", RIGHT, "made"),
    (PLAIN, "B", "\\boxed{B. 5}", RIGHT, "Math-Verify #8"),
    (PLAIN, "B", "\\boxed{(B)\\ 5}", RIGHT, "made"),
    (PLAIN, "B", "\\boxed{\\mathbf{B}}", RIGHT, "made"),
    (PLAIN, "B", "**Answer:** B", RIGHT, "made"),
    (PLAIN, "B", "ANSWER: B", RIGHT, "MMMU's form"),
    (PLAIN, "B", "The answer is (B) because (A) is wrong", RIGHT, "made"),
    (PLAIN, "A", "The answer is (B) because (A) is wrong", WRONG, "made"),
    (PLAIN, "B", "A is wrong, C is wrong and D is wrong. So the correct option is **B**.", RIGHT, "made"),
    (PLAIN, "B", "**B** is correct, not A.", RIGHT, "made"),
    (PLAIN, "B", "Option B is the correct answer. Option D would be right if x were 3.", RIGHT, "made: then an explanation"),
    (PLAIN, "B", "B\n\nExplanation: (A), (C) and (D) fail at x = 0.", RIGHT, "made: the answer goes first"),
    (PLAIN, "B", "Option (A) is incorrect.\nOption (B) is correct.\nOption (C) is incorrect.", RIGHT, "made: each option in turn"),
    (PLAIN, "B", "故选：B．", RIGHT, "made: Chinese"),
    (PLAIN, "B", "所以正确答案是 (B)。", RIGHT, "made: Chinese"),
    (PLAIN, "B", "综上所述，选项B正确。", RIGHT, "made: Chinese"),
    (PLAIN, "B", "<think>It is (A).</think>The answer is (B).", RIGHT, "made: thinking is no answer"),
    (PLAIN, "A", CUT, NONE, "made: the thinking was cut off"),
    (PLAIN, "C", "I cannot determine the answer from the picture.", NONE, "made: a refusal"),
    (PLAIN, "A", "A triangle has three sides, but nothing else is known.", NONE, "made: an article"),
    (PLAIN, "A", "I see a bar chart.", NONE, "made: an article"),
    (PLAIN, "C", "Let AB = BC, and let D be the foot of the altitude from", NONE, "made: cut off; points are no choices"),
    (PLAIN, "D", "Triangle ABC is isosceles. Therefore, angle ABD equals angle D.", NONE, "made: a point is no choice"),
    (PLAIN, "A, C", "The answers are A and C.", RIGHT, "made: a set"),
    (PLAIN, "AC", "\\boxed{A, C}", RIGHT, "made: a set"),
    (PLAIN, "A,C", "\\boxed{C, A}", RIGHT, "made: a set has no order"),
    (PLAIN, "A,C", "\\boxed{A}", WRONG, "made: one is missing"),
    (PLAIN, "A", "\\boxed{A, C}", WRONG, "made: one too many"),
    (ABCD, "D", "The size of angle CED is 140°.", RIGHT, "made: the choice's text"),
    (ABCD, "A", "The size of angle CED is 140°.", WRONG, "made: 140° is not 40°"),
    (ABCD, "A", "The size of angle CED is 40°.", RIGHT, "made"),
    (ABCD, "D", "\\boxed{140^\\circ}", RIGHT, "made"),
    (ABCD, "D", "\\boxed{140}", RIGHT, "made: without its unit"),
    (ABCD, "D", "So the answer is 140 degrees.", RIGHT, "made"),
    (ABCD, "140°", "D", RIGHT, "made: the gold is a text"),
    (ABCD, "140°", "The answer is D: 140°", RIGHT, "made"),
    (ABCD, "D", "\\boxed{100}", NONE, "made: none of the choices"),
    (ABCD, "B", "\\boxed{E}", NONE, "made: there is no E"),
    (ABCD, "C", "60° + 60° = 120°, so it is 120°.", RIGHT, "made"),
    (PEOPLE, "C", "The answer is Ann and Bob.", RIGHT, "made: the longest text"),
    (PEOPLE, "A", "The answer is Ann and Bob.", WRONG, "made"),
    (PEOPLE, "B", "Ann is not right. So it was Bob.", RIGHT, "made"),
    (COUNTS, "D", "The answer is none of these.", RIGHT, "made"),
    (COUNTS, "4", "B", RIGHT, "made: the gold is a text"),
    (COUNTS, "B", "There are 4 of them.", RIGHT, "made"),
    (YES, "B", "No, it is not.", RIGHT, "made"),
    (YES, "No", "Yes.", WRONG, "made"),
    (YES, "A", "The answer is yes", RIGHT, "made"),
    (ROOTS, "B", "\\boxed{\\frac{\\sqrt{3}}{2}}", RIGHT, "made"),
    (ROOTS, "C", "\\boxed{\\frac{\\sqrt{3}}{2}}", WRONG, "made: holds the gold"),
    (ROOTS, "A", "\\boxed{0.5}", RIGHT, "made: equal as a number"),
    (ROOTS, "D", "\\boxed{\\frac{1}{2}}", WRONG, "made"),
    (("3", "5", "5", "7"), "B", "\\boxed{C}", RIGHT, "made: a choice twice"),
    (("B", "C", "A"), "A", "The answer is A.", RIGHT, "made: choices that are letters"),
    (PLAIN, "B", "The answer is B: 60°, since (A), (C) and (D) are too large.", RIGHT, "made"),
    (PLAIN, "B", "Therefore, the answer is\n\n**(B)**", RIGHT, "made"),
    (PLAIN, "B", "Therefore, the answer is:\n\n$$\\boxed{\\text{B}}$$", RIGHT, "made"),
    (PLAIN, "B", "Correct choice: B", RIGHT, "made"),
    (PLAIN, "B", "### Answer\nB", RIGHT, "made"),
    (PLAIN, "B", "Final Answer: \\(B\\)", RIGHT, "made"),
    (PLAIN, "B", "The answer is not A but B.", RIGHT, "made"),
    (PLAIN, "B", "The answer is neither A nor C; it must be B.", RIGHT, "made"),
    (PLAIN, "B", "I would go with B.", RIGHT, "made"),
    (PLAIN, "B", "I choose option B", RIGHT, "made"),
    (PLAIN, "B", "So it's B!", RIGHT, "made"),
    (PLAIN, "B", "B)", RIGHT, "made"),
    (PLAIN, "B", "[B]", RIGHT, "made"),
    (PLAIN, "B", "\"B\"", RIGHT, "made"),
    (PLAIN, "B", "<answer>B</answer>", RIGHT, "made"),
    (PLAIN, "B", "{\"answer\": \"B\"}", RIGHT, "made"),
    (PLAIN, "B", "\\boxed{\\text{(B) } 60^\\circ}", RIGHT, "made"),
    (PLAIN, "B", "\\boxed{B:60°}", RIGHT, "made"),
    (PLAIN, "B", "\\boxed{\\text{B. 60°}}", RIGHT, "made"),
    (PLAIN, "B", "\\boxed{\\text{Option B}}", RIGHT, "made"),
    (PLAIN, "B", "The answer is (B), not (A).", RIGHT, "made"),
    (PLAIN, "A", "The answer is (B), not (A).", WRONG, "made"),
    (PLAIN, "B", "Answer: (B)\n\nHowever, (A) is tempting.", RIGHT, "made"),
    (PLAIN, "B", "**Answer: (B) 60°**", RIGHT, "made"),
    (PLAIN, "B", "**The correct answer is B) 60°**", RIGHT, "made"),
    (PLAIN, "D", "All of the above is true, hence (D).", RIGHT, "made"),
    (PLAIN, "E", "So e = 2.718 is the base.", NONE, "made"),
    (PLAIN, "I", "I think so.", NONE, "made"),
    (PLAIN, "C", "The correct answer should be C, as B contradicts D.", RIGHT, "made"),
    (PLAIN, "B", "选B", RIGHT, "made"),
    (PLAIN, "B", "答案：B", RIGHT, "made"),
    (PLAIN, "B", "因此选择选项B。", RIGHT, "made"),
    (ABCD, "B", "\\boxed{60°}", RIGHT, "made"),
    (ABCD, "B", "60", RIGHT, "made"),
    (ABCD, "B", "x = 60", RIGHT, "made"),
    (ABCD, "B", "B. 40°", RIGHT, "made"),
    (ABCD, "A", "180° - 140° = 40°", RIGHT, "made"),
    (ABCD, "B", "Angle A = 40°, so angle B = 60°.", RIGHT, "made"),
    (ABCD, "B", "The measure of angle C is 60°.", RIGHT, "made"),
    (ABCD, "C", "The measure of angle D is 120°.", RIGHT, "made"),
    (YES, "A", "Yes", RIGHT, "made"),
    (YES, "B", "The answer is: no.", RIGHT, "made"),
    (COUNTS, "A", "There are three of them.", RIGHT, "made"),
    (LENGTHS, "B", "The perimeter is 14.", RIGHT, "made"),
    (LENGTHS, "B", "\\boxed{14\\text{ cm}}", RIGHT, "made"),
    (LENGTHS, "B", "\\boxed{14\\,\\mathrm{cm}}", RIGHT, "made"),
    (("A", "B", "C"), "B", "B", RIGHT, "made"),
    (("red", "green"), "B", "It is green, not red.", RIGHT, "made"),
    # a text as a whole, and what is only a part of it
    (SURDS, "D", "\\boxed{6\\sqrt{5}}", RIGHT, "MathVista 408: blanks in LaTeX"),
    (SURDS, "A", "\\boxed{6\\sqrt{5}}", WRONG, "MathVista 408: holds the gold"),
    (SURDS, "B", "So it is $6\\sqrt2$.", RIGHT, "made"),
    (SURDS, "B", "\\boxed{\\sqrt{72}}", RIGHT, "made: equal as mathematics"),
    (SURDS, "B", "\\boxed{AB = 6\\sqrt{2}\\text{ cm}}", RIGHT, "made: a left side and a unit"),
    (SURDS, "A", "The answer is $6\\sqrt{7}$.", NONE, "made: none of the choices"),
    (SURDS, "A", "The length is 6√7 cm.", NONE, "made: none of the choices"),
    (SURDS, "A", "6 cm", RIGHT, "made: a unit"),
    (SMALL, "A", "\\boxed{-2}", NONE, "made: the sign"),
    (SMALL, "A", "\\boxed{x^2}", NONE, "made: a part of an expression"),
    (SMALL, "A", "\\boxed{2+x}", NONE, "made: a part of an expression"),
    (SMALL, "A", "\\boxed{\\frac{2}{3}}", NONE, "made: a part of an expression"),
    (("2", "x", "2y"), "A", "\\boxed{2x}", NONE, "made: a part of an expression"),
    (("2", "x", "2x"), "C", "\\boxed{2x}", RIGHT, "made"),
    (SMALL, "A", "The answer is -2.", NONE, "made: the sign"),
    (SMALL, "A", "The answer is 2x.", NONE, "made: a part of an expression"),
    (SMALL, "A", "So we get 2 + x.", NONE, "made: a part of an expression"),
    (SMALL, "A", "The ratio is 2:3.", NONE, "made: a part of an expression"),
    (SMALL, "B", "The answer is 2 + 1 = 3.", RIGHT, "made: the right side"),
    (SMALL, "A", "The answer is 2 or 3.", NONE, "made: neither is the answer"),
    (SMALL, "A", "The answer is 2, not 3.", RIGHT, "made"),
    (SMALL, "A", "The answer is not 2.", NONE, "made: denied"),
    (SMALL, "B", "The answer is not 2 but 3.", RIGHT, "made"),
    (SMALL, "A", "The answer is 2 m.", RIGHT, "made: a unit"),
    (HALVES, "A", "\\boxed{0.5}", RIGHT, "made: equal as numbers"),
    (("\\frac{1}{2}", "0.5", "1"), "A", "\\boxed{\\frac{2}{4}}", NONE, "made: two choices have that value"),
    (("$(x+1)^2$", "$x^2+1$"), "A", "\\boxed{x^2+2x+1}", RIGHT, "made: equal as mathematics"),
    (("\\frac{a+b}{2}", "a+\\frac{b}{2}"), "A", "\\boxed{a+\\frac{b}{2}}", WRONG, "made: other brackets"),
    (("-2", "2"), "B", "\\boxed{-2}", WRONG, "made: the sign"),
    (("π", "2π"), "A", "So it is 2π.", WRONG, "made: a factor more"),
    (METRES, "A", "\\boxed{10\\sqrt{3}}", RIGHT, "MathVista 523's form: without its unit"),
    (METRES, "B", "\\boxed{10\\sqrt{3}}", WRONG, "MathVista 523's form"),
    (("5 m", "5 cm", "7 m"), "A", "\\boxed{5}", NONE, "made: which of two?"),
    (("x<2", "x>2"), "A", "\\boxed{x>2}", WRONG, "made"),
    (SMALL, "B", "First, \\boxed{7} are left. That is option (B).", RIGHT, "made: a box on the way, then a letter"),
    (SMALL, "C", "Since 3 + 1 is 4, there are \\boxed{7} of them.", NONE, "made: the box decides"),
    # choices that hold letters
    (PAIRS, "B", "\\boxed{A and C}", RIGHT, "MATH-V 1244: the choice's text"),
    (PAIRS, "A and C", "A and C", RIGHT, "MATH-V 1244"),
    (PAIRS, "A", "The answer is A and C.", WRONG, "MATH-V 1244"),
    (PAIRS, "B", "The answer is B.", RIGHT, "MATH-V 1244"),
    (NONE_OF, "E", "None of the numbers from (A) to (D)", RIGHT, "MATH-V 1125"),
    (NONE_OF, "D", "\\boxed{\\text{None of the numbers from (A) to (D)}}", WRONG, "MATH-V 1125"),
    (NONE_OF, "D", "None of (A) to (D) is right.", NONE, "MATH-V 1125: not its text"),
    (("K", "E", "N", "G", "U"), "D", "G", RIGHT, "MATH-V 941: no letter of a choice"),
    (("(c)", "(d)", "(a)", "(b)"), "D", "The answer is (b).", RIGHT, "MathVista 849: a text in small letters"),
    (("(c)", "(d)", "(a)", "(b)"), "B", "The answer is (B).", RIGHT, "MathVista 849: a letter"),
    # one statement decides
    (YES, "A", "Yes. There is no doubt.", RIGHT, "made: a word before a noun"),
    (YES, "No", "Yes. There is no doubt.", WRONG, "made: a word before a noun"),
    (YES, "B", "No, there is no such line.", RIGHT, "made"),
    (YES, "B", "The answer is no because 5 is odd.", RIGHT, "made"),
    (COLOURS, "B", "Blue. The red one is too small.", RIGHT, "made: the answer goes first"),
    (COLOURS, "A", "Blue. The red one is too small.", WRONG, "made: the answer goes first"),
    (COLOURS, "B", "It is not blue.", NONE, "made: denied"),
    (COLOURS, "B", "Red is wrong. It is blue.", RIGHT, "made: denied"),
    (SMALL, "C", "It cannot be A, and B is impossible. So C.", RIGHT, "made: denied"),
    (SMALL, "A", "It cannot be A, and B is impossible. So C.", WRONG, "made: denied"),
    (SMALL, "B", "The answer is not B.", NONE, "made: denied"),
    (SMALL, "C", "I would choose C because it matches.", RIGHT, "made: a reason behind it"),
    (SMALL, "C", "The correct answer would be C since A and B fail.", RIGHT, "made: a reason that denies others"),
    (SMALL, "C", "It can't be A since the sides differ, so it is C.", RIGHT, "made: a reason between"),
    (SMALL, "C", "The answer can't be B, so it must be C.", RIGHT, "made: denied"),
    # what is compared
    (LANDS, "A", "Germany has a higher value than France.", RIGHT, "made: the other side of a comparison"),
    (LANDS, "B", "Germany has a higher value than France.", WRONG, "made: the other side of a comparison"),
    (LANDS, "A", "Therefore, Germany is the country with the highest value, ahead of Italy.", RIGHT, "made: the other side"),
    (LANDS, "A", "The answer is Germany, since its bar is taller than that of Italy.", RIGHT, "made: the other side"),
    (("cats", "dogs"), "B", "There are more dogs than cats.", RIGHT, "made: the other side"),
    (("cats", "dogs"), "B", "There are fewer cats than dogs, so dogs.", RIGHT, "made: a conclusion"),
    (("larger than", "less than"), "A", "So x is larger than y.", RIGHT, "made: a choice that compares"),
    # a number and its place
    (TWELVE, "C", "There are 2 zeros, at x = 1 and x = 3.", RIGHT, "made: where they are"),
    (TWELVE, "D", "There are 2 zeros, at x = 1 and x = 3.", WRONG, "made: where they are"),
    (TWELVE, "C", "So f has 2 real roots: 1 and 3.", RIGHT, "made: what was counted"),
    (TWELVE, "D", "There are 3 of them, namely 1, 2, and 5.", RIGHT, "made: what was counted"),
    (TWELVE, "F", "The minimum is $5$, when $x = 3$.", RIGHT, "made: where it is"),
    (("5", "10", "15", "20"), "C", "So the area is 15 when the base is 5.", RIGHT, "made: where it is so"),
    (("5", "10", "15", "20"), "C", "So when the base is 5, the area is 15.", RIGHT, "made: the place goes first"),
    (("5", "10", "15", "20"), "C", "With height 10, if the base is 5, then the area is 15.", RIGHT, "made: the place goes first"),
    (("5", "10", "15", "20"), "C", "So the value is largest when x = 15.", RIGHT, "made: the place is the answer"),
    # each option in turn
    (PLAIN, "B", "A. Incorrect.\nB. Correct.\nC. Incorrect.\nD. Incorrect.", RIGHT, "made: one is called right"),
    (PLAIN, "D", "A. Incorrect.\nB. Correct.\nC. Incorrect.\nD. Incorrect.", WRONG, "made: one is called right"),
    (PLAIN, "B", "- A: incorrect\n- B: correct\n- C: incorrect", RIGHT, "made: one is called right"),
    (LENGTHS, "B", "Option A: 12 is too small.\nOption B: 14 works.\nOption C: 16 is too big.", RIGHT, "made: one works"),
    (LENGTHS, "C", "**A)** 12 is not right.\n**B)** 14 doesn't fit.\n**C)** 16 is correct, as it isn't odd.", RIGHT, "made: one is right"),
    (PLAIN, "B", "选项A错误，选项B正确，选项C错误，选项D错误。", RIGHT, "made: Chinese"),
    (PLAIN, "B", "A. Incorrect.\nB. Incorrect.\nC. Correct.\nSo the answer is B.", RIGHT, "made: another is stated as the answer"),
    (PLAIN, "D", "A. Correct.\nB. Correct.\nC. Incorrect.\nD. Incorrect.", NONE, "made: two are right"),
    (PLAIN, "B", "A. True\nB. False\nC. Not enough information\n\nSo it is B.", RIGHT, "made: the choices' own texts"),
    # nothing can be said
    (OPEN, "D", "There is not enough information. Therefore, the length of AB cannot be determined.", RIGHT, "made"),
    (OPEN, "A", "The angle is 3 times x. So the length cannot be uniquely determined.", WRONG, "made: the last word"),
    (OPEN, "D", "Knowing that AC = 3, the length of AB cannot be determined.", RIGHT, "made: a number on the way"),
    (OPEN, "A", "It cannot be determined from angles alone. But AB = 3, so the side is 3.", RIGHT, "made: then an answer"),
    (OPEN, "D", "It cannot be determined from AB alone, but by similarity it is 5.", NONE, "made: only on the way"),
    (OPEN, "D", "The answer is that it's impossible to tell.", RIGHT, "made: in other words"),
    (OPEN, "D", "\\boxed{\\text{Not enough information}}", RIGHT, "made: in other words"),
    (OPEN, "D", "因此，面积无法确定。", RIGHT, "made: Chinese"),
    (("3", "5", "7", "无法确定"), "D", "Therefore, the area can't be determined.", RIGHT, "made: Chinese"),
    (("$4$", "$5$", "$\\text{not uniquely determined}$"), "C", "So $x$ cannot be determined.", RIGHT, "MATH-V 2347's form"),
    (OPEN, "D", "I cannot determine the answer from the image.", NONE, "made: a refusal"),
    (OPEN, "D", "I'm sorry, but it cannot be determined.", NONE, "made: a refusal"),
    (ABCD, "D", "The length of AB cannot be determined.", NONE, "made: no choice"),
    # many choices
    (TWELVE, "K", "The answer is (K) 10.", RIGHT, "made: beyond J"),
    (TWELVE, "11", "L", RIGHT, "made: beyond J"),
    (TWELVE, "11", "\\boxed{11}", RIGHT, "made: beyond J"),
    (TWELVE, "K", "\\boxed{L}", WRONG, "made: beyond J"),
    (TWELVE, "I", "I think so.", NONE, "made: a pronoun"),
    (PLAIN, "K", "The answer is (K).", RIGHT, "made: beyond J"),
    (THIRTY, "B", "\\boxed{B}", UNSCORED, "made: more than letters"),
    (THIRTY, "29", "\\boxed{29}", UNSCORED, "made: more than letters"),
    (PLAIN, "", "B", UNSCORED, "made: no gold"),
    (ABCD, "55°", "B", UNSCORED, "made: the gold is no choice"),
]  # fmt: skip

NUMBER: list[tuple[dict[str, Any], dict[str, Any], str, str, str, str]] = [  # parameters, fields, gold, response, verdict, source
    ({}, {}, "18", "\\boxed{18}", RIGHT, "made"),
    ({}, {}, "18", "\\boxed{18.0}", RIGHT, "made"),
    ({}, {}, "18", "\\boxed{18.01}", WRONG, "made"),
    ({}, {}, "18", "She has 18 eggs and sells 3, so the answer is 18 eggs.", RIGHT, "made"),
    ({}, {}, "18", "The answer is 15 of 18.", WRONG, "made: holds the gold"),
    ({}, {}, "15", "The answer is 15 of 18.", RIGHT, "made"),
    ({}, {}, "18", "Therefore, 9 * 2 = 18.", RIGHT, "made"),
    ({}, {}, "12", CHAIN, RIGHT, "made"),
    ({}, {}, "1250", "The answer is 1,250.", RIGHT, "made: thousands"),
    ({}, {}, "1250", "\\boxed{1{,}250}", RIGHT, "made: thousands in LaTeX"),
    ({}, {}, "1250", "\\boxed{1\\,250}", RIGHT, "made: a thin space"),
    ({}, {}, "1250", "\\boxed{1.250}", WRONG, "made: a decimal point"),
    ({}, {}, "0.75", "\\boxed{\\frac{3}{4}}", RIGHT, "made"),
    ({}, {}, "0.75", "\\boxed{3/4}", RIGHT, "made"),
    ({}, {}, "-0.75", "\\boxed{-\\frac{3}{4}}", RIGHT, "made"),
    ({}, {}, "-0.75", "\\boxed{\\frac{-3}{4}}", RIGHT, "made: the sign within"),
    ({}, {}, "1.75", "\\boxed{1\\frac{3}{4}}", RIGHT, "made: a mixed number"),
    ({}, {}, "1.75", "\\boxed{1 3/4}", RIGHT, "made: a mixed number"),
    ({}, {}, "-1.75", "\\boxed{-1\\frac{3}{4}}", RIGHT, "made: a mixed number"),
    ({}, {}, "2500", "\\boxed{2.5 \\times 10^{3}}", RIGHT, "made"),
    ({}, {}, "0.006", "6e-3", RIGHT, "made"),
    ({}, {}, "-5", "The answer is -5.", RIGHT, "made"),
    ({}, {}, "-5", "The answer is −5 °C.", RIGHT, "made: the typographic minus"),
    ({}, {}, "5", "The answer is -5.", WRONG, "made: the sign"),
    ({}, {}, "5", "The answer is 3-5.", WRONG, "made: a range"),
    ({}, {}, "5", "The answer is five.", RIGHT, "made: in words"),
    ({}, {}, "12", "答案是12个。", RIGHT, "made: Chinese"),
    ({}, {}, "3", REFUSAL, NONE, "made: a refusal"),
    ({}, {}, "3", CUT, NONE, "made: the thinking was cut off"),
    ({}, {}, "0", "There are none.", RIGHT, "made: in words"),
    ({}, {}, "3", "There are none.", WRONG, "made"),
    ({}, {}, "3", "It is hard to tell.", NONE, "made"),
    ({"tolerance": 0.001}, {}, "2.0944", "\\boxed{2.094}", RIGHT, "Math-Verify README"),
    ({"tolerance": 0.001}, {}, "2.0944", "\\boxed{2.1}", WRONG, "made"),
    ({"tolerance": 0.1}, {}, "0.3", "\\boxed{0.4}", RIGHT, "made: the edge, which floats would miss"),
    ({"relative_tolerance": 0.05}, {}, "-100", "\\boxed{-95}", RIGHT, "made: the edge of a share"),
    ({"relative_tolerance": 0.05}, {}, "100", "\\boxed{94.9}", WRONG, "made"),
    ({"tolerance": "room"}, {"room": 0.5}, "3", "\\boxed{3.4}", RIGHT, "made: a field of the row"),
    ({"decimals": "precision"}, {"precision": 2.0}, "1.23", "\\boxed{1.2345}", RIGHT, "made: MathVista's precision"),
    ({"decimals": "precision"}, {"precision": 2.0}, "1.23", "\\boxed{1.24}", WRONG, "made"),
    ({"decimals": "precision"}, {"precision": None}, "1.23", "\\boxed{1.2345}", WRONG, "made: null rounds nothing"),
    ({"decimals": 0}, {}, "3", "\\boxed{2.6}", RIGHT, "made: rounded, not cut"),
    ({}, {}, "28%", "\\boxed{28}", RIGHT, "Math-Verify #67"),
    ({}, {}, "0.28", "\\boxed{28\\%}", RIGHT, "Math-Verify #67"),
    ({}, {}, "0.28", "\\boxed{28}", WRONG, "made"),
    ({"percent": "value"}, {}, "28", "\\boxed{28%}", WRONG, "made: 28% is 0.28"),
    ({"percent": "value"}, {}, "0.28", "The answer is 28 percent.", RIGHT, "made"),
    ({"percent": "ignore"}, {}, "0.28", "\\boxed{28%}", WRONG, "made: 28% is 28"),
    ({"units": "same"}, {}, "5 cm", "\\boxed{5\\text{ cm}}", RIGHT, "made"),
    ({"units": "same"}, {}, "5 cm", "\\boxed{5 \\mathrm{~cm}}", RIGHT, "made"),
    ({"units": "same"}, {}, "5 cm", "\\boxed{5\\text{ m}}", WRONG, "made"),
    ({"units": "same"}, {}, "5 cm", "\\boxed{5}", WRONG, "made: the unit is missing"),
    ({"units": "same"}, {}, "5", "\\boxed{5 cm}", RIGHT, "made: the gold has none"),
    ({}, {}, "5 cm", "\\boxed{5 m}", WRONG, "made: another unit, and both are stated"),
    ({"units": "ignore"}, {}, "5 cm", "\\boxed{5 m}", RIGHT, "made: units do not count here"),
    ({}, {}, "5 m", "\\boxed{500 \\text{ cm}}", RIGHT, "made: the same length"),
    ({"units": "same"}, {}, "5 m", "\\boxed{500 \\text{ cm}}", WRONG, "made: another unit"),
    ({"units": "same"}, {}, "5 cm", "5 centimetres", RIGHT, "made: the unit spelled out"),
    ({}, {}, "3 hours", "3 minutes", WRONG, "made: another unit"),
    ({}, {}, "60 mph", "60 miles per hour", RIGHT, "made: a compound unit in words"),
    ({}, {}, "60 mph", "\\boxed{60\\text{ km/h}}", WRONG, "made: another speed"),
    ({}, {}, "120", "The answer is 120 km/h.", RIGHT, "made: a compound unit"),
    ({}, {}, "5", "5 m/s^2", RIGHT, "made: a compound unit"),
    ({}, {}, "5 cm", "\\boxed{5\\text{ cm}^2}", WRONG, "made: an area is no length"),
    ({}, {}, "20 °C", "It is 20 degrees.", RIGHT, "made: short for degrees Celsius"),
    ({}, {}, "3 apples", "3 pieces of fruit", RIGHT, "made: nouns are no units"),
    ({}, {}, "18", "\\boxed{\\$18.00}", RIGHT, "made"),
    ({}, {}, "18", "$18 is the answer", RIGHT, "made"),
    ({}, {}, "4", "x_1 = 3 and x_2 = 4", RIGHT, "made: an index is no number"),
    ({}, {}, "18", "There are 18 eggs in 3 baskets.", RIGHT, "made"),
    ({}, {}, "3", "In 2014 she had 3 eggs", RIGHT, "made"),
    ({}, {}, "5", "$-5", WRONG, "made"),
    ({}, {}, "-5", "-$5", RIGHT, "made"),
    ({}, {}, "-5", "\\boxed{-\\$5}", RIGHT, "made"),
    ({}, {}, "5", "x=5", RIGHT, "made"),
    ({}, {}, "0.5", "1/2", RIGHT, "made"),
    ({}, {}, "5", "16 - 11 = 5", RIGHT, "made"),
    ({}, {}, "5", "**5**", RIGHT, "made"),
    ({}, {}, "3.14", "3.14.", RIGHT, "made"),
    ({}, {}, "21", "twenty-one", RIGHT, "made"),
    ({}, {}, "205", "two hundred and five", RIGHT, "made"),
    ({}, {}, "1", "The answer is one.", RIGHT, "made"),
    ({}, {}, "12", "12,", RIGHT, "made"),
    ({}, {}, "1234567.89", "1,234,567.89", RIGHT, "made"),
    ({}, {}, "120", "120°", RIGHT, "made"),
    ({}, {}, "5", "\\boxed{5\\%}", RIGHT, "made"),
    ({}, {}, "5", "The answer is +5", RIGHT, "made"),
    ({}, {}, "5", "N=5", RIGHT, "made"),
    ({}, {}, "7", "Answer: 7/1", RIGHT, "made"),
    ({}, {}, "7", "x2 = 7", RIGHT, "made"),
    ({}, {}, "1200", "The answer is \\$1,200.00", RIGHT, "made"),
    ({}, {}, "18", "18 - that is the answer.", RIGHT, "made"),
    ({}, {}, "3", "I counted: 1, 2, 3. So there are 3.", RIGHT, "made"),
    ({}, {}, "5", "The answer is approximately 5.0", RIGHT, "made"),
    ({}, {}, "5", "≈5", RIGHT, "made"),
    ({}, {}, "5", "~5", RIGHT, "made"),
    ({}, {}, "east", "5", UNSCORED, "made: the gold is no number"),
    ({}, {}, "2", "\\boxed{2\\sqrt{3}}", WRONG, "made: an expression is not its first number"),
    ({}, {}, "2", "The answer is $2\\sqrt{3}$.", WRONG, "made: an expression is not its first number"),
    ({}, {}, "2", "\\boxed{x^2}", WRONG, "made: an exponent is no answer"),
    ({}, {}, "2", "\\boxed{2x+1}", WRONG, "made: a variable"),
    ({}, {}, "2", "2 x", NONE, "made: a variable"),
    ({}, {}, "2", "\\boxed{2\\pi}", WRONG, "made"),
    ({}, {}, "3", "\\boxed{\\frac{\\pi}{3}}", WRONG, "made"),
    ({}, {}, "100", "\\boxed{10^2}", RIGHT, "made: calculated"),
    ({}, {}, "10", "\\boxed{10^2}", WRONG, "made: calculated"),
    ({}, {}, "12", "\\boxed{3 \\times 4}", RIGHT, "made: calculated"),
    ({"tolerance": 0.01}, {}, "3.46", "\\boxed{2\\sqrt{3}}", RIGHT, "made: calculated"),
    ({}, {}, "\\sqrt{2}", "\\boxed{\\sqrt{2}}", RIGHT, "made: a gold that is calculated"),
    ({}, {}, "\\sqrt{2}", "\\boxed{2}", WRONG, "made: a gold that is calculated"),
    ({}, {}, "10^3", "1000", RIGHT, "made: a gold that is calculated"),
    ({}, {}, "10^3", "\\boxed{3}", WRONG, "made: a gold that is calculated"),
    ({}, {}, "between 5 and 10", "5", UNSCORED, "made: the gold is not one number"),
    ({}, {}, "5-10", "5", UNSCORED, "made: a range"),
    ({}, {}, "2x", "2", UNSCORED, "made: the gold is an expression"),
    ({}, {}, "5 or 6", "5", UNSCORED, "made: the gold is not one number"),
    ({}, {}, "3", "\\boxed{\\log_2 8}", UNSCORED, "made: perhaps right, but not calculated"),
    ({}, {}, "8", "\\boxed{\\log_2 8}", UNSCORED, "made: holds the gold"),
    ({}, {}, "6", "\\boxed{6,7}", WRONG, "made: two answers"),
    ({}, {}, "6", "The answer is 6 or 7.", WRONG, "made: two answers"),
    ({}, {}, "6", "6 or 7", NONE, "made: two answers"),
    ({}, {}, "3", "\\boxed{x = 5, y = 3}", WRONG, "made: two answers"),
    ({}, {}, "5", "\\boxed{5 \\pm 1}", WRONG, "made: two answers"),
    ({}, {}, "0.5", "The answer is 1/2, or 50%.", RIGHT, "made: one answer in two forms"),
    ({}, {}, "5", "The ratio is 5:3.", NONE, "made: a ratio is no number"),
    ({}, {}, "7", "The answer is 7, not 8.", RIGHT, "made: denied"),
    ({}, {}, "8", "The answer is 7, not 8.", WRONG, "made: denied"),
    ({}, {}, "7", "The answer is not 7.", WRONG, "made: denied"),
    ({}, {}, "7", "not 7", NONE, "made: denied"),
    ({}, {}, "7", "The answer is greater than 7.", WRONG, "made: a bound"),
    ({}, {}, "7", "The answer is about 7.", RIGHT, "made"),
    ({}, {}, "7", "The answer is 7 (since 2*7+1 = 15).", RIGHT, "made: a reason"),
    ({}, {}, "15", "The answer is 7 (since 2*7+1 = 15).", WRONG, "made: a reason"),
    ({}, {}, "7", "Answer: 7; check: 7*2 = 14", RIGHT, "made: a remark"),
    ({}, {}, "7", "There are 7 balls. 3 are red and 4 are blue.", RIGHT, "made: parts with the same right"),
    ({}, {}, "3", "There are 7 balls. 3 are red and 4 are blue.", WRONG, "made: parts with the same right"),
    ({}, {}, "5", "There are a total of 3 + 2 = 5.", RIGHT, "MathVista 888, bard: behind the working"),
    ({}, {}, "7", "The answer is 7!", RIGHT, "made: an exclamation"),
    ({}, {}, "7", "\\boxed{7!}", WRONG, "made: a factorial"),
    ({"decimals": 2}, {}, "0.01", "\\boxed{0.005}", RIGHT, "made: half-way, rounded up"),
    ({"decimals": 2}, {}, "0.00", "\\boxed{0.005}", RIGHT, "made: half-way, rounded to even as Python does"),
    ({"decimals": 2}, {}, "0.02", "\\boxed{0.005}", WRONG, "made"),
    ({}, {}, "1000000", "1e6", RIGHT, "made"),
    ({}, {}, "1500000", "1.5 million", RIGHT, "made"),
    ({}, {}, "1.5", "1.5 million", RIGHT, "made: the question may ask for millions"),
    ({}, {}, "1.5 million", "1.5 billion", WRONG, "made"),
    ({}, {}, "1234567", "\\boxed{1 234 567}", RIGHT, "made: thousands"),
    ({}, {}, "1234567", "1.234.567", RIGHT, "made: two points are no decimal point"),
    ({}, {}, "0.5", "½", RIGHT, "made"),
    ({}, {}, "1.5", "1½", RIGHT, "made"),
    ({}, {}, "300000", "3×10⁵", RIGHT, "made"),
    ({}, {}, "0.75", "The answer is three quarters.", RIGHT, "made"),
    ({}, {}, "0.5", "half", RIGHT, "made"),
    ({}, {}, "12", "a dozen", RIGHT, "made"),
    ({}, {}, "2.5", "The answer is two and a half hours.", RIGHT, "made"),
    ({}, {}, "2", "The answer is two and a half hours.", WRONG, "made: holds the gold"),
    ({}, {}, "2.5", "It takes 2 and a half hours.", RIGHT, "made"),
    ({}, {}, "15", "15 minutes or 0.25 hours", RIGHT, "made: one answer in two forms"),
    ({}, {}, "2", "2 dozen", RIGHT, "made: a noun; the question may ask for dozens"),
]  # fmt: skip

EXACT: list[tuple[dict[str, Any], str, str, str, str]] = [  # parameters, gold, response, verdict, source
    ({}, "east", "east", RIGHT, "made"),
    ({}, "east", "East.", RIGHT, "made: case and a full stop"),
    ({}, "east", "**East**", RIGHT, "made"),
    ({}, "east", "\\boxed{\\text{east}}", RIGHT, "made"),
    ({}, "east", "He walks on. The answer is east.", RIGHT, "made"),
    ({}, "east", "He walks on.\n\n**Answer:** east", RIGHT, "made"),
    ({}, "east", "The answer is not east.", WRONG, "made: holds the gold"),
    ({}, "east", "\\boxed{southeast}", WRONG, "made: holds the gold"),
    ({}, "east", "\\boxed{west}", WRONG, "made"),
    ({}, "5:0", "\\boxed{5 : 0}", RIGHT, "made: blanks"),
    ({}, "quarter past", "It is quarter past.", WRONG, "made: a sentence is another text"),
    ({}, "三", "答案是三。", RIGHT, "made: Chinese"),
    ({}, "east", "", NONE, "made"),
    ({}, "east", CUT, NONE, "made: the thinking was cut off"),
    ({}, "east", "<think>So east.</think>east", RIGHT, "made: thinking is no answer"),
    ({}, "x*y", "\\boxed{xy}", WRONG, "made: a sign"),
    ({}, "5*3", "53", WRONG, "made: a sign"),
    ({}, "2*3", "2 × 3", RIGHT, "made: the same sign"),
    ({}, "{", "}", WRONG, "made: a text of signs"),
    ({}, "!", "?", WRONG, "made: a text of signs"),
    ({}, "$", "\\", WRONG, "made: a text of markup"),
    ({}, "Hello!", "hello", RIGHT, "made: a mark behind the last word"),
    ({}, ".5", "5", WRONG, "made: a point in front"),
    ({}, "6!", "6", WRONG, "made: a factorial"),
    ({}, "\\frac{a+b}{2}", "a + b/2", WRONG, "made: brackets"),
    ({}, "\\frac{a+b}{2}", "(a + b)/2", RIGHT, "made: LaTeX or not"),
    ({"any_of": True}, '["east", "E"]', "\\boxed{E}", RIGHT, "made"),
    ({"any_of": True}, '["east", "E"]', "\\boxed{east, E}", WRONG, "made"),
    ({"any_of": True}, "[5, 6]", "\\boxed{6}", RIGHT, "made: entries need not be text"),
    ({"any_of": True}, '["east", "E"]', "\\boxed{W}", WRONG, "made"),
]  # fmt: skip

AUTO = [  # choices, gold, response, verdict, source
    (PLAIN, "B", "\\boxed{B. 5}", RIGHT, "Math-Verify #8"),
    (PLAIN, "(B)", "The answer is B.", RIGHT, "made"),
    (PLAIN, "C", "\\boxed{\\text{(C)}}", RIGHT, "made"),
    (ABCD, "140°", "\\boxed{D}", RIGHT, "made: the gold is a choice's text"),
    (ABCD, "D", "\\boxed{140}", RIGHT, "made"),
    (ABCD, "B", "\\boxed{140}", WRONG, "made"),
    (PLAIN, "A,B,D", "A, B and D are correct.", RIGHT, "made: a set of letters"),
    (PLAIN, "A, C", "The answers are (C) and (A).", RIGHT, "made: a set of letters"),
    (PLAIN, "A, C", "A and B are correct.", WRONG, "made: another set"),
    (PLAIN, "A, C", "The answer is A.", WRONG, "made: one is missing"),
    (PLAIN, "ABD", "The correct options are A, B, and D.", RIGHT, "made: a set of letters"),
    (PLAIN, "ABD", "The correct options are A and D.", WRONG, "made: one is missing"),
    (PLAIN, "ABD", "\\boxed{ABD}", RIGHT, "made: a set of letters"),
    (PLAIN, "BD", "\\boxed{B, D}", RIGHT, "made: a set of letters"),
    (PLAIN, "BD", "The longest side is BD.", RIGHT, "made: a segment"),
    (PLAIN, "BD", "The longest side is AB.", WRONG, "made: a segment"),
    (PLAIN, "CAB", "\\boxed{CAB}", RIGHT, "made: an angle"),
    (PLAIN, "\\frac{1}{2}", "\\boxed{0.5}", RIGHT, "made"),
    (PLAIN, "204", "\\boxed{204}", RIGHT, "AIME"),
    (PLAIN, "33", "\\boxed{033}", RIGHT, "AIME"),
    (PLAIN, "18", "Die Antwort ist 18.", RIGHT, "MGSM: German"),
    (PLAIN, "18", "La respuesta es 18.", RIGHT, "MGSM: Spanish"),
    (PLAIN, "18", "答案是 18。", RIGHT, "MGSM: Chinese"),
    (PLAIN, "18", "答えは18です。", RIGHT, "MGSM: Japanese"),
    (PLAIN, "3\\sqrt{2}", "\\boxed{\\sqrt{18}}", RIGHT, "made"),
    (PLAIN, "x", "\\boxed{y}", WRONG, "made: a small letter is a variable"),
    (ABCD, "55°", "\\boxed{55}", RIGHT, "made: the gold is none of the choices"),
    (SURDS, "6 \\sqrt { 5 }", "\\boxed{6\\sqrt{5}}", RIGHT, "MathVista 408"),
    (PAIRS, "A and C", "\\boxed{A and C}", RIGHT, "MATH-V 1244"),
    (TWELVE, "11", "\\boxed{L}", RIGHT, "made: beyond J"),
    (THIRTY, "29", "\\boxed{29}", UNSCORED, "made: more choices than letters"),
    (PLAIN, "\\frac{a+b}{2}", "\\boxed{a+\\frac{b}{2}}", WRONG, "made: other brackets"),
    (PLAIN, "2\\frac{1}{2}", "\\boxed{\\frac{21}{2}}", WRONG, "made: no number of two digits"),
    (PLAIN, "5", "\\boxed{.5}", WRONG, "made: the point in front"),
    (PLAIN, "", "\\boxed{5}", UNSCORED, "made: no gold"),
]  # fmt: skip

GSM8K = [  # gold, response, verdict, source
    ("18", "She makes 9 * 2 = $<<9*2=18>>18 every day.\n#### 18", RIGHT, "official: the mark"),
    ("She makes $18.\n#### 18", "#### 18", RIGHT, "official: a whole gold solution"),
    ("1,250", "#### 1250", RIGHT, "official: commas are taken out"),
    ("1250", "#### 1,250", RIGHT, "official: commas are taken out"),
    ("18", "#### 81", WRONG, "official"),
    ("-5", "#### -5", RIGHT, "official: a sign"),
    ("18", "#### 16\nNo, wait.\n#### 18", RIGHT, "made: the last mark"),
    ("18", "A: 18", RIGHT, "official: the later mark"),
    ("18", "#### $18", RIGHT, "kinder: dollars"),
    ("18", "#### 18.00", RIGHT, "kinder: decimals"),
    ("18", "#### 18 dollars", RIGHT, "official: the number behind the mark"),
    ("18", "#### The answer is 18 of 20", RIGHT, "made: the first number behind the mark"),
    ("18", "#### **18**", RIGHT, "kinder: bold"),
    ("18", "#### Step 1\nShe has 16 - 7 = 9 eggs.\n#### Step 2\n9 * 2 = 18.\n\nThe answer is \\boxed{18}.", RIGHT, "made: headings are no marks"),
    ("18", "#### Step 2\n9 * 2 = 18.\n\nThe answer is 18.", RIGHT, "made: headings are no marks"),
    ("2", "#### Step 2\n9 * 2 = 18.\n\nThe answer is 18.", WRONG, "made: headings are no marks"),
    ("18", "#### Answer\n18", RIGHT, "made: a heading, then the answer"),
    ("18", "She makes $2 * 9 = 18$ dollars, so \\boxed{18}.", RIGHT, "kinder: a box"),
    ("18", "She makes 18 dollars every day at the farmers' market.", RIGHT, "kinder: no mark"),
    ("18", "16 - 3 - 4 = 9, and 9 * 2 = 18.", RIGHT, "kinder: no mark"),
    ("18", "Therefore, she makes **$18** every day.", RIGHT, "kinder: no mark"),
    ("18", "The answer is 18, which is 2 more than 16.", RIGHT, "made"),
    ("16", "The answer is 18, which is 2 more than 16.", WRONG, "made: holds the gold"),
    ("18", "The answer is $1,800.", WRONG, "made"),
    ("70000", "He made a profit of $70,000.", RIGHT, "kinder: thousands"),
    ("50", "The answer is 50%.", RIGHT, "kinder: per cent"),
    ("8", "It took her 8 hours.", RIGHT, "made"),
    ("3", "I cannot answer this, as 3 is not given.", NONE, "made: a refusal"),
    ("18", "", NONE, "made"),
    ("18", "<think>16 - 3 = 13, so #### 18", NONE, "made: the thinking was cut off"),
    ("many", "#### 18", UNSCORED, "made: the gold is no number"),
    ("2", "\\boxed{2\\sqrt{3}}", WRONG, "made: an expression is not its first number"),
    ("6", "\\boxed{6,7}", WRONG, "made: two answers"),
    ("1500000", "He makes 1.5 million dollars.", RIGHT, "kinder: millions"),
    ("\\sqrt{2}", "\\boxed{2}", WRONG, "made: a gold that is calculated"),
]  # fmt: skip

FREE, MULTI = "free-form", "multi-choice"
ANGLES = "The size of angle CED is ()\nChoices:\nA:40°\nB:60°\nC:120°\nD:140°"
DOTS = "Which one?\nChoices:\nA.Yes\nB.No"
NORTH = "Which bearing is it?\nChoices:\nA. 050^\\circ T\nB. 090^\\circ T"

MATHVERSE = [  # question_type, question, gold, response, verdict, source
    (MULTI, ANGLES, "D", "The answer is D.", RIGHT, "made"),
    (MULTI, ANGLES, "D", "\\boxed{140^\\circ}", RIGHT, "made: the choice's text"),
    (MULTI, ANGLES, "A", "\\boxed{140^\\circ}", WRONG, "made: 140° is not 40°"),
    (MULTI, ANGLES, "(C)", "C:120°", RIGHT, "MathVerse gold: parentheses"),
    (MULTI, ANGLES, "C\nD", "The answers are C and D.", RIGHT, "MathVerse gold: two letters"),
    (MULTI, ANGLES, "C\nD", "\\boxed{C}", WRONG, "MathVerse gold: two letters"),
    (MULTI, ANGLES, "A\nC", "\\boxed{A, C}", RIGHT, "MathVerse gold: two letters"),
    (MULTI, DOTS, "B", "No, they are not.", RIGHT, "made"),
    (MULTI, "Is it true?", "False", "The answer is False.", RIGHT, "MathVerse gold: a word"),
    (MULTI, "Is it true?", "False", "\\boxed{True}", WRONG, "MathVerse gold: a word"),
    (MULTI, "Is it true?", "False", "So the statement is false.", RIGHT, "MathVerse gold: a word"),
    (MULTI, NORTH, "090^\\circ T", "\\boxed{090^\\circ T}", RIGHT, "MathVerse gold: a bearing"),
    (MULTI, NORTH, "090^\\circ T", "\\boxed{90^\\circ}", RIGHT, "MathVerse gold: a bearing"),
    (MULTI, NORTH, "090^\\circ T", "The answer is B.", RIGHT, "MathVerse gold: a bearing"),
    (MULTI, NORTH, "090^\\circ T", "\\boxed{A}", WRONG, "MathVerse gold: a bearing"),
    (FREE, "", "14", "Rounded down, L = 14 cm.", RIGHT, "MathVerse gold"),
    (FREE, "", "14", "\\boxed{14.5}", WRONG, "made"),
    (FREE, "", "Area $=9 \\pi \\mathrm{cm}^{2}$", "\\boxed{9\\pi}", RIGHT, "MathVerse gold"),
    (FREE, "", "Area $=9 \\pi \\mathrm{cm}^{2}$", "The area is $9\\pi \\text{ cm}^2$.", RIGHT, "MathVerse gold"),
    (FREE, "", "Area $=9 \\pi \\mathrm{cm}^{2}$", "\\boxed{28.27 \\text{ cm}^2}", RIGHT, "MathVerse gold: to two decimals"),
    (FREE, "", "Area $=9 \\pi \\mathrm{cm}^{2}$", "\\boxed{9}", WRONG, "MathVerse gold"),
    (FREE, "", "Area $=\\frac{\\pi}{25} \\mathrm{~cm}^{2}$", "\\boxed{\\frac{\\pi}{25}}", RIGHT, "MathVerse gold"),
    (FREE, "", "S 23.5 ^\\circ W", "\\boxed{S 23.5^\\circ W}", RIGHT, "MathVerse gold"),
    (FREE, "", "S 23.5 ^\\circ W", "\\boxed{\\text{S} 23.5^\\circ \\text{W}}", RIGHT, "MathVerse gold"),
    (FREE, "", "S 23.5 ^\\circ W", "\\boxed{N 23.5^\\circ W}", WRONG, "MathVerse gold"),
    (FREE, "", "N 34° W", "The bearing is N34°W.", RIGHT, "MathVerse gold"),
    (FREE, "", "2191.7 metres", "\\boxed{2191.7}", RIGHT, "MathVerse gold"),
    (FREE, "", "2191.7 metres", "\\boxed{2191.7 \\text{ m}}", RIGHT, "MathVerse gold"),
    (FREE, "", "118掳T", "\\boxed{118^\\circ T}", RIGHT, "MathVerse gold: a broken degree sign"),
    (FREE, "", "118掳T", "The bearing is 118°.", RIGHT, "MathVerse gold: a broken degree sign"),
    (FREE, "", "35掳", "\\boxed{35}", RIGHT, "MathVerse gold: a broken degree sign"),
    (FREE, "", "315^\\circT", "\\boxed{315°T}", RIGHT, "MathVerse gold: no blank"),
    (FREE, "", "212°T", "\\boxed{213°T}", WRONG, "MathVerse gold"),
    (FREE, "", "-4.9\n-4.9", "\\boxed{-4.9}", RIGHT, "MathVerse gold: twice the same"),
    (FREE, "", "$13 \\%$", "\\boxed{13\\%}", RIGHT, "MathVerse gold"),
    (FREE, "", "$5=s$", "\\boxed{s=5}", RIGHT, "MathVerse gold: turned round"),
    (FREE, "", "$5=s$", "\\boxed{5}", RIGHT, "MathVerse gold: turned round"),
    (FREE, "", "$10km / h$", "\\boxed{10 \\text{ km/h}}", RIGHT, "MathVerse gold"),
    (FREE, "", "Weight $=63.3 \\mathrm{~g}$", "\\boxed{63.3\\text{ g}}", RIGHT, "MathVerse gold"),
    (FREE, "", "Weekly water intake $=15.5$ Litres", "\\boxed{15.5}", RIGHT, "MathVerse gold: a unit behind"),
    (FREE, "", "Volume $=452.389$ cubic units", "\\boxed{452.389}", RIGHT, "MathVerse gold: a unit behind"),
    (FREE, "", "Surface Area $=603.186$ units $^{2}$", "\\boxed{603.19}", RIGHT, "MathVerse gold: a unit behind"),
    (FREE, "", "S.A. of rectangular prism $=4371.46 \\mathrm{~mm}^{2}$", "\\boxed{4371.46}", RIGHT, "MathVerse gold"),
    (FREE, "", "$\\mathrm{SA}=3298.67 \\mathrm{~cm}^{2}$", "\\boxed{3298.67}", RIGHT, "MathVerse gold"),
    (FREE, "", "\\frac{1225\\pi }{2} \\text { units }^2", "\\boxed{\\frac{1225\\pi}{2}}", RIGHT, "MathVerse gold"),
    (FREE, "", "8128.50 \\text { units }^2", "\\boxed{8128.5}", RIGHT, "MathVerse gold"),
    (FREE, "", "63\\pi x^3+66\\pi x^2+15\\pi x litres", "\\boxed{63\\pi x^3 + 66\\pi x^2 + 15\\pi x}", RIGHT, "MathVerse gold"),
    (FREE, "", "216.\\mathrm{cm}^2", "\\boxed{216 \\text{ cm}^2}", RIGHT, "MathVerse gold"),
    (FREE, "", "Center $=(20,10)$", "\\boxed{(20, 10)}", RIGHT, "MathVerse gold"),
    (FREE, "", "$=(4,0)$", "The center is \\boxed{(4,0)}.", RIGHT, "MathVerse gold"),
    (FREE, "", "=\\frac{7}{4}", "\\boxed{\\frac{7}{4}}", RIGHT, "MathVerse gold"),
    (FREE, "", "=\\frac{7}{4}", "\\boxed{-\\frac{7}{4}}", WRONG, "MathVerse gold"),
    (FREE, "", "slope =-4", "\\boxed{-4}", RIGHT, "MathVerse gold"),
    (FREE, "", "slope =-4", "\\boxed{4}", WRONG, "MathVerse gold"),
    (FREE, "", "domain: (2,8] and range: [6,8)", "\\boxed{\\text{Domain: } (2, 8], \\text{ Range: } [6, 8)}", RIGHT, "MathVerse gold"),
    (FREE, "", "domain: (2,8] and range: [6,8)", "\\boxed{\\text{Domain: } (2, 8), \\text{ Range: } [6, 8)}", WRONG, "MathVerse gold"),
    (FREE, "", "y=\\sin x=\\left(90^\\circ ,5\\right)", "\\boxed{(90^\\circ, 5)}", RIGHT, "MathVerse gold"),
    (FREE, "", "$(x, y)=\\left(90^{\\circ}, 5\\right)$", "\\boxed{(90^\\circ, 5)}", RIGHT, "MathVerse gold"),
    (FREE, "", "$y \\geq-2 x-6$", "\\boxed{y \\ge -2x - 6}", RIGHT, "MathVerse gold"),
    (FREE, "", "$y \\geq-2 x-6$", "\\boxed{y \\le -2x - 6}", WRONG, "MathVerse gold"),
    (FREE, "", "$x^{2}+y^{2}=49$", "\\boxed{x^2 + y^2 = 49}", RIGHT, "MathVerse gold"),
    (FREE, "", "$x^{2}+y^{2}=49$", "\\boxed{x^2 + y^2 = 7}", WRONG, "MathVerse gold"),
    (FREE, "", "{8}{5} \\pi", "\\boxed{\\frac{8}{5}\\pi}", RIGHT, "MathVerse gold: a lost \\frac"),
    (FREE, "", "Bugs Bunny", "So the winner is Bugs Bunny.", RIGHT, "MathVerse gold"),
    (FREE, "", "1:64", "\\boxed{1:64}", RIGHT, "MathVerse gold"),
    (FREE, "", "even", "The function is \\boxed{even}.", RIGHT, "MathVerse gold"),
    (FREE, "", "even", "The function is \\boxed{odd}.", WRONG, "MathVerse gold"),
    (FREE, "", "Increasing at (2, \\infty) and decreasing at (-\\infty, 2)", "The function is decreasing on $(-\\infty,2)$ and increasing on $(2,\\infty)$.", RIGHT, "MathVerse gold: labels in any order"),
    (FREE, "", "Increasing at (2, \\infty) and decreasing at (-\\infty, 2)", "\\boxed{\\text{increasing: } (-\\infty, 2), \\text{decreasing: } (2, \\infty)}", WRONG, "MathVerse gold: labels exchanged"),
    (FREE, "", "$1690cm^2$", "\\boxed{1690cm^2}", RIGHT, "MathVerse gold"),
    (FREE, "", "Area $=113.097$ units $^{2}$", "\\boxed{113.097 \\text{ units}^2}", RIGHT, "MathVerse gold"),
    (FREE, "", "0.5", "\\boxed{50\\text{ cm}}", WRONG, "made: nothing says that the gold is in metres"),
    (FREE, "", "2.5", REFUSAL, NONE, "made: a refusal"),
]  # fmt: skip

WEMATH = [  # gold, response, verdict, source
    ("C", "Thought process: 3 km are 3000 m.\nAnswer: C", RIGHT, "official"),
    ("C", "Thought process: …\nAnswer: B", WRONG, "official"),
    ("C", "<Thought process>: …\n<Answer>: C. 3000, 4000", RIGHT, "official: >, : and . are dropped"),
    ("C", "Answer: A. No.\nAnswer: C", RIGHT, "official: the last Answer"),
    ("C", "C", RIGHT, "official: without Answer the first letter of all"),
    ("C", "C. 3000, 4000", RIGHT, "official"),
    ("B", "Answer: Both are right", RIGHT, "official: the first letter, whatever it begins"),
    ("E", "Answer:\n\nE", RIGHT, "official: blanks"),
    ("C", "**Answer:** C", RIGHT, "kinder: bold"),
    ("C", "**Answer**: (C)", RIGHT, "kinder: parentheses"),
    ("C", "Answer: \\boxed{C}", RIGHT, "kinder: a box"),
    ("C", "The right choice is C.", RIGHT, "kinder: without Answer"),
    ("C", "Answer: **B**", WRONG, "kinder: bold"),
    ("C", "Answer: none of them", NONE, "official"),
    ("C", "I cannot see the picture.", NONE, "official"),
    ("C", "", NONE, "official"),
    ("I", "Answer: I", UNSCORED, "official: A to H are letters"),
    ("", "Answer: A", UNSCORED, "made: no gold"),
]  # fmt: skip

FLOAT, LETTER, WORD = "float", "multiple choice", "text"

DYNAMATH = [  # answer_type, gold, response, verdict, source
    (FLOAT, "2.0944", '{"solution": "…", "short answer": "2.094"}', RIGHT, "official: 0.001"),
    (FLOAT, "2.0944", '{"solution": "…", "short answer": "2.096"}', WRONG, "official: 0.001"),
    (FLOAT, "2.0944", '{"short answer": 2.094}', RIGHT, "official: a JSON number"),
    (FLOAT, "-3.5", '{"short answer": "-3.500"}', RIGHT, "official"),
    (FLOAT, "3.5", '{"short answer": "-3.500"}', WRONG, "official"),
    (FLOAT, "6.2832", '{"short answer": "2π"}', RIGHT, "official: π behind"),
    (FLOAT, "6.2832", '{"short answer": "2\\\\pi"}', RIGHT, "kinder: \\pi"),
    (FLOAT, "3.1416", '{"short answer": "π"}', RIGHT, "kinder: π alone"),
    (FLOAT, "1.5708", '{"short answer": "π/2"}', RIGHT, "kinder: π over 2"),
    (FLOAT, "-1.5708", '{"short answer": "-π/2"}', RIGHT, "kinder: π over 2"),
    (FLOAT, "4.7124", '{"short answer": "3π/2"}', RIGHT, "kinder: π over 2"),
    (FLOAT, "5", '{"short answer": "5"}', RIGHT, "official: digits"),
    (FLOAT, "5.0", '{"short answer": "5.000 units"}', RIGHT, "official: what stands before the first blank"),
    (FLOAT, "5.0", '{"short answer": "x = 5.000"}', RIGHT, "kinder"),
    (FLOAT, "5.0", '```json\n{"solution": "2 \\frac{5}{2} = 5", "short answer": "5.000"}\n```', RIGHT, "official: a fence, LaTeX unescaped"),
    (FLOAT, "5.0", '{"solution": "the key \\"short answer\\": 4", "short answer": "5.000"}', RIGHT, "made: the last"),
    (FLOAT, "5.0", "The answer is 5.000.", RIGHT, "kinder: no JSON"),
    (FLOAT, "5.0", '{"solution": "so the answer is 5", "short', RIGHT, "made: cut off, the solution states it"),
    (FLOAT, "5.0", '{"short answer": "unknown"}', WRONG, "official"),
    (FLOAT, "2.0", '{"short answer": "2\\\\sqrt{3}"}', WRONG, "official: no float"),
    (FLOAT, "3.464", '{"short answer": "2\\\\sqrt{3}"}', RIGHT, "kinder: calculated"),
    (FLOAT, "2.0", '{"short answer": "2x"}', WRONG, "official: no float"),
    (FLOAT, "many", '{"short answer": "5.0"}', UNSCORED, "made: the gold is no number"),
    (LETTER, "B", '{"short answer": "B"}', RIGHT, "official"),
    (LETTER, "B", '{"short answer": "A"}', WRONG, "official"),
    (LETTER, "B", '{"short answer": "(B) no"}', RIGHT, "official: the first three characters"),
    (LETTER, "B", '{"short answer": "B. no"}', RIGHT, "official: the first three characters"),
    (LETTER, "B", '{"short answer": "b"}', WRONG, "official: capitals as they are"),
    (LETTER, "B", '{"short answer": "Option B"}', WRONG, "official: the first three characters"),
    (LETTER, "B", "The answer is (B).", RIGHT, "kinder: no JSON"),
    (LETTER, "B", "It has two roots, so the answer is A.", WRONG, "made"),
    (WORD, "May", '{"short answer": "In May"}', RIGHT, "official: part of it"),
    (WORD, "May", '{"short answer": "June"}', WRONG, "official"),
    (WORD, "5:0", '{"short answer": "5:0"}', RIGHT, "official"),
    (WORD, "May", '{"short answer": "may"}', WRONG, "official: capitals as they are"),
    (WORD, "May", '{"short answer": ""}', NONE, "made"),
    (WORD, "May", "", NONE, "made"),
    (FLOAT, "3", '{"solution": "I cannot see it", "short answer": null}', NONE, "made"),
    (WORD, "", '{"short answer": "May"}', UNSCORED, "made: no gold"),
]  # fmt: skip


def judged(scorer: BaseScorer, gold: str, response: str, choices: tuple[str, ...] = (), **fields: Any) -> str:
    query = str(fields.get("question", ""))
    return scorer.score(
        Sample("1", 1, fields, query, gold=gold, choices=choices or None, fields=fields), response
    ).verdict


@pytest.mark.parametrize(("parameters", "gold", "response", "verdict", "source"), MATH)
def test_math(parameters: dict[str, Any], gold: str, response: str, verdict: str, source: str) -> None:
    assert judged(MathScorer(**parameters), gold, response) == verdict


@pytest.mark.parametrize(("choices", "gold", "response", "verdict", "source"), CHOICE)
def test_choice(choices: tuple[str, ...], gold: str, response: str, verdict: str, source: str) -> None:
    assert judged(ChoiceScorer(), gold, response, choices) == verdict


@pytest.mark.parametrize(("parameters", "fields", "gold", "response", "verdict", "source"), NUMBER)
def test_number(
    parameters: dict[str, Any], fields: dict[str, Any], gold: str, response: str, verdict: str, source: str
) -> None:
    assert judged(NumberScorer(**parameters), gold, response, **fields) == verdict


@pytest.mark.parametrize(("parameters", "gold", "response", "verdict", "source"), EXACT)
def test_exact(parameters: dict[str, Any], gold: str, response: str, verdict: str, source: str) -> None:
    assert judged(ExactScorer(**parameters), gold, response) == verdict


@pytest.mark.parametrize(("choices", "gold", "response", "verdict", "source"), AUTO)
def test_auto(choices: tuple[str, ...], gold: str, response: str, verdict: str, source: str) -> None:
    assert judged(AutoScorer(), gold, response, choices) == verdict


@pytest.mark.parametrize(("gold", "response", "verdict", "source"), GSM8K)
def test_gsm8k(gold: str, response: str, verdict: str, source: str) -> None:
    assert judged(Gsm8kScorer(), gold, response) == verdict


@pytest.mark.parametrize(("kind", "question", "gold", "response", "verdict", "source"), MATHVERSE)
def test_mathverse(kind: str, question: str, gold: str, response: str, verdict: str, source: str) -> None:
    assert judged(MathVerseScorer(), gold, response, question_type=kind, question=question) == verdict


@pytest.mark.parametrize(("gold", "response", "verdict", "source"), WEMATH)
def test_wemath(gold: str, response: str, verdict: str, source: str) -> None:
    assert judged(WeMathScorer(), gold, response) == verdict


@pytest.mark.parametrize(("kind", "gold", "response", "verdict", "source"), DYNAMATH)
def test_dynamath(kind: str, gold: str, response: str, verdict: str, source: str) -> None:
    assert judged(DynaMathScorer(), gold, response, answer_type=kind) == verdict


def four_ways(problems: dict[str, str]) -> dict[str, Any]:
    """`problems`: ID to the verdicts of its rows, steps first: r, w, n (no answer), f (failed), - (no such row)."""
    verdicts = {"r": RIGHT, "w": WRONG, "n": NONE, "f": "failed", "u": UNSCORED}
    summary = WeMathScorer().summary()
    assert summary is not None
    for name, rows in problems.items():
        keys = [*(f"{len(rows) - 1}steps_{step}" for step in range(1, len(rows))), f"{len(rows) - 1}steps_multi"]
        for key, row in zip(keys, rows, strict=True):
            if row != "-":
                fields = {"ID": name, "key": key}
                summary.add(Sample(name + key, 1, fields, "", fields=fields), [Score(verdicts[row], None, None, "")])
    return summary.facts()


def test_the_four_ways_as_worked_by_hand() -> None:
    """Complete mastery rrr; generalization rrw; knowledge rww, www; memorization rwr, wwr, and rrwr of three steps."""
    facts = four_ways({"1": "rrr", "2": "rrw", "3": "rww", "4": "www", "5": "rwr", "6": "wwr", "7": "rrwr"})[
        "four_ways"
    ]
    strict = {"problems": 7, "CM": 1, "IG": 1, "IK": 2, "RM": 3, "score": 1.5 / 7, "rote_memorization_rate": 3 / 4}
    loose = {"problems": 7, "CM": 3, "IG": 1, "IK": 2, "RM": 1, "score": 3.5 / 7, "rote_memorization_rate": 1 / 4}
    assert facts == {"strict": strict, "loose": loose}


def test_no_answer_is_wrong_in_the_four_ways() -> None:
    assert four_ways({"1": "rnr"}) == four_ways({"1": "rwr"})


@pytest.mark.parametrize("rows", ["rr-", "-rr", "rfr", "rrf", "rru", "rr-r"])
def test_a_problem_with_a_missing_row_is_none(rows: str) -> None:
    assert four_ways({"1": rows}) == {}
    assert four_ways({"1": rows, "2": "rrr"}) == four_ways({"2": "rrr"})


def test_nothing_right_has_no_rote_memorization_rate() -> None:
    """The official script divides by zero."""
    facts = four_ways({"1": "www", "2": "rrw"})["four_ways"]["strict"]
    assert facts["rote_memorization_rate"] is None
    assert facts["score"] == 0.25


HOSTILE = [
    "1,",
    "9",
    "\\boxed{",
    "#### ",
    "Answer ",
    '"short answer": ',
    "(A) ",
    "\\frac{1}{2} ",
    "the answer is ",
    " ",
    "\n",
    "$",
    "- ",
    "Choices:\nA:",
    "A. Correct.\n",
    "option A not ",
    "5, when x = 1 ",
    "cannot be ",
]
SCORERS: list[tuple[BaseScorer, str]] = [
    (ChoiceScorer(), "B"),
    (NumberScorer(), "5"),
    (ExactScorer(), "east"),
    (AutoScorer(), "12"),
    (Gsm8kScorer(), "5"),
    (MathScorer(), "12"),
    (WeMathScorer(), "B"),
    (DynaMathScorer(), "5.0"),
    (MathVerseScorer(), "domain: (2,8] and range: [6,8)"),
]


@pytest.mark.parametrize("scorer", SCORERS, ids=lambda pair: type(pair[0]).__name__)
def test_hostile_responses_cost_no_more_than_their_length(scorer: tuple[BaseScorer, str]) -> None:
    sample = Sample("1", 1, {}, "", gold=scorer[1], fields={"answer_type": "float"})
    for piece in HOSTILE:
        # Below what is cut off from a long response, around it, and above it.
        for size in (500, 2_500, 12_500):
            grown = growth(lambda size, piece=piece: scorer[0].score(sample, (piece * size)[:size]), size)  # type: ignore[misc]
            assert grown < LINEAR, (piece, size)


@pytest.mark.skipif(not TEXT_ONLY.exists(), reason="needs MathVerse's text-only rows")
def test_nearly_all_golds_of_mathverse_are_equal_to_themselves() -> None:
    rows = json.loads(TEXT_ONLY.read_text(encoding="utf-8"))
    panel = Panel([Voter("mathverse", MathVerseScorer())], "mathverse")
    samples = [Sample(row["sample_index"], 1, row, row["question"], gold=row["answer"], fields=row) for row in rows]
    unusable = [sample.gold for sample in samples if panel.gold_problem(sample)]
    assert len(unusable) <= 1, unusable
