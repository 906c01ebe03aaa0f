"""Measure what several engines cost, and whether they are kept busy.

- one, two: a model that answers at once, in the run's own process and in two replicas. The difference is what it costs
  to hand requests to other processes: processor time of the run's own process for each unit, and units/s.
- simulated: many members with many slots that only wait, for as long as models that reason do. The share of their slots
  that was in use until the last request was handed out, and the memory with four times as many rows.
- replicas, processes: the demo model in two replicas on a core each, against two runs on a core each that have half of
  the rows.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench_parts.figures import Check, at_least, at_most, figures_by_size, paired
from bench_parts.process import Watched, watch
from bench_parts.prompts import rows, write_rows

SCRIPTED = "model._target_=mathbatch.models.scripted.ScriptedModel"
ROWS, QUICK_ROWS = 100_000, 2_000
# Members, slots, mean seconds of an answer, rows. Half of the 20 s of real ones: a run then has a dozen answers a slot.
FLEET, QUICK_FLEET = (64, 256, 10.0, 200_000), (4, 16, 0.2, 2_000)
PAIR_ROWS, QUICK_PAIR_ROWS = 6_000, 40
KEYS = ("samples_per_s", "cpu_us", "peak_mb", "busy", "tail_s", "longest_answer_s")
RATE_BAR, CPU_BAR, BUSY_BAR, MEMORY_BAR, PAIR_BAR = 0.5, 2.0, 0.95, 1.25, 0.95


def measure(
    work: Path, repeats: int, is_quick: bool, only: str | None, say: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """Yield all measurements, contenders in turn."""
    kinds = {
        "driver": [_one, _two],
        "simulated": [_simulated_few, _simulated],
        "pair": [_replicas, _processes],
    }
    for repeat in range(repeats):
        for name, contenders in kinds.items():
            for contender in contenders if only in (None, name) else []:
                folder = work / "out"
                shutil.rmtree(folder, ignore_errors=True)
                found = contender(work, folder, is_quick)
                found |= {"run": contender.__name__.lstrip("_"), "repeat": repeat}
                told = ", ".join(f"{key} {found[key]:,.3g}" for key in KEYS if key in found)
                say(f"  {found['run']}, {found['samples']:,} rows: {told}")
                yield found


def medians(measurements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return medians; `times` is each contender's figure as a multiple of its counterpart's, by repeat."""
    named = [one | {"workload": "", "contender": one["run"]} for one in measurements]
    found = figures_by_size(measurements, KEYS)
    for row in found:
        if row["run"] == "two":
            row["rate_times"] = paired(named, "", "two", "one", "samples_per_s")
            row["cpu_times"] = paired(named, "", "two", "one", "cpu_us")
        elif row["run"] == "replicas":
            row["rate_times"] = paired(named, "", "replicas", "processes", "samples_per_s")
        elif row["run"] == "simulated":
            row["memory_times"] = paired(named, "", "simulated", "simulated_few", "peak_mb")
    return found


def checks(found: list[dict[str, Any]]) -> list[Check]:
    """Judge each figure by that of its counterpart in the same run."""
    by_run = {row["run"]: row for row in found}
    results = []
    if "two" in by_run:
        results.append(at_least("two replicas / one model: units/s", by_run["two"]["rate_times"].median, RATE_BAR))
        results.append(
            at_most("two replicas / one model: processor time a unit", by_run["two"]["cpu_times"].median, CPU_BAR)
        )
    if "simulated" in by_run:
        row = by_run["simulated"]
        results.append(at_least("simulated fleet: slots in use until the tail", row["busy"].median, BUSY_BAR))
        results.append(at_most("simulated fleet: memory, 4 x as many rows", row["memory_times"].median, MEMORY_BAR))
    if "replicas" in by_run:
        ratio = by_run["replicas"]["rate_times"].median
        results.append(at_least("two replicas / two processes: units/s", ratio, PAIR_BAR))
    return results


def _one(work: Path, folder: Path, is_quick: bool) -> dict[str, Any]:
    return _driver(work, folder, is_quick, 1)


def _two(work: Path, folder: Path, is_quick: bool) -> dict[str, Any]:
    return _driver(work, folder, is_quick, 2)


def _driver(work: Path, folder: Path, is_quick: bool, replicas: int) -> dict[str, Any]:
    size = QUICK_ROWS if is_quick else ROWS
    command = [*_over(_input(work, size), folder), SCRIPTED, f"model.replicas={replicas}"]
    # What it takes to start, without a row to answer but one, is no cost of a unit.
    start = watch([*command, "dataset.limit=1"], work / "log.txt")
    shutil.rmtree(folder)
    watched = watch(command, work / "log.txt")
    return _found(folder, size, watched) | {"cpu_us": 1e6 * (watched.cpu_s - start.cpu_s) / size}


def _simulated(work: Path, folder: Path, is_quick: bool, share: int = 1) -> dict[str, Any]:
    members, slots, mean_s, size = QUICK_FLEET if is_quick else FLEET
    size //= share
    report = work / "fleet.json"
    options = f"{{members: {members}, slots: {slots}, mean_s: {mean_s}, report: '{report}'}}"
    command = [*_over(_input(work, size), folder), "model._target_=bench_parts.simulated.SimulatedFleet"]
    watched = watch([*command, f"model.engine={options}"], work / "log.txt")
    return _found(folder, size, watched) | json.loads(report.read_text())


def _simulated_few(work: Path, folder: Path, is_quick: bool) -> dict[str, Any]:
    return _simulated(work, folder, is_quick, share=4)


def _replicas(work: Path, folder: Path, is_quick: bool) -> dict[str, Any]:
    size = QUICK_PAIR_ROWS if is_quick else PAIR_ROWS
    command = ["-m", "bench_parts.pinned", *_demo(_demo_rows(work, size), folder), "model.replicas=2"]
    return _found(folder, size, watch(command, work / "log.txt"))


def _processes(work: Path, folder: Path, is_quick: bool) -> dict[str, Any]:
    size = QUICK_PAIR_ROWS if is_quick else PAIR_ROWS
    half = size // 2

    def process(core: int) -> dict[str, Any]:
        rows = _demo_rows(work, half, first=core * half)
        command = ["-m", "bench_parts.pinned", f"--core={core}", *_demo(rows, folder / str(core))]
        return _found(folder / str(core), half, watch(command, work / f"log{core}.txt"))

    with ThreadPoolExecutor(2) as both:
        found = list(both.map(process, range(2)))
    return {"samples": 2 * half, "samples_per_s": sum(one["samples_per_s"] for one in found)}


def _over(input: Path, folder: Path) -> list[str]:
    return [
        "-m", "mathbatch.run", "model=demo", "dataset=generic", f"dataset.input={input}", "dataset.image_field=null",
        f"output_dir={folder}",
    ]  # fmt: skip


def _demo(input: Path, folder: Path) -> list[str]:
    rows = ["dataset=demo", f"dataset.input={input}", f"dataset.image_base_path={_demo_data()}", "dataset.scoring=null"]
    return ["model=demo", *rows, f"output_dir={folder}"]


def _demo_data() -> Path:
    import mathbatch

    return Path(mathbatch.__file__).parent / "demo" / "data"


def _input(work: Path, size: int) -> Path:
    path = work / f"rows-{size}.jsonl"
    if not path.exists():
        write_rows(path, rows(size, seed=2))
    return path


def _demo_rows(work: Path, size: int, first: int = 0) -> Path:
    """Return the demo's rows again and again, with ids of their own, so many as `size`."""
    path = work / f"demo-{first}-{size}.jsonl"
    known = [json.loads(line) for line in (_demo_data() / "samples.jsonl").read_text("utf-8").splitlines()]
    with path.open("w", encoding="utf-8") as stream:
        for at in range(first, first + size):
            row = known[at % len(known)] | {"sample_index": f"{at}"}
            stream.write(json.dumps(row) + "\n")
    return path


def _found(folder: Path, size: int, watched: Watched) -> dict[str, Any]:
    (path,) = folder.glob("*/*/*/manifest.json")
    manifest = json.loads(path.read_text())
    if manifest["answered"] != size:
        raise RuntimeError(f"{manifest['answered']} of {size} rows have an answer; see {path.parent}")
    rate = size / manifest["this_run"]["seconds"]
    return {"samples": size, "samples_per_s": rate, "peak_mb": watched.peak_mb}
