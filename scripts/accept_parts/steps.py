"""Try, one after the other, what a user relies on: speed, memory, an engine that dies, a sweep, two cards."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
from bench_parts.figures import Check, at_least, at_most, by_contender, paired
from bench_parts.process import Process, descendants, environment, watch
from bench_parts.workloads import Workload

from accept_parts.plan import Plan
from accept_parts.runs import arguments_for, last_measured, memory, ours, theirs

Say = Callable[[str], None]
# Throughput beside LLM.chat that the benchmark's own bars ask for.
RATIO = 1.0
ENGINE = "EngineCore"
# Processes of an engine are gone this long after the end of the command.
GONE_S = 10.0
POLL_S = 0.05


def throughput(plan: Plan, rows: dict[str, Path], work: Path, say: Say) -> tuple[list[dict[str, Any]], list[Check]]:
    """Measure samples/s of MathBatch and `LLM.chat` in turns; return medians with their ratio, and the bars."""
    found = list(_in_turns(plan, rows, work, say))
    medians = by_contender(found, ("samples_per_s", "peak_mb", "engine_peak_mb", "cache_tokens"))
    checks = []
    for row in medians:
        if row["contender"] == "llm_chat":
            ratio = paired(found, row["workload"], "mathbatch", "llm_chat", "samples_per_s")
            row["mathbatch_times"] = ratio
            checks.append(at_least(f"{row['workload']}: mathbatch / LLM.chat", ratio.median, RATIO))
    return medians, checks


def _in_turns(plan: Plan, rows: dict[str, Path], work: Path, say: Say) -> Iterator[dict[str, Any]]:
    for repeat in range(plan.repeats):
        seconds, watched = theirs(plan, rows, work / "llm_chat")
        for workload in plan.workloads:
            rate = workload.samples / seconds[workload.name]
            one = {"workload": workload.name, "contender": "llm_chat", "repeat": repeat, "samples_per_s": rate}
            say(f"  {workload.name}: LLM.chat {rate:.1f} samples/s")
            yield one | memory(watched)
        for workload in plan.workloads:
            one = ours(plan, workload, rows[workload.name], work / "mathbatch")
            say(f"  {workload.name}: mathbatch {one['samples_per_s']:.1f} samples/s")
            yield {"workload": workload.name, "contender": "mathbatch", "repeat": repeat, **one}


def videos(plan: Plan, rows: dict[str, Path], work: Path, say: Say) -> tuple[list[dict[str, Any]], list[Check]]:
    """Measure what a budget for videos would cost: memory of the processes, and room in the card's cache.

    Without one, the figures are those of the last run with pictures.
    """
    workload = plan.workloads[-1]
    found = {"pictures alone": last_measured(work / "mathbatch")}
    extra = "++model.engine.limit_mm_per_prompt.video=1"
    found["and a video"] = ours(plan, workload, rows[workload.name], work / "videos", extra)
    keys = ("peak_mb", "engine_peak_mb", "cache_tokens", "wall_s")
    rows_ = [{"budget": name, **{key: one[key] for key in keys}} for name, one in found.items()]
    for row in rows_:
        say(f"  {row['budget']}: {row['cache_tokens']} tokens of cache")
    alone, both = (row["cache_tokens"] or 0 for row in rows_)
    return rows_, [at_least("cache with pictures alone / with a video", alone / max(1, both), 1.0)]


def kill(plan: Plan, rows: dict[str, Path], work: Path, say: Say) -> tuple[list[dict[str, Any]], list[Check]]:
    """End the engine's process by SIGKILL once answers are saved: the run must go on and lose none."""
    workload, folder = plan.workloads[0], work / "kill"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with (folder / "log.txt").open("wb") as log:
        process = plan.start(arguments_for(plan, workload, rows[workload.name], folder), log, environment())
        killed = _kill_engine_once_answering(process, folder)
        code = process.wait()
    deadline = time.monotonic() + GONE_S
    while killed.is_running() and time.monotonic() < deadline:
        time.sleep(POLL_S)
    results = next(folder.glob("*/*/*/results.json*"), None)
    answered = _answered(results) if results else 0
    say(f"  exit code {code}, {answered} of {workload.samples} answered")
    found = {"exit_code": code, "answered": answered, "samples": workload.samples}
    return [found], [at_least("answered after kill -9 of the engine", answered, workload.samples)]


def _kill_engine_once_answering(process: Process, folder: Path) -> psutil.Process:
    """Return the process of the engine that was killed. Raises RuntimeError if the run ended before it could be."""
    while process.poll() is None:
        if any(path.stat().st_size for path in folder.glob("*/*/*/responses/*.jsonl")):
            for pid in descendants(process.pid):
                if (found := _process_named(pid, ENGINE)) is not None:
                    os.kill(pid, signal.SIGKILL)
                    return found
        time.sleep(POLL_S)
    raise RuntimeError(f"the run was over before its engine was killed; see {folder}")


def _process_named(pid: int, name: str) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        return process if name in " ".join([process.name(), *process.cmdline()]) else None
    except psutil.Error:
        return None


def _answered(results: Path) -> int:
    with results.open(encoding="utf-8") as stream:
        return sum(json.loads(line)["model_answer"] is not None for line in stream)


def sweep(plan: Plan, rows: dict[str, Path], work: Path, say: Say) -> tuple[list[dict[str, Any]], list[Check]]:
    """Ask with two temperatures over one engine; every picture must be read and preprocessed once."""
    workload, folder = plan.workloads[-1], work / "sweep"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = [*arguments_for(plan, workload, rows[workload.name], folder), "-m", "sampling.temperature=0.6,1.0"]
    watch(command, folder / "log.txt", start=plan.start)
    report = json.loads(next(folder.glob("sweeps/*/sweep.json")).read_text("utf-8"))
    found = {key: report[key] for key in ("engine_loads", "images_read", "images_preprocessed")}
    say(f"  {found}")
    checks = [at_most("engine loads of a sweep", found["engine_loads"], 1)]
    for key in ("images_read", "images_preprocessed"):
        checks.append(at_most(f"sweep: {key.replace('_', ' ')} for each picture", found[key] / workload.samples, 1))
    return [found], checks


def two_cards(plan: Plan, rows: dict[str, Path], work: Path, say: Say) -> tuple[list[dict[str, Any]], list[Check]]:
    """Compare two cards as one tensor-parallel group with an engine on each, which take half of the rows each."""
    if len(plan.cards) < 2:
        say(f"  left out: {len(plan.cards)} of two cards are here")
        return [{"cards": len(plan.cards), "left_out": True}], []
    workload, path = plan.workloads[0], rows[plan.workloads[0].name]
    group = ours(plan, workload, path, work / "tp2", "model.tensor_parallel_size=2")
    halves = _halves(path, work / "halves")
    with ThreadPoolExecutor(2) as both:
        runs = [
            both.submit(_on_card, plan, workload, half, work / f"card{number}", number)
            for number, half in enumerate(halves)
        ]
        seconds = max(run.result()["seconds"] for run in runs)
    found = [
        {"way": "tensor parallel 2", "samples_per_s": group["samples_per_s"]},
        {"way": "an engine on each card", "samples_per_s": workload.samples / seconds},
    ]
    return found, []


def _on_card(plan: Plan, workload: Workload, half: Path, folder: Path, number: int) -> dict[str, Any]:
    with half.open("rb") as stream:
        samples = sum(1 for _ in stream)
    part = Workload(workload.name, samples, workload.max_tokens, workload.checkpoint)
    variables = {"CUDA_VISIBLE_DEVICES": str(number)}
    return ours(plan, part, half, folder, "model.tensor_parallel_size=1", variables=variables)


def _halves(rows: Path, folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    lines = rows.read_text("utf-8").splitlines(keepends=True)
    parts = [folder / "even.jsonl", folder / "odd.jsonl"]
    for number, part in enumerate(parts):
        part.write_text("".join(lines[number::2]), "utf-8")
    return parts
