"""Say why vLLM could not start or has ended: what it says itself, what exit codes tell, or which file has it."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterable

from mathbatch.models.limits import memory_limit
from mathbatch.models.start_errors import words_of

# vLLM says so where one of its processes has failed, whose error only that process has printed.
ELSEWHERE = "root cause above"


def why_not_started(error: Exception) -> str:
    """Return why vLLM could not start, with a fix.

    A limit of the shell on memory is named, because a GPU takes hundreds of GiB of address space.
    """
    limit = f" ({known})" if (known := memory_limit()) else ""
    if ELSEWHERE not in str(error):
        return f"{words_of(error)}{limit}\n  fix: correct model.engine or the checkpoint accordingly"
    codes = [int(code) for code in re.findall(r"': (-?\d+)", str(error))]
    fix = "remove the cause, then run again: what is saved is kept"
    return f"one of its processes {why_ended(codes)}{limit}\n  fix: {fix}"


def why_ended(codes: Iterable[int]) -> str:
    """Return what a process of vLLM came to, from the exit codes of those that have ended: minus a signal's number."""
    known = list(codes)
    if not known or max(known) >= 0:
        return f"failed: the cause stands near the end of {_log()}"
    name = signal.Signals(-known[0]).name
    memory = ", as the system does where memory runs out" if name == "SIGKILL" else ""
    return f"was killed by {name}{memory}"


def _log() -> str:
    """Return the file that the processes of a run print to, which is the standard error of all of them."""
    path = os.readlink("/proc/self/fd/2")
    return path if os.path.isfile(path) else "what it has printed"
