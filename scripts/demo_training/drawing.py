"""Draw the demo's pictures: coloured dots, bar charts, printed sums.

A picture is a small frozen record that knows three things: its `key` (what decides between training and demo), how to
draw itself with PIL at 96-192 px, and what the auxiliary heads should see in it. Positions and sizes are fractions of
the picture, so one record means the same at every resolution.

    DotPicture(size=(128, 96), background=(250, 250, 250), dots=(Dot(0.3, 0.5, 0.08, colour=2),))
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (215, 40, 40),
    "green": (35, 155, 60),
    "blue": (45, 85, 220),
    "yellow": (240, 195, 30),
}
COLOUR_NAMES = list(COLOURS)
COLOUR_VALUES = list(COLOURS.values())

# 64 px pictures in patches of 8, then 2x2 pixel shuffle: the language model sees a 4x4 grid of cells.
CELLS = 4
MAX_DOTS = 9
# Square or 4:3 only: the processor squeezes every picture to a square, and wilder shapes become unreadable.
SIZES = [(96, 96), (112, 112), (128, 128), (160, 160), (192, 192), (128, 96), (160, 120), (192, 144)]
_FINE = (np.arange(32) + 0.5) / 32


@dataclass(frozen=True)
class Dot:
    """Dot. x, y are fractions of width and height, radius is a fraction of the shorter side."""

    x: float
    y: float
    radius: float
    colour: int


@dataclass(frozen=True)
class DotPicture:
    """One to nine dots that don't touch."""

    size: tuple[int, int]
    background: tuple[int, int, int]
    dots: tuple[Dot, ...]

    @property
    def key(self) -> str:
        ordered = sorted(self.dots, key=lambda d: (d.x, d.y))
        return "dots " + " ".join(f"{d.colour}@{d.x:.2f},{d.y:.2f}" for d in ordered)

    @property
    def counts(self) -> list[int]:
        """Return the number of dots of each colour, in the order of COLOUR_NAMES."""
        return [sum(d.colour == i for d in self.dots) for i in range(len(COLOURS))]

    def draw(self) -> Image.Image:
        image = Image.new("RGB", self.size, self.background)
        pen = ImageDraw.Draw(image)
        width, height = self.size
        for dot in self.dots:
            x, y, r = dot.x * width, dot.y * height, dot.radius * min(self.size)
            pen.ellipse((x - r, y - r, x + r, y + r), fill=COLOUR_VALUES[dot.colour])
        return image

    def cell_targets(self) -> np.ndarray:
        """Return how much of a dot, by colour, lies in each cell: (16, 4) floats that sum to the number of dots."""
        width, height = self.size
        grid = np.zeros((CELLS, CELLS, len(COLOURS)), np.float32)
        for dot in self.dots:
            r = dot.radius * min(self.size)
            dx, dy = (_FINE - dot.x) * width, (_FINE - dot.y) * height
            inside = (dy[:, None] ** 2 + dx[None, :] ** 2 < r * r).astype(np.float32)
            cells = inside.reshape(CELLS, 8, CELLS, 8).sum((1, 3))
            grid[:, :, dot.colour] += cells / max(cells.sum(), 1.0)
        return grid.reshape(CELLS * CELLS, -1)


@dataclass(frozen=True)
class BarPicture:
    """Three or four bars of different colours; `bars` is (colour, height in hundredths), left to right."""

    size: tuple[int, int]
    background: tuple[int, int, int]
    bars: tuple[tuple[int, int], ...]

    @property
    def key(self) -> str:
        return "bars " + " ".join(f"{colour}:{height}" for colour, height in self.bars)

    @property
    def winner(self) -> int:
        """Return the colour of the tallest bar."""
        return max(self.bars, key=lambda bar: bar[1])[0]

    def _boxes(self) -> list[tuple[float, float, float, int]]:
        slot = 0.9 / len(self.bars)
        return [
            (0.05 + slot * (i + 0.14), 0.05 + slot * (i + 0.86), 0.95 - 0.9 * height / 100, colour)
            for i, (colour, height) in enumerate(self.bars)
        ]

    def draw(self) -> Image.Image:
        image = Image.new("RGB", self.size, self.background)
        pen = ImageDraw.Draw(image)
        width, height = self.size
        for left, right, top, colour in self._boxes():
            pen.rectangle((left * width, top * height, right * width, 0.95 * height), fill=COLOUR_VALUES[colour])
        pen.line((0.03 * width, 0.955 * height, 0.97 * width, 0.955 * height), fill=(60, 60, 60), width=1)
        return image

    def cell_targets(self) -> np.ndarray:
        """Return the share of each cell that bars of each colour cover: (16, 4) floats."""
        grid = np.zeros((CELLS, CELLS, len(COLOURS)), np.float32)
        for left, right, top, colour in self._boxes():
            inside = _between(top, 0.95)[:, None] & _between(left, right)[None, :]
            grid[:, :, colour] += inside.reshape(CELLS, 8, CELLS, 8).mean((1, 3))
        return grid.reshape(CELLS * CELLS, -1)


@dataclass(frozen=True)
class SumPicture:
    """Printed sum such as 12+7; `shift` moves it off the centre, `fill` is its share of the picture's width."""

    size: tuple[int, int]
    background: tuple[int, int, int]
    ink: tuple[int, int, int]
    terms: tuple[int, str, int]
    shift: tuple[float, float]
    fill: float

    @property
    def key(self) -> str:
        return sum_key(*self.terms)

    def draw(self) -> Image.Image:
        image = Image.new("RGB", self.size, self.background)
        pen = ImageDraw.Draw(image)
        width, height = self.size
        text = "{}{}{}".format(*self.terms)
        size = 20
        left, top, right, bottom = _font(size).getbbox(text)
        size = max(8, min(int(size * self.fill * width / (right - left)), int(0.5 * height)))
        left, top, right, bottom = _font(size).getbbox(text)
        x = (width - (right - left)) / 2 * (1 + self.shift[0]) - left
        y = (height - (bottom - top)) / 2 * (1 + self.shift[1]) - top
        pen.text((x, y), text, font=_font(size), fill=self.ink)
        return image


Picture = DotPicture | BarPicture | SumPicture


def sum_key(a: int, op: str, b: int) -> str:
    """Return the key that a sum has in text and in pictures alike, so that one held-out rule serves both."""
    return f"sum {a}{op}{b}"


def _between(low: float, high: float) -> np.ndarray:
    return np.logical_and(low < _FINE, high > _FINE)


@lru_cache(maxsize=256)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _background(rng: random.Random) -> tuple[int, int, int]:
    base = rng.randint(232, 255)
    red, green, blue = (min(255, base + rng.randint(-6, 6)) for _ in range(3))
    return red, green, blue


def random_dots(rng: random.Random, count: int | None = None) -> DotPicture:
    """Return a picture with `count` dots (1 to 9 at random if None) in one to three colours."""
    size = rng.choice(SIZES)
    wanted = count or rng.randint(1, MAX_DOTS)
    palette = rng.sample(range(len(COLOURS)), rng.choice((1, 2, 2, 3, 3)))
    dots: list[Dot] = []
    short = min(size)
    while len(dots) < wanted:
        r = rng.uniform(0.055, 0.09)
        x = rng.uniform(r * short + 2, size[0] - r * short - 2) / size[0]
        y = rng.uniform(r * short + 2, size[1] - r * short - 2) / size[1]
        distances = [math.hypot((d.x - x) * size[0], (d.y - y) * size[1]) / short for d in dots]
        if all(distance > d.radius + r + 0.03 for d, distance in zip(dots, distances, strict=True)):
            dots.append(Dot(x, y, r, rng.choice(palette)))
    return DotPicture(size, _background(rng), tuple(dots))


def random_bars(rng: random.Random) -> BarPicture:
    """Return a bar chart whose tallest bar leads by at least a tenth of the height."""
    colours = rng.sample(range(len(COLOURS)), rng.choice((3, 4, 4)))
    best = rng.randint(45, 98)
    heights = [best] + [rng.randint(12, best - 10) for _ in colours[1:]]
    bars = list(zip(colours, heights, strict=True))
    rng.shuffle(bars)
    return BarPicture(rng.choice(SIZES), _background(rng), tuple(bars))


def random_sum_picture(rng: random.Random, terms: tuple[int, str, int]) -> SumPicture:
    """Return the given sum, printed in dark ink at a random size and place."""
    ink = (rng.randint(0, 70), rng.randint(0, 70), rng.randint(0, 70))
    shift = (rng.uniform(-0.7, 0.7), rng.uniform(-0.35, 0.35))
    return SumPicture(rng.choice(SIZES), _background(rng), ink, terms, shift, rng.uniform(0.74, 0.92))
