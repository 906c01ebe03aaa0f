"""Measure how long a look takes: `show` of one sample and `runs` over 200 runs with a million answers together.

One run is made by the package; the others are copies of its folder, each with a seed of its own, as of a sweep. Each
command is held against its own `--help`, which starts Python, imports the same, and reads nothing.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bench_parts.figures import Check, at_most, figures
from bench_parts.process import watch
from bench_parts.prompts import rows, write_rows

RUNS, ROWS = 200, 5_000
QUICK_RUNS, QUICK_ROWS = 5, 100
KEYS = ("wall_s", "peak_mb")
# Seconds beyond the start of `--help`.
BARS = {"show": 1.0, "runs": 2.0}
SEED = b"  seed: null\n"


def measure(work: Path, repeats: int, is_quick: bool, say: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    """Yield each command and its `--help` in each repeat."""
    runs, size = (QUICK_RUNS, QUICK_ROWS) if is_quick else (RUNS, ROWS)
    say(f"making {runs} runs of {size:,} answers")
    made = _make(work, runs, size)
    for repeat in range(repeats):
        rng = random.Random(repeat)
        one = f"run_dir={rng.choice(made)}"
        commands = {"show": [one, f"id={rng.randrange(size):07d}"], "runs": [str(work / "outputs")]}
        for command, arguments in commands.items():
            for run, given in ((f"{command} --help", ["--help"]), (command, arguments)):
                watched = watch(["-m", f"mathbatch.{command}", *given], work / "log.txt")
                say(f"  {run}: {watched.wall_s:.2f} s, {watched.peak_mb:,.0f} MB")
                yield {"run": run, "repeat": repeat, "wall_s": watched.wall_s, "peak_mb": watched.peak_mb}


def medians(measurements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the figures of each command."""
    runs = dict.fromkeys(one["run"] for one in measurements)
    return [{"run": run, **figures([one for one in measurements if one["run"] == run], KEYS)} for run in runs]


def checks(found: list[dict[str, Any]]) -> list[Check]:
    """Hold each command against its own start."""
    seconds = {row["run"]: row["wall_s"].median for row in found}
    return [
        at_most(f"{command}: seconds beyond --help", seconds[command] - seconds[f"{command} --help"], bar)
        for command, bar in BARS.items()
    ]


def _make(work: Path, runs: int, size: int) -> Sequence[Path]:
    """Make the runs; return their folders."""
    write_rows(work / "rows.jsonl", (row | {"gold": "4"} for row in rows(size, seed=2)))
    watch(
        [
            "-m", "mathbatch.run", "model._target_=mathbatch.models.scripted.ScriptedModel", "dataset=generic",
            "model.engine.say='Answer: 4'", f"dataset.input={work / 'rows.jsonl'}", "dataset.image_field=null",
            "dataset.answer_field=gold", "dataset.scoring=exact", "report=false", f"output_dir={work / 'outputs'}",
        ],
        work / "log.txt",
    )  # fmt: skip
    first = next((work / "outputs").glob("*/*/*/.lock")).parent
    made = [first]
    for number in range(1, runs):
        made.append(first.with_name(f"{first.name.rpartition('-')[0]}-{number:08x}"))
        shutil.copytree(first, made[-1])
        for path in (made[-1] / "config.yaml", *made[-1].glob(".hydra/*/config.yaml")):
            path.write_bytes(path.read_bytes().replace(SEED, b"  seed: %d\n" % number))
    return made
