r"""Write the demo's dataset: questions and pictures of the held-out side, as JSON Lines and PNG files.

One line of samples.jsonl:

    {"sample_index": "1", "query_cot": "How many dots are in the picture?", "image": "images/1.png", "answer": "7",
     "question_type": "free-form", "metadata": {"task": "counting"}}
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from demo_training.drawing import (
    COLOUR_NAMES,
    MAX_DOTS,
    BarPicture,
    DotPicture,
    Picture,
    random_bars,
    random_dots,
    random_sum_picture,
)
from demo_training.pictures import PictureSet, hash_key
from demo_training.prompts import SUFFIXES
from demo_training.tasks import (
    TIMES,
    Question,
    Terms,
    ask_arithmetic,
    ask_count,
    ask_count_by_colour,
    ask_reading,
    ask_tallest,
    ask_word_problem,
    is_held_out,
    is_held_out_sum,
    random_terms,
)

# Half of the rows ask for the box and half don't: the model was trained on both.
INSTRUCTIONS = ("", SUFFIXES[1][0])
Row = tuple[Question, Picture | None]


def _held_out_dots(rng: random.Random, count: int) -> DotPicture:
    while True:
        picture = random_dots(rng, count)
        if is_held_out(picture.key):
            return picture


def _held_out_bars(rng: random.Random, winner: int) -> BarPicture:
    while True:
        picture = random_bars(rng)
        if is_held_out(picture.key) and picture.winner == winner:
            return picture


class _FreshTerms:
    """Return held-out sums, no sum twice in the dataset."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.used: set[Terms] = set()

    def next(self, operator: str, largest: int) -> Terms:
        while True:
            terms = random_terms(self.rng, True, operators=operator, largest=largest)
            if terms not in self.used:
                self.used.add(terms)
                assert is_held_out_sum(*terms)
                return terms


def _text_rows(rng: random.Random, terms: _FreshTerms) -> Iterator[Row]:
    for number in range(18):
        yield ask_arithmetic(rng, terms.next(("+-+-+" + TIMES)[number % 6], 99)), None
    for number in range(14):
        yield ask_word_problem(rng, terms.next(("+-+-" + TIMES)[number % 5], 99)), None


def _picture_rows(rng: random.Random, terms: _FreshTerms) -> Iterator[Row]:
    for number in range(18):
        dots = _held_out_dots(rng, 1 + number % MAX_DOTS)
        yield ask_count(rng, dots.counts), dots
    for number in range(12):
        dots = _held_out_dots(rng, 3 + number % (MAX_DOTS - 2))
        yield ask_count_by_colour(rng, dots.counts), dots
    for number in range(15):
        bars = _held_out_bars(rng, number % len(COLOUR_NAMES))
        yield ask_tallest(rng, bars.winner), bars
    for number in range(15):
        printed = terms.next("+-"[number % 2], 50)
        yield ask_reading(rng, printed), random_sum_picture(rng, printed)


def _assert_unseen(rows: list[Row], training: PictureSet) -> None:
    """Check what the split promises by its construction, against the pictures really trained on."""
    seen = set(training.key_hash.tolist())
    keys = [picture.key for _, picture in rows if picture]
    assert len(set(keys)) == len(keys), "a picture occurs twice"
    assert not any(hash_key(key) in seen for key in keys), "a demo picture was trained on"


def write_dataset(folder: Path, seed: int, training: PictureSet) -> int:
    """Write samples.jsonl and images/ in random order. Return the number of rows."""
    rng = random.Random(seed)
    terms = _FreshTerms(rng)
    rows = [*_text_rows(rng, terms), *_picture_rows(rng, terms)]
    _assert_unseen(rows, training)
    rng.shuffle(rows)
    shutil.rmtree(folder / "images", ignore_errors=True)
    (folder / "images").mkdir(parents=True)
    lines = []
    for index, (question, picture) in enumerate(rows, start=1):
        image = f"images/{index}.png" if picture else ""
        if picture:
            picture.draw().save(folder / image, optimize=True)
        row = {
            "sample_index": str(index),
            "query_cot": question.text + rng.choice(INSTRUCTIONS),
            "image": image,
            "answer": question.answer,
            "question_type": question.kind,
            "metadata": {"task": question.task},
        }
        lines.append(json.dumps(row, ensure_ascii=False) + "\n")
    (folder / "samples.jsonl").write_text("".join(lines), encoding="utf-8")
    return len(rows)
