"""Write the files of the three workloads of the throughput benchmark."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench_parts import prompts
from bench_parts.photos import write_photo


@dataclass(frozen=True)
class Workload:
    """Workload. `megapixels` is a range, None for text alone; `checkpoint` a size of checkpoint.py."""

    name: str
    samples: int
    max_tokens: int
    checkpoint: str
    megapixels: tuple[float, float] | None = None
    fixed_length: int | None = None


WORKLOADS = (
    Workload("large_pictures", 300, 24, "medium", megapixels=(2.0, 3.0), fixed_length=24),
    Workload("small_pictures", 600, 512, "small", megapixels=(0.3, 0.8)),
    Workload("text", 2000, 512, "small"),
)
QUICK_SAMPLES = {"large_pictures": 20, "small_pictures": 20, "text": 60}


def quick(workload: Workload) -> Workload:
    return replace(workload, samples=QUICK_SAMPLES[workload.name])


def write_dataset(workload: Workload, folder: Path) -> Path:
    """Write `rows.jsonl` and the pictures beside it; the rows alone if the folder has the pictures already."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    path = folder / "rows.jsonl"
    prompts.write_rows(path, _rows(workload, folder))
    return path


def _rows(workload: Workload, folder: Path) -> Iterator[dict[str, Any]]:
    rng = random.Random(7)
    for number, row in enumerate(prompts.rows(workload.samples, seed=1, fixed_length=workload.fixed_length)):
        if workload.megapixels is None:
            yield row
            continue
        name, megapixels = f"images/{number:05d}.jpg", rng.uniform(*workload.megapixels)
        if not (folder / name).exists():
            write_photo(folder / name, megapixels, seed=number)
        yield row | {"image": name}
