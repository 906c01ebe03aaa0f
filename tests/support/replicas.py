"""Find and kill the processes of replicas, and start a Ray cluster of several nodes on this machine."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

# Name that Ray gives the process of a replica.
REPLICA = "ray::Replica"


def family_of(pid: int) -> set[psutil.Process]:
    """Return all processes below this one."""
    with suppress(psutil.NoSuchProcess):
        return set(psutil.Process(pid).children(recursive=True))
    return set()


def named(processes: set[psutil.Process], name: str) -> list[psutil.Process]:
    """Return those of the processes whose command line begins with this name."""
    found = []
    for process in processes:
        with suppress(psutil.Error):
            if " ".join(process.cmdline()).startswith(name):
                found.append(process)
    return found


def kill_one(pid: int, draws: random.Random, names: tuple[str, ...] = (REPLICA,)) -> psutil.Process | None:
    """Kill one of the processes below this one that bears one of the names. Return it, or None if there is none."""
    found = [process for name in names for process in named(family_of(pid), name)]
    if not found:
        return None
    victim = draws.choice(sorted(found, key=lambda process: process.pid))
    with suppress(psutil.NoSuchProcess):
        victim.kill()
        return victim
    return None


def wait_until(condition: Callable[[], object], seconds: float = 300) -> None:
    """Wait until the condition holds. The time only ends a test that would hang."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
