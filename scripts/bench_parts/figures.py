"""Figures of repeated measurements, and the marks that they must reach."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

MB = 1_000_000


@dataclass(frozen=True)
class Figure:
    """Median of some repeats, with their range."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Check:
    """Figure and the bar that it must reach. `bar` reads like `>= 1.5`."""

    name: str
    value: float
    bar: str
    met: bool


@dataclass
class Report:
    """Report that `--json` writes: every single measurement, its medians by group, the checks."""

    benchmark: str
    quick: bool
    machine: dict[str, Any]
    measurements: list[dict[str, Any]] = field(default_factory=list)
    medians: list[dict[str, Any]] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def figure(values: Iterable[float]) -> Figure:
    """Return median, lowest and highest of the values. Raises statistics.StatisticsError if there are none."""
    listed = sorted(values)
    return Figure(statistics.median(listed), listed[0], listed[-1])


def figures(measurements: list[dict[str, Any]], keys: Iterable[str]) -> dict[str, Figure]:
    """Return the figure of each key, over the measurements that have it."""
    found = {key: [m[key] for m in measurements if m.get(key) is not None] for key in keys}
    return {key: figure(values) for key, values in found.items() if values}


def figures_by_size(measurements: list[dict[str, Any]], keys: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the figures of each run at each number of samples, over all repeats."""
    groups: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for one in measurements:
        groups.setdefault((one["run"], one["samples"]), []).append(one)
    return [{"run": run, "samples": size, **figures(group, keys)} for (run, size), group in groups.items()]


def by_contender(measurements: list[dict[str, Any]], keys: Iterable[str]) -> list[dict[str, Any]]:
    """Return the figures of each contender on each workload."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in measurements:
        groups.setdefault((one["workload"], one["contender"]), []).append(one)
    return [{"workload": w, "contender": c, **figures(group, keys)} for (w, c), group in groups.items()]


def paired(measurements: list[dict[str, Any]], workload: str, ours: str, theirs: str, key: str) -> Figure:
    """Return our value as a multiple of theirs, by repeat: what the whole machine does meanwhile cancels out."""
    values = {(one["contender"], one["repeat"]): one[key] for one in measurements if one["workload"] == workload}
    both = {repeat for _, repeat in values if {(ours, repeat), (theirs, repeat)} <= values.keys()}
    return figure(values[ours, repeat] / values[theirs, repeat] for repeat in both)


def at_least(name: str, value: float, bar: float) -> Check:
    return Check(name, round(value, 3), f">= {bar:g}", value >= bar)


def at_most(name: str, value: float, bar: float) -> Check:
    return Check(name, round(value, 3), f"<= {bar:g}", value <= bar)


def machine() -> dict[str, Any]:
    """Return what the figures depend on beside the code."""
    return {
        "cpus": len(os.sched_getaffinity(0)),
        "cpu_model": _cpu_model(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MB,
        "load_at_start": os.getloadavg()[0],
        "python": platform.python_version(),
        "platform": platform.platform(),
    }


def _cpu_model() -> str:
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
