"""Measure MathBatch itself: with a model that answers at once, and when nearly all is answered already.

End to end is the whole command, from its start over durable writes to results.jsonl; loop is the generation alone, as
the manifest tells it; bare is the least that any runner does with as many rows, see bare.py. A resume finds a store
without one record in a thousand, as an interrupted run leaves it.
"""

from __future__ import annotations

import itertools
import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench_parts.figures import Check, at_least, at_most, figures_by_size, paired
from bench_parts.process import watch
from bench_parts.prompts import rows, write_rows

SIZES = (10_000, 100_000, 1_000_000)
QUICK_SIZES = (300, 1_000, 3_000)
MISSING = 0.001
KEYS = ("samples_per_s", "loop_samples_per_s", "wall_s", "peak_mb", "first_answer_s", "generated_s")
# Samples/s as a share of those of a bare loop (bare.py) over the same rows, at the same time on the same machine.
RATE_BAR = 0.25
# Highest memory as a multiple of that for the fewest rows.
MEMORY_FACTOR = 1.5
# Seconds of a resume as a multiple of those of a bare loop that answers everything.
RESUME_BAR, ANSWERED_BAR = 1.5, 1.0


def measure(
    work: Path, repeats: int, is_quick: bool, with_overhead: bool, say: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """Yield fresh runs of each size, then resumes of the largest, in each repeat."""
    sizes = QUICK_SIZES if is_quick else SIZES
    for size in sizes:
        write_rows(input_of(work, size), rows(size, seed=2))
    if not with_overhead:
        say(f"answering {sizes[-1]:,} rows once")
        fresh(work, sizes[-1])
    for repeat in range(repeats):
        for size, kind in itertools.product(sizes, (bare, fresh)) if with_overhead else [(sizes[-1], bare)]:
            found = kind(work, size) | {"repeat": repeat}
            rate, peak = found["samples_per_s"], found["peak_mb"]
            say(f"  {found['run']}, {size:,} rows: {rate:,.0f} samples/s, {peak:,.0f} MB")
            yield found
        found = resumed(work, sizes[-1], seed=repeat) | {"repeat": repeat}
        say(f"  resumed, {sizes[-1]:,} rows: {found['wall_s']:.1f} s, {found['peak_mb']:,.0f} MB")
        yield found


def medians(measurements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return medians; `bare_times` is the time of the whole command as a multiple of the bare loop's, by repeat."""
    named = [one | {"workload": str(one["samples"]), "contender": one["run"]} for one in measurements]
    rows = figures_by_size(measurements, KEYS)
    for row in rows:
        size = str(row["samples"])
        if row["run"] != "bare":
            row["bare_times"] = paired(named, size, row["run"], "bare", "wall_s")
        if row["run"] == "resumed":
            answered = [one | {"wall_s": one.get("generated_s", one["wall_s"])} for one in named]
            row["bare_times_until_answered"] = paired(answered, size, "resumed", "bare", "wall_s")
    return rows


def checks(found: list[dict[str, Any]]) -> list[Check]:
    """Judge each figure by the bare loop's, and memory by that for the fewest rows."""
    new = sorted((row for row in found if row["run"] == "fresh"), key=lambda row: row["samples"])
    results = [
        at_least(f"{row['samples']:,} rows: samples/s / bare loop's", 1 / row["bare_times"].median, RATE_BAR)
        for row in new[1:]
    ]
    if len(new) > 1:
        ratio = new[-1]["peak_mb"].median / new[0]["peak_mb"].median
        name = f"peak memory, {new[-1]['samples']:,} / {new[0]['samples']:,} rows"
        results.append(at_most(name, ratio, MEMORY_FACTOR))
    for row in found:
        if row["run"] == "resumed":
            name = f"{row['samples']:,} rows, {1 - MISSING:.1%} done"
            results.append(at_most(f"{name}: time / bare loop's", row["bare_times"].median, RESUME_BAR))
            until = row["bare_times_until_answered"].median
            results.append(at_most(f"{name}: time until answered / bare loop's", until, ANSWERED_BAR))
    return results


def input_of(work: Path, size: int) -> Path:
    return work / f"rows-{size}.jsonl"


def _output(work: Path, size: int) -> Path:
    return work / f"out-{size}"


def command(work: Path, size: int) -> list[str]:
    return [
        "-m", "mathbatch.run", "model._target_=mathbatch.models.scripted.ScriptedModel", "dataset=generic",
        f"dataset.input={input_of(work, size)}", "dataset.image_field=null", f"output_dir={_output(work, size)}",
    ]  # fmt: skip


def bare(work: Path, size: int) -> dict[str, Any]:
    """Let the bare loop answer all rows."""
    folder = work / f"bare-{size}"
    shutil.rmtree(folder, ignore_errors=True)
    watched = watch(["-m", "bench_parts.bare", str(input_of(work, size)), str(folder)], work / "log.txt")
    found = {"run": "bare", "samples": size, "samples_per_s": size / watched.wall_s}
    return found | {"wall_s": watched.wall_s, "peak_mb": watched.peak_mb}


def fresh(work: Path, size: int) -> dict[str, Any]:
    shutil.rmtree(_output(work, size), ignore_errors=True)
    watched = watch(command(work, size), work / "log.txt")
    run = _manifest(run_dir(work, size), size)
    return {
        "run": "fresh",
        "samples": size,
        "wall_s": watched.wall_s,
        "samples_per_s": size / watched.wall_s,
        "loop_samples_per_s": size / run["seconds"],
        "peak_mb": watched.peak_mb,
    }


def resumed(work: Path, size: int, seed: int) -> dict[str, Any]:
    """Lose some records of the finished run, start the same command again."""
    folder = run_dir(work, size)
    missing = _lose_records(folder, size, seed)
    second = folder / "responses" / "00002.jsonl"
    ends = [folder / ".results.jsonl.draft", folder / "results.jsonl"]
    events = {
        "first_answer_s": lambda: second.exists() and second.stat().st_size > 0,
        "generated_s": lambda: any(path.exists() for path in ends),
    }
    watched = watch(command(work, size), work / "log.txt", events)
    if (answered := _manifest(folder, size)["answered"]) != missing:
        raise RuntimeError(f"the resumed run answered {answered} samples, {missing} were missing")
    found = {"run": "resumed", "samples": size, "wall_s": watched.wall_s, "peak_mb": watched.peak_mb}
    return found | watched.moments


def _lose_records(run_dir: Path, size: int, seed: int) -> int:
    """Leave the store as an interrupted run does: one segment, no results. Return how many records are gone."""
    folder, whole = run_dir / "responses", run_dir / "whole.jsonl"
    if not whole.exists():
        (folder / "00001.jsonl").rename(whole)
    for path in [*folder.iterdir(), run_dir / "results.jsonl", run_dir / "manifest.json"]:
        path.unlink(missing_ok=True)
    missing = set(random.Random(seed).sample(range(size), max(1, round(size * MISSING))))
    with whole.open("rb") as source, (folder / "00001.jsonl").open("wb") as kept:
        kept.writelines(line for number, line in enumerate(source) if number not in missing)
    return len(missing)


def run_dir(work: Path, size: int) -> Path:
    return next(_output(work, size).glob("*/*/*/.lock")).parent


def _manifest(run_dir: Path, size: int) -> dict[str, Any]:
    """Return the manifest of the run. Raises RuntimeError if not every row has an answer."""
    manifest = json.loads((run_dir / "manifest.json").read_text())
    if manifest["answered"] != size:
        raise RuntimeError(f"{manifest['answered']} of {size} rows have an answer; see {run_dir}")
    found: dict[str, Any] = manifest["this_run"]
    return found
