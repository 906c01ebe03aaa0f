r"""The scorer `math`: the stated answer and the gold answer are equal as mathematics.

    \boxed{\frac{1}{2}} against 0.5: correct, "boxed: equal as mathematics"

Text and plain numbers are compared at once; what is left goes to Math-Verify (https://github.com/huggingface/Math-Verify),
the gold answer first against itself: where that fails, nothing could ever be equal to it, and the row is `unscored`.
"""

from __future__ import annotations

import functools
import logging
import re
from typing import Any

from mathbatch.base import BaseScorer
from mathbatch.records import Sample, Score
from mathbatch.scoring.guard import is_safe_expression
from mathbatch.scoring.numbers import Number, as_number, spelled_in
from mathbatch.scoring.said import SAYS, numerals, said_number
from mathbatch.scoring.spelling import plain
from mathbatch.scoring.stated import Stated, final_part, statements, states
from mathbatch.scoring.values import same_values, values

WORDS = re.compile(r"(?:\\(?:text|mathrm|mbox|textbf)\s?\{)?[^\W\d_]{2,}(?:[\s'’.-]+[^\W\d_]+)*\.?\}?")
"""A gold answer of words, such as `\\text{east}`: Math-Verify would multiply its letters."""
FORMULA = re.compile(
    r"\$\$([^$]+)\$\$|\$(?!\s)([^$]*[^$\s])\$(?!\d)|\$(\s[^$]+\s)\$(?!\d)|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL
)
"""Between dollar signs as in Pandoc, so that "$20 and $18" are prices."""
PROSE = re.compile(
    r"(?<![\\A-Za-z{])(?!(?:and|or|cm|mm|km|sin|cos|tan|log|ln|pi|sqrt)\b)[A-Za-z]{2,}|[\u3040-\u30ff\u4e00-\u9fff]"
)
COMMAND = re.compile(r"\\[A-Za-z]+")
REASON = re.compile(r"[,;:(]?\s(?:as|because|since|which|for|so)\s|[,;:(](?=\s)|\n")
"""Behind an answer in words: "Evelyn, as her distance is greatest"."""
NEGATION = re.compile(r"\b(?:not|never|neither|nor)\b|n['’]t\b", re.IGNORECASE)
BOLD = re.compile(r"\*\*([^*\n]{1,60})\*\*")
INTRODUCED = ("boxed", "after ####", "stated as the answer")
SENTENCES = ("stated in a conclusion", "in the last sentence")
BARE = 100
"""Characters. A response of one line that is no longer is taken for the answer as a whole."""
UNITS = re.compile(
    r"(?<=[\d})])\s*(?:\s(?!pi\b|or\b|and\b)[a-z]{2,12}\.?|\\(?:text|mathrm|mbox)\s?\{[A-Za-z ~./]{1,40}\})"
    r"(?:\s?(?:\^\s?\{?\d\}?|per\s\w+))?$"
)
BESIDE_WORDS = re.compile(r"(?<=[^\W\d_]|°)\s|\s(?=[^\W\d_])")
CACHED_GOLDS = 4096


class MathScorer(BaseScorer):
    """Correct if text, number or mathematics of both are the same. `float_rounding`: to how many decimals numbers that
    are not exact are compared, as in Math-Verify.
    """

    preload = ("math_verify", "latex2sympy2_extended")

    def __init__(self, float_rounding: int = 6) -> None:
        self._rounding = float_rounding

    def score(self, sample: Sample, response: str) -> Score:
        gold = without_dollars(sample.gold or "")
        if not gold:
            return Score.without_gold(sample.gold, "the row has no gold answer")
        known = as_number(gold) or values(gold) or WORDS.fullmatch(gold)
        problem = None if known else gold_problem(gold, self._rounding)
        if problem is not None:
            return Score.without_gold(sample.gold, problem)
        words = len(plain(gold).split()) if WORDS.fullmatch(gold) else 0
        found = stated_expressions(response, words)
        if not found:
            return Score("no_answer", None, sample.gold, "no answer is stated")
        compared = [(one, *compare(gold, one.text, self._rounding)) for one in found]
        right = (one for one in compared if one[1] == "correct")
        stated, verdict, why = next(right, compared[-1])
        return Score(verdict, stated.text, sample.gold, f"{stated.rule}: {why}")


def stated_expressions(response: str, words: int = 0) -> list[Stated]:
    """What a response states as its answer: the text of the strongest statement, and cut down to the expression in it.
    `words`: that is so many words, and no expression.
    """
    bare = final_part(response).strip()
    said = statements(response)
    introduced = next((one for one in said if one.rule in INTRODUCED), None)
    if introduced is not None:
        return _read(introduced, words)
    found: list[Stated] = []
    if len(bare) <= BARE and "\n" not in bare and states(bare) and any(map(str.isalnum, COMMAND.sub("", bare))):
        found = [Stated(_last_formula(bare) or bare, "the whole response")]
        if not _is_prose(bare):
            return found
    for stated in said:
        if stated.rule in SENTENCES:
            read = _last_words(stated, words) if words else _in_sentence(stated)
            if read:
                return found + read
    return found


def compare(gold: str, answer: str, rounding: int = 6) -> tuple[str, str]:
    """Verdict and reason for an answer to a gold answer that is equal to itself."""
    answer = without_dollars(answer)
    if _close(gold) == _close(answer):
        return "correct", "the same text"
    ours, theirs = as_number(answer) or _spelled(answer), as_number(gold)
    if ours is not None and theirs is not None:
        same = same_number(ours, theirs, rounding)
        return ("correct", "equal as numbers") if same else ("wrong", "different numbers")
    equal = same_values(gold, answer, rounding)
    if equal is not None:
        return ("correct", "equal as numbers") if equal else ("wrong", "different numbers")
    if WORDS.fullmatch(gold):
        return "wrong", "another text"
    if not is_safe_expression(answer):
        return "unscored", "the answer is too large an expression to compute"
    if (problem := gold_problem(gold, rounding)) is not None:
        return "unscored", problem
    if equal_as_mathematics(gold, UNITS.sub("", answer), rounding):
        return "correct", "equal as mathematics"
    return "wrong", "different"


def same_number(ours: Number, theirs: Number, rounding: int) -> bool:
    """Whether two numbers are equal, to `rounding` decimals; 28% is 28 and 0.28."""
    if round(ours.value, rounding) == round(theirs.value, rounding):
        return True
    values = (number.value / (100 if number.percent else 1) for number in (ours, theirs))
    return len({round(value, rounding) for value in values}) == 1


def _close(text: str) -> str:
    """`plain` without blanks beside words: "N 34° W" is "N34°W", but "2 1/2" is not "21/2", nor 6! the same as 6."""
    return BESIDE_WORDS.sub("", plain(text.replace(r"\varnothing", r"\emptyset"))) + "!" * text.rstrip("$ ").endswith(
        "!"
    )


def _spelled(text: str) -> Number | None:
    """The number that a text is in words: `\\text{ten}`."""
    words = plain(text)
    found = spelled_in(words)
    return found[0] if len(found) == 1 and found[0].shown == words else None


@functools.lru_cache(CACHED_GOLDS)
def gold_problem(gold: str, rounding: int) -> str | None:
    """Why nothing can be equal to this gold answer; None where it is equal to itself."""
    if not is_safe_expression(gold):
        return "the gold answer is too large an expression to compute"
    if not _parsed_gold(gold):
        return "the gold answer can't be read as mathematics"
    return (
        None if equal_as_mathematics(gold, gold, rounding) else "the gold answer is not equal to itself as mathematics"
    )


def without_dollars(text: str) -> str:
    r"""`$\frac{1}{2}$.` is `\frac{1}{2}`."""
    text = text.strip().removesuffix(".").strip()
    inner = text.strip("$").strip()
    return inner if text.startswith("$") and text.endswith("$") and "$" not in inner else text


def _read(stated: Stated, words: int) -> list[Stated]:
    """A box is the answer; what follows the answer's mark may be a sentence around it."""
    text = stated.text.strip().strip("*").strip()
    if stated.rule == "boxed":
        return [Stated(text, stated.rule)]
    first = FORMULA.search(text)
    if first is not None:
        return [Stated(str(next(filter(None, first.groups()))).strip(), stated.rule)]
    whole = text.rstrip(" .。*").strip() or text
    if words:
        return [Stated(text, stated.rule) for text in dict.fromkeys([whole, REASON.split(whole)[0].strip("* ")])]
    numbers = numerals(whole) if _is_prose(whole) else []
    return [Stated(text, stated.rule) for text in [whole, *(one.shown for one in numbers[:1])]]


def _in_sentence(stated: Stated) -> list[Stated]:
    """Its last formula, else what follows its last "is" or "=", and the number that it states."""
    formula = _last_formula(stated.text)
    if formula is not None:
        return [Stated(formula, stated.rule)]
    number = said_number(stated.text)
    says = [*SAYS.finditer(stated.text)]
    tail = stated.text[says[-1].end() :].strip(" .。*") if says else ""
    found = [tail] if re.search(r"\d", tail) else []
    if number is not None and (not found or _is_prose(tail)):
        found.append(number.shown)
    return [Stated(text, stated.rule) for text in found]


def _last_words(stated: Stated, words: int) -> list[Stated]:
    """Those before a reason, those in bold, else the last so many of the sentence; all of it where it denies."""
    if NEGATION.search(stated.text):
        return [Stated(stated.text, stated.rule)]
    head = REASON.split(stated.text)[0]
    if len(head.split()) == words:
        return [Stated(head.strip("* "), stated.rule)]
    bold = BOLD.findall(stated.text)
    last = plain(bold[-1] if bold else stated.text).split(" ")
    return [Stated(" ".join(last[-words:]), stated.rule)]


def _is_prose(text: str) -> bool:
    """Whether a text is a sentence around an answer: two words, or Chinese or Japanese."""
    found = PROSE.findall(text)
    return len(found) > 1 or (bool(found) and ord(found[0][0]) > 0x3000)


def _last_formula(text: str) -> str | None:
    formulas = [next(filter(None, found.groups())).strip() for found in FORMULA.finditer(text)]
    formulas = [formula for formula in formulas if not formula.startswith(("^", "_"))]  # of "$12$ cm$^2$"
    return formulas[-1].rpartition("=")[2].strip() or formulas[-1] if formulas else None


def equal_as_mathematics(gold: str, answer: str, rounding: int) -> bool:
    """Whether both are equal to Math-Verify, in its order: gold first. Takes as long as it takes."""
    from math_verify import verify

    target = _parsed(answer)
    return bool(target) and bool(verify(_parsed_gold(gold), target, float_rounding=rounding, timeout_seconds=None))


@functools.lru_cache(CACHED_GOLDS)
def _parsed_gold(gold: str) -> list[Any]:
    return _parsed(gold)


def _parsed(text: str) -> list[Any]:
    """What Math-Verify reads in a text; nothing where it can't. Raw LaTeX is read only between dollar signs."""
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse

    logging.getLogger("math_verify").setLevel(logging.ERROR)  # it warns that it has no time limit: our workers have
    config = [LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig()]
    text = text.replace("$", "") if "$" in text else text
    found: list[Any] = parse(f"${text}$", extraction_config=config, parsing_timeout=None, fallback_mode="no_fallback")
    return found
