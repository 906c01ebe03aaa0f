"""Measure how quickly answers are scored, what that costs, and whether memory grows with their number.

The scorer is `math`; answers and golds are made up by answers.py. Workers are as many as there are cores. Seconds count
from the first row to the last file. Memory is the most that was resident, of the command itself and of all its workers
together; growth is the most in the last tenth of the answers less the most in the first.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench_parts import answers
from bench_parts.figures import Check, at_least, at_most, figures
from bench_parts.process import watch

SIZES = (5_000, 50_000)
QUICK_SIZES = (200, 400)
KEYS = (
    "answers_per_s",
    "cpu_ms_each",
    "busy_share",
    "parent_mb",
    "parent_growth_mb",
    "workers_mb",
    "workers_growth_mb",
)
# Share of the time of all cores in which answers are scored, rather than waited for.
BUSY_BAR = 0.7
# Processor time of an answer among ten times as many, as a multiple.
COST_FACTOR = 1.2
# Highest memory of ten times as many answers, as a multiple.
GROWTH_FACTOR = 1.1


def measure(work: Path, repeats: int, is_quick: bool, say: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    for size in QUICK_SIZES if is_quick else SIZES:
        folder = work / f"scoring-{size}"
        rows, responses = answers.write(folder, size, seed=3)
        for repeat in range(repeats):
            shutil.rmtree(folder / "out", ignore_errors=True)
            report = folder / "report.json"
            arguments = ["-m", "bench_parts.scored", str(rows), str(responses), str(folder / "out"), str(report)]
            watch(arguments, folder / "log.txt")
            found = _per_answer(json.loads(report.read_text())) | {"repeat": repeat}
            say(f"  {size:,} answers: {found['answers_per_s']:.0f}/s, {found['cpu_ms_each']:.2f} ms of CPU each")
            yield found


def medians(measurements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    groups: dict[int, list[dict[str, Any]]] = {}
    for one in measurements:
        groups.setdefault(one["answers"], []).append(one)
    return [{"answers": size, **figures(group, KEYS)} for size, group in groups.items()]


def checks(found: list[dict[str, Any]]) -> list[Check]:
    results = [
        at_least(f"{row['answers']:,} answers: busy share of the cores", row["busy_share"].median, BUSY_BAR)
        for row in found
    ]
    small, large = (min(found, key=lambda row: row["answers"]), max(found, key=lambda row: row["answers"]))
    cost = large["cpu_ms_each"].median / small["cpu_ms_each"].median
    title = f"processor time of an answer, {large['answers']:,} / {small['answers']:,} answers"
    results.append(at_most(title, cost, COST_FACTOR))
    for name in ("parent", "workers"):
        ratio = large[f"{name}_mb"].median / small[f"{name}_mb"].median
        title = f"memory of the {name}, {large['answers']:,} / {small['answers']:,} answers"
        results.append(at_most(title, ratio, GROWTH_FACTOR))
    return results


def _per_answer(found: dict[str, Any]) -> dict[str, Any]:
    cpu_s = found["parent_cpu_s"] + found["workers_cpu_s"]
    return found | {
        "answers_per_s": found["answers"] / found["seconds"],
        "cpu_ms_each": cpu_s * 1000 / found["answers"],
        "busy_share": cpu_s / found["seconds"] / len(os.sched_getaffinity(0)),
    }
