"""Measure eight settings over one dataset: as a sweep, as one stream of the same units, and as eight runs in turn.

Seconds are those of whole commands, from their start to their last line. The sweep must cost little more than the one
stream, which loads one engine too and never changes its settings.
"""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench_parts import throughput
from bench_parts.contender import MAX_MODEL_LEN
from bench_parts.figures import Check, at_least, at_most, by_contender, paired
from bench_parts.process import watch
from bench_parts.turns import turns
from bench_parts.workloads import WORKLOADS, Workload, write_dataset

CELLS = 8
SAMPLES = 250
QUICK_SAMPLES = 10
# Temperatures close to each other and to the one stream's, so that all contenders do the same work, token for token.
TEMPERATURES = [f"{0.7 + at / 100:g}" for at in range(CELLS)]
PICTURES = ("images_read", "images_preprocessed")
KEYS = ("samples_per_cell", "wall_s", "samples_per_s", "output_tokens", "peak_mb", "engine_loads", *PICTURES)
NEAR_ONE_STREAM = 1.10
TIMES_SEPARATE = 3.0


def measure(
    work: Path, repeats: int, separate_repeats: int, is_quick: bool, only: str | None, say: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """Yield every measurement, the contenders taking turns."""
    samples = QUICK_SAMPLES if is_quick else SAMPLES
    for workload in (replace(w, samples=samples) for w in WORKLOADS if w.name != "large_pictures"):
        if only not in (None, workload.name):
            continue
        say(f"{workload.name}: {CELLS} settings x {samples} samples")
        rows = write_dataset(workload, work / f"sweep-{workload.name}")
        for repeat, contender in turns((_sweep, _one_stream, _separate), repeats, _separate, separate_repeats):
            folder = work / f"sweep-{workload.name}" / "out"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            found = contender(_base(workload, work, folder), rows, folder)
            found |= {"workload": workload.name, "contender": contender.__name__.lstrip("_"), "repeat": repeat}
            found |= {"samples": CELLS * samples, "samples_per_s": CELLS * samples / found["wall_s"]}
            say(f"  {found['contender']}: {found['wall_s']:.1f} s")
            yield found


def medians(measurements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return medians; `times_sweep` is the contender's seconds as a multiple of the sweep's, repeat by repeat."""
    rows = by_contender(measurements, KEYS)
    for row in rows:
        if row["contender"] != "sweep":
            row["times_sweep"] = paired(measurements, row["workload"], row["contender"], "sweep", "wall_s")
    return rows


def checks(rows: list[dict[str, Any]]) -> list[Check]:
    by_name = {(row["workload"], row["contender"]): row for row in rows}
    found = []
    for workload in dict.fromkeys(row["workload"] for row in rows):
        ours, stream = by_name[workload, "sweep"], by_name[workload, "one_stream"]
        ratio = 1 / stream["times_sweep"].median
        found.append(at_most(f"{workload}: sweep / one stream, wall time", ratio, NEAR_ONE_STREAM))
        found.append(at_most(f"{workload}: engine loads of the sweep", ours["engine_loads"].high, 1))
        if (workload, "separate") in by_name:
            ratio = by_name[workload, "separate"]["times_sweep"].median
            found.append(at_least(f"{workload}: separate runs / sweep, wall time", ratio, TIMES_SEPARATE))
        if workload != "text":
            for key in PICTURES:
                each = ours[key].high / ours["samples_per_cell"].median
                found.append(at_most(f"{workload}: {key.replace('_', ' ')} for each picture", each, 1))
    return found


def _base(workload: Workload, work: Path, folder: Path) -> list[str]:
    model = throughput.checkpoint(work, workload.checkpoint)
    arguments = [
        "-m", "mathbatch.run", "model.name=bench", f"model.path={model}", f"model.max_model_len={MAX_MODEL_LEN}",
        "model.cpu_kv_cache_gib=1", "model.engine.enforce_eager=true", "dataset=generic",
        f"sampling.max_tokens={workload.max_tokens}", f"output_dir={folder}",
    ]  # fmt: skip
    return arguments if workload.megapixels is not None else [*arguments, "dataset.image_field=null"]


def _sweep(base: list[str], rows: Path, folder: Path) -> dict[str, Any]:
    swept = f"sampling.temperature={','.join(TEMPERATURES)}"
    watched = watch([*base, "-m", f"dataset.input={rows}", swept], folder / "log.txt")
    report = json.loads(next(folder.glob("sweeps/*/sweep.json")).read_text())
    found = {key: report[key] for key in ("engine_loads", *PICTURES)}
    found["samples_per_cell"] = report["jobs"][0]["answered"]
    return found | {"wall_s": watched.wall_s, "peak_mb": watched.peak_mb, "output_tokens": _tokens(folder)}


def _one_stream(base: list[str], rows: Path, folder: Path) -> dict[str, Any]:
    """Write the same units as the rows of one dataset: each row as often as there are settings."""
    repeated = rows.with_name("repeated.jsonl")
    with rows.open() as source, repeated.open("w") as target:
        for line, cell in itertools.product(list(source), range(CELLS)):
            row = json.loads(line)
            target.write(json.dumps({**row, "sample_index": f"{row['sample_index']}-{cell}"}) + "\n")
    arguments = [f"dataset.input={repeated}", f"sampling.temperature={TEMPERATURES[0]}"]
    watched = watch([*base, *arguments], folder / "log.txt")
    return {"wall_s": watched.wall_s, "peak_mb": watched.peak_mb, "output_tokens": _tokens(folder)}


def _separate(base: list[str], rows: Path, folder: Path) -> dict[str, Any]:
    runs = [
        watch([*base, f"dataset.input={rows}", f"sampling.temperature={temperature}"], folder / "log.txt")
        for temperature in TEMPERATURES
    ]
    wall_s, peak_mb = sum(run.wall_s for run in runs), max(run.peak_mb for run in runs)
    return {"wall_s": wall_s, "peak_mb": peak_mb, "output_tokens": _tokens(folder), "engine_loads": len(runs)}


def _tokens(folder: Path) -> int:
    manifests = folder.glob("*/*/*/manifest.json")
    return sum(json.loads(path.read_text())["output_tokens"] for path in manifests)
