"""Run MathBatch and `LLM.chat` on the rows of a plan, as users do: each in a process of its own."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench_parts.process import Watched, watch
from bench_parts.workloads import Workload

from accept_parts.plan import Plan

MEASURED = "measured.json"
# vLLM tells in its log how many tokens its cache holds.
CACHE = re.compile(r"KV cache size: ([\d,]+) tokens")


def arguments_for(plan: Plan, workload: Workload, rows: Path, folder: Path) -> list[str]:
    """Return what follows `python` to answer the rows of a workload into `folder`."""
    found = [
        "-m", "mathbatch.run", f"model.name={plan.model_name}", f"model.path={plan.model}",
        f"model.max_model_len={plan.max_model_len}", "model.cpu_kv_cache_gib=1",
        f"model.max_images={plan.max_images}", "dataset=generic", f"dataset.input={rows}",
        f"sampling.max_tokens={workload.max_tokens}", "sampling.ignore_eos=true", f"output_dir={folder}",
    ]  # fmt: skip
    found += [f"model.engine.{name}={str(value).lower()}" for name, value in plan.engine.items()]
    return found if workload.megapixels is not None else [*found, "dataset.image_field=null"]


def ours(
    plan: Plan,
    workload: Workload,
    rows: Path,
    folder: Path,
    *extra: str,
    variables: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Answer the rows of a workload anew with MathBatch. Raises RuntimeError if one stays unanswered."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    arguments = [*arguments_for(plan, workload, rows, folder), *extra]
    watched = watch(arguments, folder / "log.txt", variables=variables, start=plan.start)
    manifest = json.loads(next(folder.glob("*/*/*/manifest.json")).read_text("utf-8"))
    samples, answered = workload.samples, manifest["this_run"]["answered"]
    if answered != samples:
        raise RuntimeError(f"mathbatch answered {answered} of {samples} samples; see {folder}")
    seconds = manifest["this_run"]["seconds"]
    found = {"seconds": seconds, "samples_per_s": samples / seconds, "cache_tokens": _cache_tokens(folder)}
    found |= memory(watched)
    (folder / MEASURED).write_text(json.dumps(found), "utf-8")
    return found


def last_measured(folder: Path) -> dict[str, Any]:
    """Return what `ours` has measured in this folder. Raises FileNotFoundError if it has not run there."""
    found: dict[str, Any] = json.loads((folder / MEASURED).read_text("utf-8"))
    return found


def theirs(plan: Plan, rows: Mapping[str, Path], folder: Path) -> tuple[dict[str, float], Watched]:
    """Answer the rows of all workloads anew with `LLM.chat`; return the seconds of each, and what it took."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    engine = {
        "model": str(plan.model),
        "max_model_len": plan.max_model_len,
        "limit_mm_per_prompt": {"image": plan.max_images, "video": 0},
        **plan.engine,
    }
    command = ["-m", "accept_parts.contender", "--engine", json.dumps(engine)]
    command += ["--max-tokens", str(plan.workloads[0].max_tokens), "--report", str(folder / "report.json")]
    command += [f"{name}={path}" for name, path in rows.items()]
    watched = watch(command, folder / "log.txt", start=plan.start)
    found: dict[str, float] = json.loads((folder / "report.json").read_text("utf-8"))
    return found, watched


def memory(watched: Watched) -> dict[str, Any]:
    """Return the highest memory of the process and of the largest that it started, in 10^6 bytes."""
    return {"wall_s": watched.wall_s, "peak_mb": watched.peak_mb, "engine_peak_mb": watched.engine_peak_mb}


def _cache_tokens(folder: Path) -> int | None:
    """Return how many tokens the engine's cache holds, None if its log does not tell."""
    log = next(folder.glob("*/*/*/run.log")).read_text("utf-8", errors="replace")
    found = CACHE.findall(log)
    return int(found[-1].replace(",", "")) if found else None
