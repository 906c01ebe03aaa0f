"""Plan what is run on this machine: a model whose weights its cards hold, and as many samples as its time allows."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench_parts.process import Start
from bench_parts.throughput import checkpoint
from bench_parts.workloads import Workload

from accept_parts.shapes import SHAPES, write_shape
from accept_parts.starting import start_for

# Share of a card's memory that vLLM takes by default, and what it needs beside weights: activations and a cache.
USABLE, BESIDE_WEIGHTS_GB = 0.9, 6.0
GB = 1e9
ANSWER_TOKENS = 256


@dataclass(frozen=True)
class Plan:
    """Work for one machine. `engine` holds vLLM's own arguments, the same for every contender; `start` starts each."""

    model: Path
    model_name: str
    cards: list[dict[str, Any]]
    engine: dict[str, Any]
    max_model_len: int
    max_images: int
    workloads: tuple[Workload, ...]
    repeats: int
    start: Start


def cards() -> list[dict[str, Any]]:
    """Return name and memory, in bytes, of the GPUs that PyTorch sees. Starts no GPU in this process."""
    query = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        listed = subprocess.run(query, capture_output=True, text=True, check=True, timeout=60).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        return []
    rows = [line.rsplit(",", 1) for line in listed.splitlines() if line.strip()]
    return [{"name": name.strip(), "bytes": int(mib) << 20} for name, mib in rows]


def plan_for(found: list[dict[str, Any]], work: Path, is_quick: bool, repeats: int | None) -> Plan:
    """Return the plan for these cards. Raises SystemExit if there is none that can hold the smallest model."""
    if is_quick:
        return _quick(found, work, repeats or 1)
    if not found:
        raise SystemExit("accept_gpu: no NVIDIA GPU is here; --quick tries the same on the CPU, with a tiny model")
    smallest = min(card["bytes"] for card in found)
    fitting = [shape for shape in SHAPES if shape.weights_gb + BESIDE_WEIGHTS_GB <= USABLE * smallest / GB]
    if not fitting:
        raise SystemExit(f"accept_gpu: no model fits a card of {smallest / GB:.0f} GB; at least 16 GB are needed")
    shape = fitting[-1]
    return Plan(
        model=write_shape(shape, work / shape.name),
        model_name=shape.name,
        cards=found,
        engine={"load_format": "dummy"},
        max_model_len=8192,
        max_images=1,
        workloads=(
            Workload("text", 1000, ANSWER_TOKENS, ""),
            Workload("pictures", 300, ANSWER_TOKENS, "", megapixels=(0.5, 1.5)),
        ),
        repeats=repeats or 2,
        start=start_for(found),
    )


def _quick(found: list[dict[str, Any]], work: Path, repeats: int) -> Plan:
    return Plan(
        model=checkpoint(work, "small"),
        model_name="idefics3-tiny",
        cards=found,
        engine={"load_format": "dummy", "enforce_eager": True},
        max_model_len=2048,
        max_images=1,
        workloads=(
            Workload("text", 60, 32, "small"),
            Workload("pictures", 30, 32, "small", megapixels=(0.1, 0.2)),
        ),
        repeats=repeats,
        start=start_for(found),
    )
