r"""Score with the scorer `mathvision`, by the protocol of the benchmark MATH-V.

The rules are those of the benchmark's own scripts (github.com/mathllm/MATH-V, evaluation/evaluate.py and utils.py),
written anew. Their limits are kept, so that verdicts can be compared with published ones. Numbers are equal if they are
equal to 2 decimals, as 1/55 and 1/60 are. A choice's text must be the full answer, as it is or as a number: "(D) 105"
is wrong if D is the gold answer. A choice of two words is never matched, because answers lose their blanks.

These rules are more lenient than the official scripts, which fail on some ways of writing a correct answer. Gold
answers are cleaned like answers (`$60$`, `\boxed{3}`, degrees and units). Signs beyond ASCII are read (60°, 2π). A
letter may be bold or written "C)". `\frac12` is a half, and `2\frac{1}{2}` is two and a half. A \boxed{} ends at its
own brace.
A response without anything that can be an answer is no_answer; the official verdict is wrong. What a model thinks is no
answer, and GLM's box is a \boxed{}.
"""

from __future__ import annotations

import re
from functools import lru_cache

from mathbatch.base import BaseScorer
from mathbatch.config.templates.boxed import last_boxed
from mathbatch.records import Sample, Score
from mathbatch.scoring.answers.tags import final_part
from mathbatch.scoring.expressions.arithmetic import Value, value_of

# Characters beyond which a text is no answer.
MAX_ANSWER = 1000
# Characters up to which a response without box, letter or "the answer is" is itself the answer.
MAX_UNMARKED = 200

LAST_LETTER = re.compile(r" (?:([A-Z])|\(([A-Z])\))\.\Z")
FIRST_LETTER = re.compile(r"(?:([A-Z])|\(([A-Z])\)(?: \2)?)\n")
NUMBER = re.compile(r"\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*")
ANNOUNCED = re.compile(r"[Tt]he (?:(?:final |correct )?answer is|answer should be)")
# Start of a box, which may have lost its backslash, or the b with it, in a model or in JSON.
BOXED = re.compile(r"(?:\\?b|\x08)?oxed\{")

# Signs and their replacements, applied in this order.
SIGNS = {
    "\x0crac": r"\frac",  # a gold whose \f became a form feed
    r"\\": "\\",
    r"\dfrac": r"\frac",
    r"\tfrac": r"\frac",
    "−": "-",
    "×": r"\times",
    "π": r"\pi",
    "∞": r"\infty",
    r"+\infty": r"\infty",
}
# Layout, units and signs that don't count in an answer.
DROPPED = re.compile(
    r"""\s | \\[,!;:\ $%] | [$°%] | \^(?:\{\\circ\}|\\circ(?![a-z]))
    | \\(?:left|right|displaystyle|text|mbox|textbf|mathbf|mathrm)(?![a-z])
    | \{m\}\^3 | m\^3 | \{units\} | units | \{km\} | km""",
    re.VERBOSE,
)
LETTER = re.compile(r"[({]*([a-z])[)}]*")
SLASH = re.compile(r"(-?\d+)/(\d+)")
UNIT = re.compile(r"(?<=.)\{[a-z]{2,}\}\Z")
TUPLE = re.compile(r"\((.*,.*)\)|\[(.*,.*)\]", re.DOTALL)


class MathVisionScorer(BaseScorer):
    """Finds a response correct if its answer is the gold letter or value, or the text of the gold letter's choice."""

    def score(self, sample: Sample, response: str) -> Score:
        answer, reason = find_answer(final_part(response), len(sample.choices or ()))
        if sample.gold is None or not sample.gold.strip():
            return Score("unscored", answer, None, "the row has no gold answer", gold_at_fault=True)
        if answer is None:
            return Score("no_answer", None, sample.gold, reason)
        for gold, what in _golds(sample):
            if how := _equal(gold, answer):
                return Score("correct", answer, sample.gold, f"{what}equal as {how}")
        return Score("wrong", answer, sample.gold, "differs")


def find_answer(response: str, choices: int = 0) -> tuple[str | None, str]:
    """Return the cleaned answer of a response and an empty text; if there is no answer, None and the reason.

    The answer is the first of these that the response has: a letter as its last word or first line; a number after its
    last "is"; its last box; the text after its last "the answer is"; the full response, if it is short.
    """
    text = response.strip()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: max(5, choices)]
    limit = MAX_ANSWER
    if letter := _letter(text, letters):
        return letter.lower(), ""
    number = text.rpartition("is ")[2].rstrip(".")
    if NUMBER.fullmatch(number):
        text = number
    elif BOXED.search(text):
        boxed = last_boxed(BOXED.sub(r"\\boxed{", text))
        if boxed is None:
            return None, r"the \boxed{} is not closed"
        text = boxed
    elif announced := list(ANNOUNCED.finditer(text)):
        text = text[announced[-1].end() :].strip(" :\n\t").split("\n")[0].split(". ")[0]
    else:
        limit = MAX_UNMARKED
    answer = clean(text)
    if len(answer) > limit:
        return None, "no answer is marked" if limit == MAX_UNMARKED else "too long to be an answer"
    return (answer, "") if answer else (None, "the answer is empty")


def _letter(text: str, letters: str) -> str:
    found = FIRST_LETTER.match(text) or LAST_LETTER.search(text[-5:])
    letter = (found[1] or found[2]) if found else ""
    return letter if letter in letters else ""


def clean(text: str) -> str:
    """Return an answer in one way of writing.

    It is in lower case, only the right side of an equation, and without blanks, signs of layout and a few units.
    """
    text = re.split(r"=|\\approx|≈", text.lower())[-1]
    for sign, written in SIGNS.items():
        text = text.replace(sign, written)
    text = DROPPED.sub("", text).replace("{}", "").rstrip(".").lstrip(":").strip("*")
    if letter := LETTER.fullmatch(text):
        return letter[1]
    return SLASH.sub(r"\\frac{\1}{\2}", text) if SLASH.fullmatch(text) else text


@lru_cache(maxsize=1024)
def _clean_gold(gold: str) -> str:
    return UNIT.sub("", clean(last_boxed(gold) or gold))


def _golds(sample: Sample) -> list[tuple[str, str]]:
    """Return the texts that are correct answers, each with words for the reason of the verdict."""
    gold = (sample.gold or "").strip(" \n")
    golds = [(gold, "")]
    place = ord(gold) - ord("A") if len(gold) == 1 else -1
    if sample.choices and 0 <= place < len(sample.choices):
        golds.append((sample.choices[place].strip(), "the choice's text "))
    else:
        golds.append((_clean_gold(gold), ""))
    return golds


def _equal(gold: str, answer: str) -> str:
    """Return in what way the two are equal, "" if they are not."""
    if gold.lower() == answer:
        return "text"
    if _tuples_equal(gold.lower(), answer):
        return "tuples"
    number = _rounded(_clean_gold(gold))
    return "numbers to 2 decimals" if number is not None and number == _rounded(answer) else ""


def _tuples_equal(gold: str, answer: str) -> bool:
    """Tell whether both are tuples in the same brackets with equal members."""
    if not TUPLE.fullmatch(gold) or not TUPLE.fullmatch(answer) or gold[0] != answer[0]:
        return False
    golds, answers = gold[1:-1].split(","), answer[1:-1].split(",")
    return len(golds) == len(answers) and all(map(_members_equal, golds, answers))


def _members_equal(gold: str, answer: str) -> bool:
    number = _rounded(clean(gold))
    return gold.strip() == answer.strip() or (number is not None and number == _rounded(answer))


@lru_cache(maxsize=1024)
def _rounded(text: str) -> float | None:
    """Return the value of a text to 2 decimals, integers exactly; None if it has no value."""
    value: Value | None = value_of(text)
    if value is None or value == int(value):
        return None if value is None else int(value)
    return round(float(value), 2)
