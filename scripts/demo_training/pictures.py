"""Draw the training pictures in worker processes, preprocess them as the saved processor does, keep them as uint8.

100,000 pictures are 1.2 GB in memory and take about a minute to draw; `--cache DIR` keeps them for another run.
"""

from __future__ import annotations

import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from demo_training.drawing import BarPicture, DotPicture, Picture, SumPicture
from demo_training.tasks import (
    Question,
    ask_count,
    ask_count_by_colour,
    ask_reading,
    ask_tallest,
    random_picture,
)

DOTS, BARS, SUMS = 0, 1, 2
NO_DIGIT = 10
SIDE = 64
CHUNK = 2000


@dataclass
class PictureSet:
    """Pictures as columns; n is the number of pictures. Columns that don't apply to a picture are zero."""

    pixels: Tensor  # (n, 64, 64, 3) uint8
    kind: Tensor  # (n,) DOTS, BARS or SUMS
    cells: Tensor  # (n, 16, 4) float16, see cell_targets in drawing.py
    counts: Tensor  # (n, 4) dots of each colour
    winner: Tensor  # (n,) colour of the tallest bar
    digits: Tensor  # (n, 5) tens, ones, operator (0 plus, 1 minus), tens, ones
    terms: Tensor  # (n, 3) first number, operator, second number
    key_hash: Tensor  # (n,) 63-bit hash of the key, to prove that demo and training don't meet

    def __len__(self) -> int:
        return len(self.kind)

    def take(self, index: Tensor) -> PictureSet:
        """Return the pictures at these positions."""
        return PictureSet(*(getattr(self, f.name)[index] for f in fields(self)))

    def ask(self, rng: random.Random, index: int) -> Question:
        """Return a question about one picture."""
        kind = int(self.kind[index])
        if kind == DOTS:
            counts = self.counts[index].tolist()
            return ask_count_by_colour(rng, counts) if rng.random() < 0.45 else ask_count(rng, counts)
        if kind == BARS:
            return ask_tallest(rng, int(self.winner[index]))
        a, op, b = self.terms[index].tolist()
        return ask_reading(rng, (a, "+-"[op], b))


def shrink(image: Image.Image) -> np.ndarray:
    """Return what the saved processor makes of a picture before scaling to -1..1: longest side to 64, a square."""
    width, height = image.size
    long = max(width, height)
    size = [SIDE if side == long else side * SIDE // long for side in (width, height)]
    size = [side + side % 2 for side in size]
    bicubic = Image.Resampling.BICUBIC
    return np.asarray(image.resize((size[0], size[1]), bicubic).resize((SIDE, SIDE), bicubic))


def check_shrink(image_processor: Any, pictures: list[Picture]) -> None:
    """Assert that `shrink` gives exactly the processor's pixels."""
    for picture in pictures:
        made = image_processor(picture.draw(), return_tensors="np")["pixel_values"][0, 0]
        ours = shrink(picture.draw()).transpose(2, 0, 1) / 127.5 - 1.0
        assert made.shape == ours.shape, picture
        assert np.abs(made - ours).max() < 1e-5, picture


def hash_key(key: str) -> int:
    """Return a stable 63-bit hash (Python's own changes from process to process)."""
    value = 0xCBF29CE484222325
    for byte in key.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value >> 1


def _number(value: int) -> list[int]:
    return [value // 10 or NO_DIGIT, value % 10]


def _facts(picture: Picture) -> dict[str, Any]:
    row: dict[str, Any] = {"counts": [0] * 4, "winner": 0, "digits": [0] * 5, "terms": [0] * 3}
    if isinstance(picture, DotPicture):
        row |= {"kind": DOTS, "cells": picture.cell_targets(), "counts": picture.counts}
    elif isinstance(picture, BarPicture):
        row |= {"kind": BARS, "cells": picture.cell_targets(), "winner": picture.winner}
    else:
        assert isinstance(picture, SumPicture)
        a, op, b = picture.terms
        sign = "+-".index(op)
        row |= {"kind": SUMS, "cells": np.zeros((16, 4)), "terms": [a, sign, b]}
        row["digits"] = [*_number(a), sign, *_number(b)]
    return row | {"pixels": shrink(picture.draw()), "key_hash": hash_key(picture.key)}


def _draw_chunk(start: int, seed: int, count: int, held_out: bool) -> dict[str, np.ndarray]:
    rows = []
    for index in range(start, min(start + CHUNK, count)):
        rng = random.Random(seed * 1_000_003 + index)
        rows.append(_facts(random_picture(rng, held_out)))
    types = {"pixels": np.uint8, "cells": np.float16}
    return {f.name: np.asarray([r[f.name] for r in rows], types.get(f.name, np.int64)) for f in fields(PictureSet)}


def draw_pictures(seed: int, count: int, held_out: bool, workers: int = 2) -> PictureSet:
    """Draw `count` pictures of one side of the split; the same seed always gives the same pictures."""
    work = partial(_draw_chunk, seed=seed, count=count, held_out=held_out)
    starts = range(0, count, CHUNK)
    if count <= CHUNK:
        chunks = [work(0)]
    else:
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            chunks = list(pool.map(work, starts))
    columns = {f.name: np.concatenate([c[f.name] for c in chunks]) for f in fields(PictureSet)}
    return PictureSet(**{name: torch.from_numpy(column) for name, column in columns.items()})


def cached_pictures(seed: int, count: int, cache: Path | None) -> PictureSet:
    """Return the training pictures, read from the cache folder if they are there already."""
    if cache is None:
        return draw_pictures(seed, count, held_out=False)
    path = cache / f"pictures-{seed}-{count}.pt"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        pictures = draw_pictures(seed, count, held_out=False)
        torch.save({f.name: getattr(pictures, f.name) for f in fields(pictures)}, path)
    return PictureSet(**torch.load(path))
