"""Rows and responses for the scoring benchmark: golds of the kinds that MATH has, answered at length.

{"id": "17", "answer": "2\\\\sqrt{3}", "subject": "root"} and {"id": "17", "response": "First, … \\\\boxed{\\\\sqrt{12}}"}
Six of ten responses are right, half of these in another form than the gold answer's.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

RIGHT, OTHER_FORM = 0.6, 0.5
# Characters of a response; the shorter, the likelier.
LENGTHS = (200, 3000)
WORKING = (
    "First, let us write down what is known.", "We substitute $x = {a}$ into the equation and get ${a}x + {b} = {c}$.", "Recall that $\\sin^2 x + \\cos^2 x = 1$.",
    "Multiplying both sides by ${b}$ gives\n\\[ {a} \\cdot {b} = {c}. \\]", "There are ${a}$ ways to choose the first, and ${b}$ ways for the second.",
    "Wait, the second case must be counted as well.", "The discriminant is $\\sqrt{{{a}^2 - 4 \\cdot {b}}}$, which is not negative.", "**Step {a}:** simplify the expression.",
    "So the area of the triangle is $\\frac{{1}}{{2}} \\cdot {a} \\cdot {b}$.", "Therefore, the slope is $-\\frac{{{a}}}{{{b}}}$.", "Note that ${a} + {b} = {c}$, as can be checked.",
    "1. The base is {a} cm and the height is {b} cm.", "By symmetry, the other root must have the same distance from the axis.", "This leaves a remainder of {a} when divided by {b}.",
)  # fmt: skip
ENDINGS = (
    "Thus the final answer is $\\boxed{{{}}}$.", "So the answer is \\boxed{{{}}}.", "\\[\\boxed{{{}}}\\]", "Therefore, we get $\\boxed{{{}}}$. I hope it is correct.", "The answer is ${}$.",
    "**Answer:** ${}$", "#### {}",
)  # fmt: skip
WORDS = (
    "east",
    "Thursday",
    "even",
    "ellipse",
    "Navin",
    "neither",
    "\\text{odd}",
    "\\text{parabola}",
    "\\text{Evelyn}",
    "\\text{(C)}",
)


class Drawn(NamedTuple):
    """Gold answer, other forms of it, and answers that are wrong."""

    gold: str
    others: list[str]
    wrong: list[str]


def write(folder: Path, count: int, seed: int) -> tuple[Path, Path]:
    """Write `rows.jsonl` and `answers.jsonl` with so many lines."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    rows, answers = folder / "rows.jsonl", folder / "answers.jsonl"
    with rows.open("w") as golds, answers.open("w") as responses:
        for at in range(count):
            kind = rng.choices(list(KINDS), [weight for weight, _ in KINDS.values()])[0]
            drawn = KINDS[kind][1](rng)
            row = {"id": str(at), "problem": "Find it.", "answer": drawn.gold, "subject": kind}
            golds.write(json.dumps(row) + "\n")
            responses.write(json.dumps({"id": str(at), "response": _response(rng, drawn)}) + "\n")
    return rows, answers


def _response(rng: random.Random, drawn: Drawn) -> str:
    forms = [drawn.gold] if rng.random() >= OTHER_FORM else drawn.others
    answer = rng.choice(forms if rng.random() < RIGHT else drawn.wrong)
    length, sentences, total = LENGTHS[0] + rng.random() ** 2 * (LENGTHS[1] - LENGTHS[0]) - 100, list[str](), 0
    while total < length:
        a, b = rng.randint(2, 40), rng.randint(2, 40)
        sentences.append(rng.choice(WORKING).format(a=a, b=b, c=a * b))
        total += len(sentences[-1]) + 1
    return " ".join(sentences) + "\n\n" + rng.choice(ENDINGS).format(answer)


def _integer(rng: random.Random) -> Drawn:
    value = rng.choice([rng.randint(-20, 200), rng.randint(0, 12), rng.randint(1_000, 99_999)])
    others = [f"{value}.", f"{value}.0", f"x = {value}", f"{value:,}", f"{value}^\\circ", f"{value}\\text{{ cm}}"]
    return Drawn(
        str(value), others, [str(value + 1), str(-value - 3), f"\\frac{{{value}}}{{2}} + 7", f"{2 * value + 1}"]
    )


def _decimal(rng: random.Random) -> Drawn:
    value = rng.randint(1, 9999)
    gold = f"{value / 100:.2f}"
    return Drawn(
        gold, [f"{gold}0", f"\\frac{{{value}}}{{100}}", f"\\${gold}"], [f"{value / 100 + 0.1:.2f}", str(value)]
    )


def _fraction(rng: random.Random) -> Drawn:
    value = Fraction(rng.randint(1, 60), rng.randint(2, 60)) + Fraction(1, 61)
    top, below = value.numerator, value.denominator
    others = [
        f"\\dfrac{{{top}}}{{{below}}}",
        f"{top}/{below}",
        f"\\frac{{{2 * top}}}{{{2 * below}}}",
        f"\\tfrac{{{top}}}{{{below}}}",
    ]
    wrong = [f"\\frac{{{below}}}{{{top}}}", f"\\frac{{{top + 1}}}{{{below}}}", f"{top / below:.2f}", f"-{top}/{below}"]
    return Drawn(f"\\frac{{{top}}}{{{below}}}", others, wrong)


def _root(rng: random.Random) -> Drawn:
    factor, inner = rng.randint(2, 12), rng.choice([2, 3, 5, 6, 7, 10, 11, 13])
    others = [
        f"\\sqrt{{{factor**2 * inner}}}",
        f"{factor} \\cdot \\sqrt{{{inner}}}",
        f"\\frac{{{factor * inner}}}{{\\sqrt{{{inner}}}}}",
    ]
    return Drawn(
        f"{factor}\\sqrt{{{inner}}}",
        others,
        [f"{factor + 1}\\sqrt{{{inner}}}", f"{factor}\\sqrt{{{inner + 4}}}", str(factor)],
    )


def _pi(rng: random.Random) -> Drawn:
    a, b = rng.randint(2, 40), rng.choice([3, 5, 7, 9, 11])
    others = [
        f"\\frac{{{a}}}{{{b}}}\\pi",
        f"{a}\\pi/{b}",
        f"\\dfrac{{{a} \\pi}}{{{b}}}",
        f"\\frac{{{3 * a}\\pi}}{{{3 * b}}}",
    ]
    return Drawn(
        f"\\frac{{{a}\\pi}}{{{b}}}", others, [f"\\frac{{{a + 1}\\pi}}{{{b}}}", f"{a}\\pi", f"\\frac{{{a}}}{{{b}}}"]
    )


def _tuple(rng: random.Random) -> Drawn:
    a, b, c = rng.randint(-9, 30), rng.randint(-9, 30), rng.choice([2, 3, 5])
    others = [
        f"({a}, \\frac{{{b}}}{{{c}}})",
        f"\\left({a}, {b}/{c}\\right)",
        f"\\left( {a}, \\dfrac{{{b}}}{{{c}}} \\right)",
    ]
    wrong = [f"({a + 1}, \\frac{{{b}}}{{{c}}})", f"({b}, {a})", f"\\left({a},\\frac{{{b + 1}}}{{{c}}}\\right)"]
    return Drawn(f"\\left({a},\\frac{{{b}}}{{{c}}}\\right)", others, wrong)


def _interval(rng: random.Random) -> Drawn:
    a = rng.randint(-20, 20)
    b = a + rng.randint(1, 30)
    others = [f"[{a}, {b})", f"x \\in [{a},{b})", f"\\left[{a}, {b}\\right)"]
    return Drawn(f"[{a},{b})", others, [f"[{a},{b}]", f"({a},{b})", f"[{a},{b + 1})", f"(-\\infty,{a}]"])


def _set(rng: random.Random) -> Drawn:
    a, b, c = rng.sample(range(-30, 60), 3)
    return Drawn(
        f"{a}, {b}, {c}",
        [f"{c},{b},{a}", f"\\{{{a}, {b}, {c}\\}}", f"{b}, {a}, {c}"],
        [f"{a}, {b}", f"{a}, {b}, {c + 61}"],
    )


def _polynomial(rng: random.Random) -> Drawn:
    a, b, sign = rng.randint(1, 20), rng.randint(1, 20), rng.choice("xtn")
    gold = f"{sign}^2+{a + b}{sign}+{a * b}"
    others = [
        f"({sign}+{a})({sign}+{b})",
        f"{a * b} + {a + b}{sign} + {sign}^2",
        f"{sign}^{{2}} + {a + b} {sign} + {a * b}",
    ]
    return Drawn(gold, others, [f"{sign}^2+{a + b + 1}{sign}+{a * b}", f"({sign}+{a})({sign}-{b})", f"{sign}+{a}"])


def _text(rng: random.Random) -> Drawn:
    gold = rng.choice(WORDS)
    bare = gold.removeprefix("\\text{").removesuffix("}")
    return Drawn(
        gold,
        [f"\\text{{{bare}}}", bare, f"\\textbf{{{bare}}}"],
        ["west", "\\text{Friday}", "12", "\\text{none of them}"],
    )


# Kinds of answers with their shares in per cent, about as in the MATH test set.
KINDS: dict[str, tuple[int, Callable[[random.Random], Drawn]]] = {
    "integer": (40, _integer), "decimal": (5, _decimal), "fraction": (15, _fraction), "root": (8, _root), "pi": (6, _pi), "tuple": (7, _tuple),
    "interval": (5, _interval), "set": (3, _set), "polynomial": (7, _polynomial), "text": (4, _text),
}  # fmt: skip
