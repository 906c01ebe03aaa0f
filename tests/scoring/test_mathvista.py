"""MathVista's protocol as a table, and against the benchmark's own outputs of two models where those are here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from support.growth import LINEAR, growth
from support.paths import REAL_DATA

from mathbatch.records import Sample
from mathbatch.scoring.scorers.mathvista import MathVistaScorer

REAL = REAL_DATA / "mathvista"
ABCD = ("40°", "60°", "50°", "20°")
YES = ("Yes", "No")
WORDS = ("potatoes", "peas", "apples", "canola")
ROOTS = ("4", "3", "2", "2√{3}")
SURDS = ("6", "6 \\sqrt { 2 }", "6 \\sqrt { 3 }", "6 \\sqrt { 5 }")
TIMES = ("half", "quarter", "o'clock", "quarter to", "quarter past")
INT, ONE, TWO, LIST = ("integer", None), ("float", 1), ("float", 2), ("list", None)
Kind = tuple[str, ...] | tuple[str, int | None]


def sample(kind: Kind, gold: str | None) -> Sample:
    free = kind in (INT, ONE, TWO, LIST)
    answer_type, precision = kind if free else ("text", None)
    row = {"question_type": "free_form" if free else "multi_choice", "answer_type": answer_type, "precision": precision}
    return Sample("1", 1, {}, "", fields=row, gold=gold, choices=None if free else tuple(str(one) for one in kind))


NORMALISED = [  # kind or choices, gold, extraction, verdict, answer, source: the rule of calculate_score.py, or made
    (ABCD, "50°", "(C)", "correct", "50°", "official: a letter in parentheses"),
    (ABCD, "50°", "(c) 20°", "correct", "50°", "official: the letter goes before the text"),
    (ABCD, "50°", "(A) or (C)", "wrong", "40°", "official: the first letter"),
    (ABCD, "50°", "C", "correct", "50°", "official: a valid letter"),
    (ABCD, "50°", " C\n", "correct", "50°", "official: stripped"),
    (ABCD, "50°", "50°", "correct", "50°", "official: the choice itself"),
    (ABCD, "50°", "50", "correct", "50°", "official: the most similar choice"),
    (ABCD, "40°", "c", "correct", "40°", "official: a small letter without parentheses is text, all are as near"),
    (ABCD, "40°", "E", "correct", "40°", "official: no such letter, so the most similar choice"),
    (ABCD, "40°", "N/A", "correct", "40°", "official: rubbish is some choice too"),
    (ABCD, "40°", "", "no_answer", None, "made: an empty extraction is none, against the official script"),
    (ABCD, "40°", " ", "no_answer", None, "made"),
    (ABCD, "40°", "4" * 1001, "no_answer", None, "made: too long"),
    (("(c)", "(d)", "(a)"), "(a)", "(a)", "wrong", "(c)", "official, MathVista 849: choices that look like letters are taken so"),
    (("15", "100", "50", "50"), "50", "D", "correct", "50", "official, MathVista 740: equal choices"),
    (("yes", "no"), "no", "No", "correct", "no", "official: most similar, as case counts"),
    (INT, "69", "69", "correct", "69", "official"),
    (INT, "69", "69.9", "correct", "69", "official: decimals are cut"),
    (INT, "-3", "-3.7", "correct", "-3", "official: toward zero"),
    (INT, "69", " 69 ", "correct", "69", "official: float() strips"),
    (INT, "1000", "1,000", "wrong", None, "official: no number to Python"),
    (INT, "69", "69 dollars", "wrong", None, "official"),
    (INT, "69", "inf", "wrong", None, "official: no integer"),
    (INT, "69", "", "no_answer", None, "made"),
    (ONE, "1.2", "1.24", "correct", "1.2", "official: rounded to the precision"),
    (ONE, "1.2", "1.26", "wrong", "1.3", "official"),
    (ONE, "3.0", "3", "correct", "3.0", "official"),
    (TWO, "0.5", "0.50", "correct", "0.5", "official: as Python prints it"),
    (TWO, "0.33", "1/3", "wrong", None, "official"),
    (LIST, "[0, 2]", "[0, 2]", "correct", "[0, 2]", "official"),
    (LIST, "[0, 2]", "[0,2]", "wrong", "[0,2]", "official: blanks count"),
]  # fmt: skip

RESPONSES = [  # kind or choices, gold, response, verdict, answer, source: a row and model of the outputs, or made
    (ABCD, "20°", "40°", "wrong", "40°", "official: a response that is a choice"),
    (ABCD, "20°", "The answer is **(C) 50°**.\n\nSince AO is parallel, ∠ACB = 40°.", "wrong", "50°", "391, bard"),
    (ABCD, "20°", "The answer is (D).", "correct", "20°", "221, bard"),
    (ABCD, "20°", "So \\boxed{D}", "correct", "20°", "made"),
    (ABCD, "20°", "So the angle is $\\boxed{20^\\circ}$.", "correct", "20°", "made"),
    (ABCD, "20°", "Therefore the angle measures 20 degrees.", "correct", "20°", "made"),
    (ABCD, "20°", "答案是B", "wrong", "60°", "made"),
    (ABCD, "20°", "所以∠AOB=20°，故选：D", "correct", "20°", "made"),
    (ABCD, "20°", "因此角的度数是20度。", "correct", "20°", "made"),
    (ABCD, "20°", "**Answer:** D", "correct", "20°", "made"),
    (ABCD, "20°", "D", "correct", "20°", "made"),
    (ABCD, "20°", "D. 20°", "correct", "20°", "made"),
    (ABCD, "20°", "The answer is (B), I think. No: the answer is (D).", "correct", "20°", "made"),
    (ABCD, "20°", "<think>It is (A).</think>It is (D).", "correct", "20°", "made"),
    (ABCD, "20°", "Sorry, I can't help with images of people yet.", "no_answer", None, "653, bard"),
    (ABCD, "20°", "", "no_answer", None, "made"),
    (SURDS, "6 \\sqrt { 5 }", "\\boxed{6\\sqrt{5}}", "correct", "6 \\sqrt { 5 }", "408, in LaTeX without blanks"),
    (SURDS, "6", "\\boxed{6\\sqrt{7}}", "no_answer", None, "made: a part of it is a choice, the whole is none"),
    (SURDS, "6", "The answer is $6\\sqrt{7}$.", "no_answer", None, "made: the whole is none"),
    (("9.45", "18.9"), "9.45", "The answer is (A). So $x = \\boxed{2\\sqrt{15}}$.", "correct", "9.45", "114, bard: a letter counts"),
    (ABCD, "60°", "The answer is not 60 degrees.", "no_answer", None, "made: denied"),
    (YES, "No", "Yes. There is no doubt.", "wrong", "Yes", "made: a word before a noun"),
    (("red", "blue"), "blue", "Blue. The red one is too small.", "correct", "blue", "made: the answer goes first"),
    (("A and B", "A and C"), "A and C", "\\boxed{A and C}", "correct", "A and C", "made: letters in a text"),
    (ABCD, "40°", "So the value is \\boxed{41}.", "correct", "40°", "official: most similar, of what is stated"),
    (ROOTS, "4", "Based on this, the length of BD is 2√3.", "wrong", "2√{3}", "585, llava"),
    (("2", "√{3}", "√{2}"), "√{2}", "The minimum value of the line segment PQ is √{2}.", "correct", "√{2}", "916, llava"),
    (TIMES, "quarter", "So the time is **quarter past eight**. (E)", "wrong", "quarter past", "7, bard"),
    (("Whorled", "Simple", "Opposite"), "Whorled", "The correct option is C, Opposite.", "wrong", "Opposite", "124, llava"),
    (("Minnows", "Ducks", "Fish"), "Fish", "It will most decrease the energy for the (C) Fish.", "correct", "Fish", "952, llava"),
    (("Rabbit", "Frogs"), "Frogs", "The animal that lacks food would be the Frog.", "correct", "Frogs", "402, llava"),
    (("July and August", "March and April"), "July and August", "The hottest month is July.", "correct", "July and August", "768, llava"),
    (("a polynomial", "an exponential function"), "a polynomial", "The green curve is an exponential function.", "wrong", "an exponential function", "302, llava"),
    (YES, "No", "Yes", "wrong", "Yes", "made"),
    (YES, "No", "The answer is **(B) No**.", "correct", "No", "555, bard"),
    (YES, "Yes", "There are fewer tiny red trucks than small blue bicycles.", "correct", "Yes", "766, llava"),
    (("yes", "no"), "no", "Periwinkle is not the maximum. The maximum is blue.", "correct", "no", "24, llava"),
    (YES, "No", "I can't process this file.", "no_answer", None, "997, bard"),
    (WORDS, "apples", "The correct answer is (A) potatoes, compared to peas, apples, and canola.", "wrong", "potatoes", "312, llava"),
    (WORDS, "apples", "Choices (A), (B), and (D) are incorrect. It is apples.", "correct", "apples", "made"),
    (INT, "69", "So the answer is 69", "correct", "69", "802, bard"),
    (INT, "2", "Therefore, the value of $x$ is $\\boxed{2}$.", "correct", "2", "88, bard"),
    (INT, "2000", "The highest value of the bar is **2,000**.", "correct", "2000", "659, bard"),
    (INT, "3", "After subtracting all brown things, there are three objects left.", "correct", "3", "488, llava"),
    (INT, "3", "There are three algorithms with accuracy lower than 8.", "correct", "3", "436, llava"),
    (INT, "2", "There were two flocks that had at least 17 birds but fewer than 33 birds.", "correct", "2", "162, llava"),
    (INT, "37", "The combined percentage is 37%.", "correct", "37", "949, llava"),
    (INT, "20", "The age gap between the two people is 20 years.", "correct", "20", "27, llava"),
    (INT, "2019", "The market share of KLA is highest in **2019**, with 25.8%.", "correct", "2019", "730, bard"),
    (INT, "1982", "So the answer is 1982 with an income of $931,441.", "correct", "1982", "588, bard"),
    (INT, "0", "So the answer is **0**.", "correct", "0", "343, bard"),
    (INT, "5", "The missing number in the image is **5**. It is between 4 and 7.", "correct", "5", "780, bard"),
    (INT, "5", "So 8 - 3 = 5 objects are left.", "correct", "5", "763, bard"),
    (INT, "21", "There are twenty-one of them.", "correct", "21", "made"),
    (INT, "12", "一共有十二个", "correct", "12", "made"),
    (INT, "12", "答案是12。", "correct", "12", "made"),
    (INT, "-3", "The answer is -3.", "correct", "-3", "made"),
    (INT, "18", "She makes 18.\n#### 18", "correct", "18", "made"),
    (INT, "8", "Sorry, I can't help with images of people yet.", "no_answer", None, "458, bard"),
    (INT, "8", "I see many.", "no_answer", None, "made"),
    (INT, "2", "The answer is $2\\sqrt{2}$.", "wrong", None, "official: no number to Python"),
    (INT, "1", "The answer is $\\sqrt{2}$.", "wrong", None, "official: no number to Python"),
    (INT, "5", "\\boxed{5x}", "wrong", None, "official: no number to Python"),
    (INT, "6", "The answer is 6 or 7.", "wrong", None, "official: no number to Python"),
    (INT, "8", "The range of the numbers is 1 to 8.", "no_answer", None, "146, llava"),
    (INT, "3", "There are 3 bars below 40. The values are 58, 59, and 63, respectively.", "correct", "3", "131, bard"),
    (INT, "7", "The answer is 7, not 8.", "correct", "7", "made: denied"),
    (INT, "7", "The answer is not 7.", "wrong", None, "made: denied"),
    (INT, "7", "There are 7 balls. 3 are red and 4 are blue.", "correct", "7", "made"),
    (INT, "16", "So the perimeter is 4 m + 4 m + 4 m + 4 m = **16 m**.", "correct", "16", "67, bard"),
    (ONE, "3.5", "The answer is $2\\sqrt{3}$.", "correct", "3.5", "made: calculated"),
    (ONE, "0.2", "Therefore, the distance the spring is compressed is 0.11 meters.", "wrong", "0.1", "1, bard"),
    (ONE, "1.4", "The highest value in the black line chart is 1.4.", "correct", "1.4", "209, llava"),
    (ONE, "141.5", "In 2014, the demand was 105.4 + 36.1 = 141.5 billion US dollars.", "correct", "141.5", "made, after a row"),
    (TWO, "0.33", "The answer is 1/3.", "correct", "0.33", "made"),
    (TWO, "0.5", "The answer is $\\frac{1}{2}$ m.", "correct", "0.5", "made"),
    (TWO, "0.67", "Therefore, the y-coordinate of the center of mass is 0.67.", "correct", "0.67", "512, bard"),
    (LIST, "[1, 2, 3]", "The answer is [1,2, 3].", "correct", "[1, 2, 3]", "made"),
    (LIST, "[1, 2]", "There is none.", "no_answer", None, "made"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "gold", "text", "verdict", "answer", "source"), NORMALISED, ids=range(len(NORMALISED))
)
def test_an_extraction(kind: Kind, gold: str, text: str, verdict: str, answer: str | None, source: str) -> None:
    score = MathVistaScorer(extracted=True).score(sample(kind, gold), text)
    assert (score.verdict, score.answer) == (verdict, answer), source


@pytest.mark.parametrize(("kind", "gold", "text", "verdict", "answer", "source"), RESPONSES, ids=range(len(RESPONSES)))
def test_a_response(kind: Kind, gold: str, text: str, verdict: str, answer: str | None, source: str) -> None:
    score = MathVistaScorer().score(sample(kind, gold), text)
    assert (score.verdict, score.answer) == (verdict, answer), f"{source}: {score.reason}"


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        (ABCD, "The answer is (B).", "choice (B), stated as the answer; equal"),
        (ABCD, "\\boxed{A}", "choice (A), boxed; different"),
        (ABCD, "So it is 59.", "most similar choice (C), stated in a conclusion; different"),
        (YES, "It is not red.", "choice (B), denied in the first sentence; different"),
        (INT, "It is 12.", "integer, in the last sentence; different"),
        (INT, "Sorry.", "no answer was found in the response"),
    ],
)
def test_the_reason_names_answer_and_rule(kind: Kind, text: str, reason: str) -> None:
    assert MathVistaScorer().score(sample(kind, "60°"), text).reason == reason


def test_a_row_without_a_gold_answer_is_unscored_but_its_answer_is_found() -> None:
    score = MathVistaScorer().score(sample(INT, None), "The answer is 3.")
    assert (score.verdict, score.answer, score.gold) == ("unscored", "3", None)
    assert MathVistaScorer().score(sample(INT, None), "").verdict == "unscored"


@pytest.mark.parametrize("kind", [ABCD, YES, INT, LIST])
@pytest.mark.parametrize(
    "piece", ["a. ", "1.", "**1** ", "1/", "\\frac{1}", "twenty-", "[1, ", "there are ", "no ", "The answer is (Z). "]
)
def test_a_hostile_response_costs_no_more_than_its_length(kind: Kind, piece: str) -> None:
    scorer, row = MathVistaScorer(), sample(kind, "1")
    # Below what is cut off from a long response, around it, and above it.
    for size in (500, 2_500, 12_500):
        assert growth(lambda size: scorer.score(row, (piece * size)[:size]), size) < LINEAR, size


def outputs(model: str) -> Iterator[tuple[Sample, dict[str, Any]]]:
    rows = json.loads((REAL / "testmini.json").read_text(encoding="utf-8"))
    for pid, output in json.loads((REAL / "outputs" / f"{model}.json").read_text(encoding="utf-8")).items():
        row = rows[pid]
        choices = tuple(row["choices"]) if row["choices"] else None
        yield Sample(pid, int(pid), {}, "", fields=row, gold=row["answer"], choices=choices), output


@pytest.mark.skipif(not REAL.is_dir(), reason="the benchmark's own outputs are not here")
@pytest.mark.parametrize(
    ("field", "bar", "model"),
    [
        ("extraction", 0.995, "output_bard"),
        ("extraction", 0.995, "output_llava_llama_2_13b"),
        ("response", 0.97, "output_bard"),
        ("response", 0.95, "output_llava_llama_2_13b"),
    ],
)
def test_verdicts_agree_with_the_official_ones(field: str, bar: float, model: str) -> None:
    scorer = MathVistaScorer(extracted=field == "extraction")
    total = agreed = 0
    for row, output in outputs(model):
        score = scorer.score(row, output[field])
        total += 1
        agreed += (same := (score.verdict == "correct") == output["true_false"])
        if not same:
            print(row.id, row.choices, "gold", row.gold, "| official", output["extraction"], "| ours", score)
    print(f"{model}, {field}: {agreed} of {total} agree")
    assert agreed / total >= bar
