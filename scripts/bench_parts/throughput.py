"""Measure MathBatch and the alternatives on a real vLLM engine with the same settings and the same token work.

Seconds count from the engine being ready to the last answer being saved; peak memory is that of the client process,
without the engine's.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench_parts.contender import MAX_MODEL_LEN
from bench_parts.figures import Check, Figure, at_least, at_most, by_contender, paired
from bench_parts.process import Watched, watch
from bench_parts.turns import turns
from bench_parts.workloads import WORKLOADS, Workload, quick, write_dataset

CONTENDERS = ("mathbatch", "llm_chat", "sync500")
KEYS = ("samples_per_s", "peak_mb", "engine_peak_mb", "wall_s")
RATIO_BARS = {
    ("large_pictures", "llm_chat"): 1.5,
    ("small_pictures", "llm_chat"): 1.0,
    ("text", "llm_chat"): 1.0,
    ("large_pictures", "sync500"): 2.0,
    ("small_pictures", "sync500"): 2.0,
    ("text", "sync500"): 1.05,
}
# Highest memory of the process as a share of that of LLM.chat.
MEMORY_BARS = {"large_pictures": 0.35}


def measure(
    work: Path, repeats: int, slow_repeats: int, is_quick: bool, only: str | None, say: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """Yield every measurement, the contenders taking turns."""
    chosen = [quick(w) if is_quick else w for w in WORKLOADS if only in (None, w.name)]
    for workload in chosen:
        say(f"{workload.name}: making {workload.samples} samples")
        rows = write_dataset(workload, work / workload.name)
        model = checkpoint(work, workload.checkpoint)
        for repeat, contender in turns(CONTENDERS, repeats, "sync500", slow_repeats):
            folder = work / workload.name / contender
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            run = _mathbatch if contender == "mathbatch" else _alternative
            found = run(contender, workload, model, rows, folder)
            found |= {"workload": workload.name, "contender": contender, "repeat": repeat}
            found |= {"samples": workload.samples, "samples_per_s": workload.samples / found["seconds"]}
            say(f"  {contender}: {found['samples_per_s']:.1f} samples/s, {found['peak_mb']:,.0f} MB")
            yield found


def medians(measurements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return medians; `mathbatch_times` is its samples/s as a multiple of the contender's, repeat by repeat.

    `mathbatch_memory_times` is the same for the highest memory.
    """
    rows = by_contender(measurements, KEYS)
    for row in rows:
        if row["contender"] != "mathbatch":
            pair = ("mathbatch", row["contender"])
            row["mathbatch_times"] = paired(measurements, row["workload"], *pair, "samples_per_s")
            row["mathbatch_memory_times"] = paired(measurements, row["workload"], *pair, "peak_mb")
    return rows


def checks(rows: list[dict[str, Any]]) -> list[Check]:
    by_name = {(row["workload"], row["contender"]): row for row in rows}
    found = []
    for (workload, other), bar in RATIO_BARS.items():
        if (workload, other) in by_name:
            ratio: Figure = by_name[workload, other]["mathbatch_times"]
            found.append(at_least(f"{workload}: mathbatch / {other}", ratio.median, bar))
    for workload, bar in MEMORY_BARS.items():
        if (workload, "llm_chat") in by_name:
            share: Figure = by_name[workload, "llm_chat"]["mathbatch_memory_times"]
            found.append(at_most(f"{workload}: peak memory, mathbatch / llm_chat", share.median, bar))
    return found


def checkpoint(work: Path, size: str) -> Path:
    folder = work / "checkpoints" / size
    if not (folder / "processor_config.json").exists():
        watch(["-m", "bench_parts.checkpoint", str(folder), size], work / "checkpoint.log")
    return folder


def _mathbatch(_: str, workload: Workload, model: Path, rows: Path, folder: Path) -> dict[str, Any]:
    """Run it as a user does."""
    arguments = [
        "model.name=bench", f"model.path={model}", f"model.max_model_len={MAX_MODEL_LEN}", "model.cpu_kv_cache_gib=1",
        "model.engine.enforce_eager=true", "dataset=generic", f"dataset.input={rows}",
        f"sampling.max_tokens={workload.max_tokens}", f"output_dir={folder}",
    ]  # fmt: skip
    if workload.megapixels is None:
        arguments.append("dataset.image_field=null")
    watched = watch(["-m", "mathbatch.run", *arguments], folder / "log.txt")
    manifest = json.loads(next(folder.glob("*/*/*/manifest.json")).read_text())
    run = manifest["this_run"]
    if run["answered"] != workload.samples:
        raise RuntimeError(f"mathbatch answered {run['answered']} of {workload.samples} samples; see {folder}")
    return {"seconds": run["seconds"], "output_tokens": run["output_tokens"]} | _memory(watched)


def _alternative(contender: str, workload: Workload, model: Path, rows: Path, folder: Path) -> dict[str, Any]:
    report = folder / "report.json"
    arguments = [
        "-m", "bench_parts.contender", contender, "--model", str(model), "--rows", str(rows),
        "--results", str(folder / "results.json"), "--report", str(report), "--max-tokens", str(workload.max_tokens),
    ]  # fmt: skip
    watched = watch(arguments, folder / "log.txt")
    found: dict[str, Any] = json.loads(report.read_text())
    return found | _memory(watched)


def _memory(watched: Watched) -> dict[str, Any]:
    return {"wall_s": watched.wall_s, "peak_mb": watched.peak_mb, "engine_peak_mb": watched.engine_peak_mb}
