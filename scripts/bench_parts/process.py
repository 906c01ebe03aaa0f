"""Measure one process: its wall time, its peak memory and that of its engine, moments on the way."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

import psutil

from bench_parts.figures import MB

SCRIPTS = Path(__file__).resolve().parent.parent
TICK_S = 0.02
# Ticks between looks at the children: finding them reads all of /proc.
CHILDREN_EVERY = 10
TAIL = 30
STOP_S = 20.0


class Process(Protocol):
    """What is asked of a process that was started; `subprocess.Popen` has it."""

    pid: int

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


# Starts `python <arguments>` with a file for what it prints, and its environment.
Start = Callable[[Sequence[str], BinaryIO, Mapping[str, str]], Process]


def fresh(arguments: Sequence[str], output: BinaryIO, variables: Mapping[str, str]) -> Process:
    """Start a Python of its own."""
    return subprocess.Popen(
        [sys.executable, *arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=dict(variables)
    )


@dataclass
class Watched:
    """Measurement of a process. `peak_mb` is that of the process alone, `engine_peak_mb` of its largest descendant.

    That is None where it had none. `cpu_s` is the processor time of the process alone, without its children. `moments`
    holds the seconds after the start at which each event was first seen.
    """

    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_mb: float = 0.0
    engine_peak_mb: float | None = None
    moments: dict[str, float] = field(default_factory=dict)


def watch(
    arguments: Sequence[str],
    log: Path,
    events: Mapping[str, Callable[[], bool]] | None = None,
    variables: Mapping[str, str] | None = None,
    start: Start = fresh,
) -> Watched:
    """Run `python <arguments>` to its end. Raises RuntimeError with the end of its output if it fails.

    `variables` are further environment variables for it.
    """
    watched, ended = Watched(), threading.Event()
    with log.open("wb") as output:
        started = time.monotonic()
        process = start(arguments, output, environment() | dict(variables or {}))
        watcher = threading.Thread(target=_follow, args=(process.pid, watched, events or {}, started, ended))
        watcher.start()
        try:
            code = process.wait()
            watched.wall_s = time.monotonic() - started
        except BaseException:
            _stop(process)
            raise
        finally:
            ended.set()
            watcher.join()
    if code != 0:
        tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:])
        raise RuntimeError(f"exit code {code} of python {' '.join(arguments)}\n{tail}")
    return watched


def _stop(process: Process) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def environment() -> dict[str, str]:
    """Return the environment: package and scripts can be found, every contender has the same key-value cache."""
    paths = [str(SCRIPTS.parent), str(SCRIPTS), os.environ.get("PYTHONPATH", "")]
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
    }


def _follow(
    pid: int,
    watched: Watched,
    events: Mapping[str, Callable[[], bool]],
    started: float,
    ended: threading.Event,
) -> None:
    tick = 0
    while not ended.wait(TICK_S):
        watched.peak_mb = max(watched.peak_mb, peak_mb(pid))
        watched.cpu_s = max(watched.cpu_s, cpu_s(pid))
        for name, seen in events.items():
            if name not in watched.moments and seen():
                watched.moments[name] = time.monotonic() - started
        if tick % CHILDREN_EVERY == 0:
            watched.engine_peak_mb = max([watched.engine_peak_mb or 0.0, *map(peak_mb, descendants(pid))]) or None
        tick += 1
    for name, seen in events.items():  # what happened within the last tick
        if name not in watched.moments and seen():
            watched.moments[name] = time.monotonic() - started


def peak_mb(pid: int) -> float:
    """Return the kernel's own high-water mark of resident memory; 0 for a process that is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as lines:
            kib = next((line.split()[1] for line in lines if line.startswith("VmHWM:")), "0")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return int(kib) * 1024 / MB


def cpu_s(pid: int) -> float:
    """Return the processor time of a process; 0 for one that is gone."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def descendants(pid: int) -> list[int]:
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []
