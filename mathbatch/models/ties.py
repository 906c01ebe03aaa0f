"""Let the engine's processes end with the process that has started them, even if the reaper is killed beside it.

Each process that is tied holds one end of a pipe whose other end only its parent has. The system closes that end when
the parent is gone, however it ended, and then sends SIGKILL to the process. Nothing in the process has to run for that:
it may be loading, computing, or be stopped.

The signal that prctl(2) offers for the death of a parent (PR_SET_PDEATHSIG) comes already when the thread ends that
has started the process. vLLM's processes are started by a thread that ends when they are loaded.
"""

from __future__ import annotations

import fcntl
import functools
import os
import select
import signal
from contextlib import suppress
from multiprocessing.context import SpawnProcess
from multiprocessing.reduction import DupFd, ForkingPickler
from typing import Any

from mathbatch.models.forks import keep_from_forks

# Environment variable that marks the processes of an engine.
OWNER = "MATHBATCH_OWNER"


def tie_spawned() -> None:
    """Tie all processes that `multiprocessing` spawns from now on to this one while OWNER is in the environment."""
    ForkingPickler.register(SpawnProcess, _reduced)


def _reduced(process: SpawnProcess) -> tuple[Any, ...]:
    """Return how a spawned Python makes its process object of the bytes that it gets, which it does first of all."""
    reduced: Any = process.__reduce_ex__(2)
    if OWNER not in os.environ:
        return tuple(reduced)
    rebuild, arguments, *state = reduced
    return (_tied, (DupFd(_life(os.getpid())), rebuild, arguments), *state)


@functools.cache
def _life(process: int) -> int:
    """Return the reading end of the pipe whose writing end is closed when this process ends, which has this number."""
    reading, writing = os.pipe()
    keep_from_forks(writing)
    return reading


def _tied(life: Any, rebuild: Any, arguments: Any) -> Any:
    """Tie this process to its parent, and let it tie its own children to itself. Return its process object."""
    _end_with(life.detach())
    tie_spawned()
    return rebuild(*arguments)


def _end_with(pipe: int) -> None:
    """Let the system kill this process when the writing end of a pipe is closed.

    A system that can't do this leaves it to the reaper.
    """
    # Who gets the signal belongs to the opened file, which all children would share. Opened again it is of its own.
    with suppress(OSError):
        own = os.open(f"/proc/self/fd/{pipe}", os.O_RDONLY | os.O_NONBLOCK)
        fcntl.fcntl(own, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(own, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(own, fcntl.F_SETFL, os.O_NONBLOCK | fcntl.FASYNC)
        pipe_ends = select.poll()
        pipe_ends.register(own)
        if any(event & select.POLLHUP for _, event in pipe_ends.poll(0)):  # closed before the signal was asked for
            os.kill(os.getpid(), signal.SIGKILL)
    os.close(pipe)
