"""Measure whether memory grows with the rows: of a run, the same again, a resume, verify and compare.

The model answers at once. A resume misses one record in a thousand; verify proves the run whole; compare reads two
files of scores of so many samples, of which one in ten flips.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bench_parts import overhead
from bench_parts.figures import Check, at_most, figures_by_size
from bench_parts.process import watch
from bench_parts.prompts import rows, write_rows
from mathbatch.scoring.files import write_metrics

SIZES = (1_000_000, 10_000_000)
QUICK_SIZES = (300, 3_000)
KEYS = ("peak_mb", "rows_per_s", "wall_s")
# Highest memory of ten times as many rows, as a multiple.
GROWTH_FACTOR = 1.5
# Longest time of a run that finds everything done, as a share of that of answering it all.
DONE_SHARE = 0.2
# One sample in so many is right in one run only.
FLIPS_EVERY = 10


def measure(
    work: Path, repeats: int, is_quick: bool, sizes: Sequence[int] | None, say: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """Yield every kind of command at each size, in each repeat."""
    sizes = sizes or (QUICK_SIZES if is_quick else SIZES)
    for size in sizes:
        write_rows(overhead.input_of(work, size), rows(size, seed=2))
        for side in range(2):
            _write_scores(_scores(work, size, side), size, side)
    for repeat in range(repeats):
        for size in sizes:
            for found in _each_command(work, size, repeat):
                found |= {"samples": size, "repeat": repeat, "rows_per_s": size / found["wall_s"]}
                say(f"  {found['run']}, {size:,} rows: {found['wall_s']:.1f} s, {found['peak_mb']:,.0f} MB")
                yield found


def medians(measurements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return figures_by_size(measurements, KEYS)


def checks(found: list[dict[str, Any]]) -> list[Check]:
    by_run = {(row["run"], row["samples"]): row for row in found}
    small, large = min(row["samples"] for row in found), max(row["samples"] for row in found)
    results = []
    for run in dict.fromkeys(row["run"] for row in found):
        ratio = by_run[run, large]["peak_mb"].median / by_run[run, small]["peak_mb"].median
        results.append(at_most(f"{run}: peak memory, {large:,} / {small:,} rows", ratio, GROWTH_FACTOR))
    for size in sorted({small, large}):
        share = by_run["again", size]["wall_s"].median / by_run["fresh", size]["wall_s"].median
        results.append(at_most(f"{size:,} rows: time if all is done, of answering all", share, DONE_SHARE))
    return results


def _each_command(work: Path, size: int, repeat: int) -> Iterator[dict[str, Any]]:
    yield overhead.fresh(work, size)
    yield _watched("again", overhead.command(work, size), work)
    yield _watched("verify", ["-m", "mathbatch.verify", f"run_dir={overhead.run_dir(work, size)}"], work)
    yield overhead.resumed(work, size, seed=repeat)
    first, second = (_scores(work, size, side) for side in range(2))
    yield _watched("compare", ["-m", "mathbatch.compare", f"run_dir={first}", f"other={second}"], work)


def _watched(run: str, command: Sequence[str], work: Path) -> dict[str, Any]:
    watched = watch(command, work / "log.txt")
    return {"run": run, "wall_s": watched.wall_s, "peak_mb": watched.peak_mb}


def _scores(work: Path, size: int, side: int) -> Path:
    return work / f"scores-{size}-{side}"


def _write_scores(folder: Path, size: int, side: int) -> None:
    folder.mkdir(exist_ok=True)
    with (folder / "scores.jsonl").open("w", encoding="utf-8") as stream:
        for number in range(size):
            is_right = number % 3 == 0 if number % FLIPS_EVERY else bool(side)
            line = {"id": f"{number:07d}", "rollout": 0, "verdict": "correct" if is_right else "wrong"}
            line |= {"answer": str(number % 7), "gold": str(number % 5), "reason": "boxed: the same text"}
            stream.write(json.dumps(line) + "\n")
    write_metrics(folder, {"scorer": {}})
