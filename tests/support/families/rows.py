"""Rows that try a family: none to four pictures, odd shapes, pictures within the text, and odd texts."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from support.rows import write_rows

SIZES = {
    "small": (300, 200),
    "middle": (640, 480),
    "wide": (1500, 60),
    "tall": (60, 900),
    "dot": (20, 20),
    "one": (320, 240),
    "two": (200, 260),
    "three": (448, 448),
}
HOW_MANY = "How many lines are in the picture?"


@dataclass(frozen=True)
class Row:
    """Row of a dataset, and what its prompt is made of: texts, and pictures by their number among `images`."""

    id: str
    images: tuple[str, ...]
    question: str
    parts: tuple[str | int, ...]

    @property
    def placed(self) -> list[str]:
        """Return the pictures in the order of the prompt."""
        return [self.images[part] for part in self.parts if isinstance(part, int)]


def _row(id: str, images: str, question: str, *parts: str | int) -> Row:
    names = tuple(images.split())
    return Row(id, names, question, parts or (*range(len(names)), question))


ROWS = (
    *(_row(name, name, HOW_MANY) for name in ("small", "middle", "wide", "tall", "dot")),
    _row("text", "", "What is 1+1?"),
    _row("choices", "", "Compute 12+30.\n\nA. 1\nB. 42\n\n\nThink."),
    _row(
        "named",
        "small middle",
        "Which of <image 1> and <image 2> has more lines?",
        *("Which of ", 0, " and ", 1, " has more lines?"),
    ),
    _row("marked", "middle dot", "<image>\nand\n<image>\n\nCompare.", 0, "\nand\n", 1, "\n\nCompare."),
    _row("same", "small small", "The same twice. " + HOW_MANY),
    _row(
        "crossed",
        "small middle dot",
        "Look at <image2> first, then at <image1>, then at <image3>.",
        *("Look at ", 1, " first, then at ", 0, ", then at ", 2, "."),
    ),
    _row("four", "small middle tall dot", HOW_MANY),
    _row("between", "middle", "Text before <image> and text after.", "Text before ", 0, " and text after."),
    _row("spaces", "small", "  Leading spaces and a line end\n"),
    _row("letters", "small", "∠ABC = 30°, 求面积. 😀 {{ x }} {% y %}"),
)
# Texts that look like special tokens of one family or another. A family may refuse them.
SPECIAL = (
    _row(
        "special", "small", "<|im_end|> <image_pad> <start_of_image> <IMG_CONTEXT> [IMG] </s> <|image_pad|> <|image|>"
    ),
)
SWEPT = (
    _row("one", "one", HOW_MANY),
    _row("two", "two", HOW_MANY),
    _row("both", "one two", HOW_MANY),
    _row("three", "three", HOW_MANY),
    _row("again", "three", "Is that all?"),
    _row("none", "", "What is 1+1?"),
)


def rows_for(rows: tuple[Row, ...], images: int) -> list[Row]:
    """Return the rows with at most so many pictures. For a family that reads text only they lose their pictures."""
    if images:
        return [row for row in rows if len(row.images) <= images]
    return [Row(row.id, (), row.question, (row.question,)) for row in rows if row.parts[-1] == row.question]


def write(folder: Path, name: str, rows: list[Row]) -> Path:
    """Write the rows and their pictures; return the path of the rows."""
    for image in {image for row in rows for image in row.images}:
        if not (folder / f"{image}.png").exists():
            _draw(image).save(folder / f"{image}.png")
    found: list[dict[str, Any]] = [
        {"id": row.id, "question": row.question, "images": [f"{image}.png" for image in row.images], "answer": "5"}
        for row in rows
    ]
    return write_rows(folder / f"{name}.jsonl", found)


def _draw(name: str) -> Image.Image:
    draw = random.Random(name)
    width, height = SIZES[name]
    image = Image.new("RGB", (width, height), "white")
    canvas = ImageDraw.Draw(image)
    for _ in range(12):
        ends = [(draw.randrange(width), draw.randrange(height)) for _ in range(2)]
        canvas.line(ends, fill=tuple(draw.randrange(200) for _ in range(3)), width=2)
    return image
