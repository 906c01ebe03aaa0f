"""Write rows without meaning and of realistic sizes: prompts of 150 to 250 characters, answers of many lengths.

The last word of a prompt sets how many tokens the answer has: see checkpoint.py. So every contender does the same work,
token for token.
"""

from __future__ import annotations

import itertools
import json
import math
import random
from collections.abc import Iterator
from pathlib import Path

MAX_LENGTH = 512
# Median and spread of the log-normal lengths: a mean of about 150 of at most 512, as reasoning models spread theirs.
MEDIAN_LENGTH = 115
SPREAD = 0.8
_SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]
# WORDS[n - 1] at the end of a prompt asks for n tokens; those above MAX_LENGTH only fill prompts.
WORDS = ["".join(pair) for pair in itertools.product(_SYLLABLES, repeat=2)][::8]


def prompt(rng: random.Random, length: int) -> str:
    """Return a prompt whose answer has `length` tokens."""
    size = rng.randint(150, 250)
    parts = [f"A train number {rng.randint(10, 99)} leaves"]
    written = len(parts[0])
    while written < size - 8:
        parts.append(rng.choice(WORDS) if rng.random() < 0.85 else str(rng.randint(1, 999)))
        written += len(parts[-1]) + 1
    return " ".join([*parts, WORDS[length - 1]])


def answer_length(rng: random.Random) -> int:
    return max(8, min(MAX_LENGTH, round(rng.lognormvariate(math.log(MEDIAN_LENGTH), SPREAD))))


def rows(count: int, seed: int, fixed_length: int | None = None) -> Iterator[dict[str, str]]:
    rng = random.Random(seed)
    for number in range(count):
        length = fixed_length or answer_length(rng)
        yield {"sample_index": f"{number:07d}", "query_cot": prompt(rng, length)}


def write_rows(path: Path, rows_: Iterator[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8") as stream:
        for row in rows_:
            stream.write(json.dumps(row) + "\n")
