"""What a response states as its answer: the strongest candidate, and the rule that found it."""

from __future__ import annotations

import pytest
from support.growth import LINEAR, growth

from mathbatch.scoring.answers.statements import MAX_ANSWER, is_statement, sentences, statements
from mathbatch.scoring.answers.tags import final_part

HOPE = " I hope this helps! Let me know if you have any other questions."
ANSWER, ENDS, BOXED, HASH = "stated as the answer", "stated in a conclusion", "boxed", "after ####"
BOLD, LAST = "in bold", "in the last sentence"

CASES = [  # response, candidate, rule, source: a MathVista row and model, a benchmark's form, or made
    ("The answer is (C).\n\nAngle ACB is an inscribed angle.", "(C).", ANSWER, "MathVista 221, bard"),
    ("The correct answer is **(B)**, 8.1.", "(B)**, 8.1.", ANSWER, "MathVista 921, bard"),
    ("The correct option is C, Opposite.", "C, Opposite.", ANSWER, "MathVista 124, llava"),
    ("The correct option letter is (D) g + e = 360.", "(D) g + e = 360.", ANSWER, "MathVista 690, llava"),
    ("Therefore, Karen spent $69 on 4 pounds of scraps.\n\nSo the answer is 69", "69", ANSWER, "MathVista 802, bard"),
    ("There are 0 left. So the answer is **0**." + HOPE, "0**.", ANSWER, "MathVista 343, bard"),
    ("It is cut in half. Therefore, the correct answer is **(A)**.", "(A)**.", ANSWER, "MathVista 805, bard"),
    ("The answer is 3. No, wait. The answer is 4.", "4.", ANSWER, "made: the last marker"),
    ("**Answer:**\n\nB. 12", "B. 12", ANSWER, "made"),
    ("**Answer**: B", "B", ANSWER, "made"),
    ("Answer: 3.5 cm", "3.5 cm", ANSWER, "made"),
    ("ANSWER: C", "C", ANSWER, "MMMU's form"),
    ("Final answer = 12", "12", ANSWER, "made"),
    ("The final answer is: $\\frac{1}{2}$. I hope it is correct.", "$\\frac{1}{2}$.", ANSWER, "Minerva's form"),
    ("The best answer would be that the set is empty.", "the set is empty.", ANSWER, "made"),
    ("The answer to the question is option B.", "B.", ANSWER, "made"),
    ("Option B is the correct one.", "B is the correct one.", ANSWER, "made"),
    ("答案是B", "B", ANSWER, "made"),
    ("所以答案为：3cm。", "3cm。", ANSWER, "made"),
    ("由题意得∠C=50°，故选：C", "C", ANSWER, "made"),
    ("故选B．", "B．", ANSWER, "made"),
    ("因此，应选择D。", "D。", ANSWER, "made"),
    ("正确选项是 A。", "A。", ANSWER, "made"),
    ("Janet makes $18.\n#### 18", "18", HASH, "GSM8K's form"),
    ("#### 1,250\nwords", "1,250", HASH, "made"),
    ("So $s = 2$. The value of $x$ is $\\boxed{2}$.", "2", BOXED, "MathVista 88, bard"),
    ("\\boxed{1} and then \\boxed{\\frac{1}{2}}", "\\frac{1}{2}", BOXED, "made: the last"),
    ("The answer is 3, so \\boxed{4}", "4", BOXED, "made: a box is stronger than words"),
    ("It gets closer. Therefore, the limit is 3.", "Therefore, the limit is 3.", ENDS, "MathVista 156, bard"),
    ("So, the missing value is 15.", "So, the missing value is 15.", ENDS, "MathVista 198, llava"),
    ("The nearest mark is 2, so the twig is 2 inches long.", "the twig is 2 inches long.", ENDS, "MathVista 672, bard"),
    ("Thus x = 3. Hence y = 4." + HOPE, "Hence y = 4.", ENDS, "made"),
    ("∠A=40°。所以∠B=50°。", "所以∠B=50°。", ENDS, "made"),
    ("综上，面积为12。希望对你有帮助。", "综上，面积为12。", ENDS, "made"),
    ("I see the image. There are **3** bars." + HOPE, "There are **3** bars.", BOLD, "MathVista 85, bard"),
    ("The maximum value of the function is 3.", "The maximum value of the function is 3.", LAST, "MathVista 118, llava"),
    ("It has 5. It is 7. Is there anything else I can help you with?", "It is 7.", LAST, "made: courtesies state nothing"),
    ("It starts at 11.50 A.M. and ends at 12.", "It starts at 11.50 A.M. and ends at 12.", LAST, "made: no end at A.M."),
    ("Here's how I got the answer:\n\nCD = 19", "CD = 19", LAST, "MathVista 489, bard: that marker introduces steps"),
    ("<think>The answer is 3.</think>The answer is 4.", "4.", ANSWER, "made: thinking is no answer"),
    ("7", "7", LAST, "made"),
    ("B. No", "B. No", LAST, "made: a label stays with its text"),
]  # fmt: skip


@pytest.mark.parametrize(("response", "text", "rule", "source"), CASES, ids=range(len(CASES)))
def test_the_strongest_statement(response: str, text: str, rule: str, source: str) -> None:
    assert statements(response)[0] == (text, rule), source


@pytest.mark.parametrize(
    "response",
    [
        "",
        " \n ",
        "...",
        "Sorry, I can't help with images of people yet.",  # MathVista 88, bard
        "I can't process this file.",  # MathVista 997, bard
        "<think>The answer is 3",
        "What do you mean?",
        f"The answer is {'9' * (MAX_ANSWER + 1)}",
        f"\\boxed{{{'x' * (MAX_ANSWER + 1)}}}?",
    ],
)
def test_refusals_questions_cut_thinking_and_what_is_too_long_state_nothing(response: str) -> None:
    assert statements(response) == ()


def test_weaker_candidates_follow_the_stronger() -> None:
    said = statements("The sum is 5.\nSo the answer is **5**." + HOPE)
    assert [one.rule for one in said] == [ANSWER, ENDS, BOLD, LAST, "in the first sentence"]


def test_the_answer_stands_at_either_end_of_a_very_long_response() -> None:
    for response in ("The answer is B. " + "word " * 30_000, "word " * 30_000 + "\nThe answer is B."):
        assert statements(response)[0] == ("B.", ANSWER)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("1. One\n2. Two", ["1. One", "2. Two"]),
        ("It is 3.5 cm. Yes", ["It is 3.5 cm.", "Yes"]),
        ("一。二！", ["一。", "二！"]),
        ("```\nx = 3\n```", ["x = 3"]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [*sentences(text)] == expected


def test_what_follows_the_last_thought_is_the_answer() -> None:
    assert final_part("<think>a</think>b</think>c") == "c"
    assert final_part("no thought") == "no thought"
    assert not is_statement("Is it 3?")


HOSTILE = [
    "answer ", "answer is ", "the answer is : ", "{", "\\boxed{", "\\boxed{}", "a. ", "1.", "\n", " ", "****", "**\n", "**1** ",
    "#### ", "#", "so ", ", so ", "option ", "选", "答案", "故选", "(A) ", "?", "is ", "Answer: that the option ", "x ", "<think>",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_response_costs_no_more_than_its_length(piece: str) -> None:
    # Below what is cut off from a long response, around it, and above it.
    for size in (500, 2_500, 12_500):
        assert growth(lambda size: statements((piece * size)[:size]), size) < LINEAR, size
