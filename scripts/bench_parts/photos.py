"""JPEGs that cost what photos cost: smooth light, shapes with edges, sensor noise; 4:3, quality 85."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

QUALITY = 85
SHAPES = 12
NOISE = 6.0


def write_photo(path: Path, megapixels: float, seed: int) -> None:
    """Write one photo-like picture of about so many pixels."""
    import numpy as np
    from PIL import Image, ImageDraw

    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    height = width * 3 // 4
    picture = Image.fromarray(_light(numbers, width, height))
    draw = ImageDraw.Draw(picture)
    for _ in range(SHAPES):
        x, y, w, h = rng.random() * width, rng.random() * height, rng.random() * width / 3, rng.random() * height / 3
        shape = rng.choice((draw.ellipse, draw.rectangle))
        shape((x, y, x + w, y + h), fill=tuple(rng.randrange(256) for _ in range(3)))
    # One grey grain for the three channels: a third of the work, and how a sensor's noise mostly looks.
    grain = numbers.normal(0, NOISE, (height, width, 1)).astype(np.float32)
    noisy = np.clip(np.asarray(picture, np.float32) + grain, 0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(path, quality=QUALITY)


def _light(numbers: Any, width: int, height: int) -> Any:
    """Return three channels of slow waves, uint8 (height, width, 3)."""
    import numpy as np

    y, x = np.linspace(0, 1, height, dtype=np.float32)[:, None], np.linspace(0, 1, width, dtype=np.float32)
    channels = []
    for a, b, phase in numbers.uniform(1, 6, (3, 3)):
        channels.append(127 + 60 * np.sin(a * x + phase) + 60 * np.cos(b * y * x + phase))
    return np.stack(channels, -1).astype(np.uint8)
