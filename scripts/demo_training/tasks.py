r"""Questions and answers of the demo, and the rule that keeps its rows out of training.

Every sum and every picture has a key; a hash of the key sends it either to training or to the demo. Training only ever
draws keys of the first kind and the demo only keys of the second, so the two cannot meet whatever the seeds are.

    Question(task="arithmetic", text="What is 12 + 7?", reply="12 + 7 = \boxed{19}", answer="19", kind="free-form")
"""

from __future__ import annotations

import operator
import random
import zlib
from dataclasses import dataclass

from demo_training.drawing import COLOUR_NAMES, Picture, random_bars, random_dots, random_sum_picture, sum_key

TIMES = "\N{MULTIPLICATION SIGN}"
OPERATORS = {"+": operator.add, "-": operator.sub, TIMES: operator.mul}
LETTERS = "ABCD"
Terms = tuple[int, str, int]

ARITHMETIC = ("What is {a} {op} {b}?", "Calculate {a} {op} {b}.", "Compute {a} {op} {b}.", "{a} {op} {b} = ?")
WORD_PROBLEMS = {
    "+": (
        "{name} has {a} {item} and buys {b} more. How many {item} does {name} have now?",
        "There are {a} {item} in one box and {b} {item} in another box. How many {item} are there in total?",
    ),
    "-": (
        "{name} has {a} {item} and gives away {b}. How many {item} are left?",
        "A shop has {a} {item} and sells {b} of them. How many {item} does the shop have left?",
    ),
    TIMES: (
        "{name} has {a} bags with {b} {item} in each bag. How many {item} does {name} have?",
        "There are {a} rows of {b} {item}. How many {item} are there in total?",
    ),
}
NAMES = ("Anna", "Ben", "Carla", "David", "Emma")
ITEMS = ("apples", "books", "pens", "marbles", "coins")
COUNTING = (
    "How many dots are in the picture?",
    "How many dots are there in the image?",
    "Count the dots in the picture.",
)
COUNTING_BY_COLOUR = (
    "How many {colour} dots are in the picture?",
    "How many {colour} dots are there in the image?",
    "Count the {colour} dots in the picture.",
)
# The options keep one order: a network of this size doesn't learn lists in changing order.
CHOICES = "\nChoices:\n" + "\n".join(f"({letter}) {name}" for letter, name in zip(LETTERS, COLOUR_NAMES, strict=True))
TALLEST = (
    "Which bar is the tallest?",
    "What is the colour of the tallest bar?",
    "Which colour is the tallest bar in the image?",
)
READING = (
    "What is the result of the sum in the picture?",
    "Solve the sum shown in the image.",
    "Calculate the result of the sum in the picture.",
)


@dataclass(frozen=True)
class Question:
    """Question: what the user asks, what the model should reply, the gold answer alone."""

    task: str
    text: str
    reply: str
    answer: str
    kind: str = "free-form"


def is_held_out(key: str) -> bool:
    """Tell whether this key belongs to the demo and must never be trained on."""
    return zlib.crc32(key.encode()) % 8 == 0


def is_held_out_sum(a: int, op: str, b: int) -> bool:
    """Tell whether this sum belongs to the demo and must never be trained on.

    Products are so few that they are mostly learnt by heart: only one order of a pair is ever held out.
    """
    if op == TIMES:
        return a < b and zlib.crc32(sum_key(a, op, b).encode()) % 5 == 0
    return is_held_out(sum_key(a, op, b))


def random_terms(rng: random.Random, held_out: bool, *, operators: str = "+-" + TIMES, largest: int = 99) -> Terms:
    """Return two numbers and an operator on the wanted side of the split; differences are never negative."""
    while True:
        op = rng.choice(operators)
        if op == TIMES:
            a, b = rng.randint(2, 12), rng.randint(2, 12)
        else:
            a, b = rng.randint(1, rng.choice((largest, 30))), rng.randint(1, rng.choice((largest, 30)))
        if op == "-" and a < b:
            a, b = b, a
        if is_held_out_sum(a, op, b) == held_out:
            return a, op, b


def _solve(task: str, text: str, terms: Terms) -> Question:
    a, op, b = terms
    result = str(OPERATORS[op](a, b))
    return Question(task, text, rf"{a} {op} {b} = \boxed{{{result}}}", result)


def ask_arithmetic(rng: random.Random, terms: Terms) -> Question:
    """Ask a bare sum in words."""
    a, op, b = terms
    return _solve("arithmetic", rng.choice(ARITHMETIC).format(a=a, op=op, b=b), terms)


def ask_word_problem(rng: random.Random, terms: Terms) -> Question:
    """Ask the same sum in a short story."""
    a, op, b = terms
    story = rng.choice(WORD_PROBLEMS[op])
    return _solve("word problem", story.format(a=a, b=b, name=rng.choice(NAMES), item=rng.choice(ITEMS)), terms)


def ask_count(rng: random.Random, counts: list[int]) -> Question:
    """Ask how many dots there are altogether."""
    total = sum(counts)
    return Question("counting", rng.choice(COUNTING), rf"The number of dots is \boxed{{{total}}}", str(total))


def ask_count_by_colour(rng: random.Random, counts: list[int]) -> Question:
    """Ask how many dots there are of one colour that is in the picture."""
    colour = rng.choice([i for i, n in enumerate(counts) if n])
    name = COLOUR_NAMES[colour]
    text = rng.choice(COUNTING_BY_COLOUR).format(colour=name)
    reply = rf"The number of {name} dots is \boxed{{{counts[colour]}}}"
    return Question("counting by colour", text, reply, str(counts[colour]))


def ask_tallest(rng: random.Random, winner: int) -> Question:
    """Ask for the tallest bar, as a choice of four."""
    reply = rf"The {COLOUR_NAMES[winner]} bar is the tallest: \boxed{{{LETTERS[winner]}}}"
    return Question("tallest bar", rng.choice(TALLEST) + CHOICES, reply, LETTERS[winner], "multi-choice")


def ask_reading(rng: random.Random, terms: Terms) -> Question:
    """Ask to read a printed sum and solve it."""
    return _solve("reading a sum", rng.choice(READING), terms)


def random_text_question(rng: random.Random, held_out: bool) -> Question:
    """Ask for arithmetic or a word problem."""
    ask = rng.choice((ask_arithmetic, ask_word_problem))
    return ask(rng, random_terms(rng, held_out))


def random_picture(rng: random.Random, held_out: bool) -> Picture:
    """Return a picture on the wanted side of the split: 55 % dots, 22 % bars, 23 % sums."""
    kind = rng.random()
    if kind >= 0.77:
        return random_sum_picture(rng, random_terms(rng, held_out, operators="+-", largest=50))
    while True:
        picture = random_dots(rng) if kind < 0.55 else random_bars(rng)
        if is_held_out(picture.key) == held_out:
            return picture
