"""Refuse limits of the shell or the scheduler (`ulimit`) under which a command would hang or crash where it starts.

Below its need, numpy's OpenBLAS tries for ever to get memory as it is imported, and C libraries end the process.
"""

from __future__ import annotations

import os
import resource

from mathbatch.errors import MathBatchError

KIB, MIB = 1 << 10, 1 << 20
# Address space that a command takes with one core, beyond the stacks of its threads: 190 to 240 MiB were measured.
IMPORTS = 280 * MIB
# Threads of a command's own.
THREADS = 4
# OpenBLAS starts a thread for each core, at most 64 in numpy's builds, and each reserves a buffer.
MAX_BLAS_THREADS = 64
BLAS_BUFFER = 32 * MIB
# Stack of a thread where the limit is infinite, see pthread_create(3).
USUAL_STACK = 2 * MIB
# Address space that a process of vLLM takes beyond the imports, without a GPU and with the smallest model: 3.6 GiB were
# measured in all. On a GPU it is hundreds of GiB, most of it never used.
VLLM = 4096 * MIB
# Python crashes with 64 KiB; libraries rely on more, and 8 MiB are usual.
MIN_STACK = MIB
# Open files of the smallest run: 30 were measured.
MIN_FILES = 64


class LimitError(MathBatchError):
    """Limit on what this process may take that is too low for the command."""


def refuse_small_limits() -> None:
    """Raise LimitError where no command can work."""
    _allow_files()
    _refuse(resource.RLIMIT_NOFILE, "-n", MIN_FILES, 1, "open files", "a command needs")
    _refuse(resource.RLIMIT_STACK, "-s", MIN_STACK, KIB, "KiB of stack", "Python and its libraries need")
    refuse_small_memory(0, "the imports alone take")


def refuse_small_memory(need: int, what: str) -> None:
    """Raise LimitError where the limits on memory leave less than `need` bytes beyond the imports.

    `what` says in the message who takes that much.
    """
    need += _imports()
    _refuse(resource.RLIMIT_AS, "-v", need, MIB, "MiB of address space", what)
    _refuse(resource.RLIMIT_DATA, "-d", need, MIB, "MiB of data", what)


def memory_limit() -> str:
    """Return a sentence about the limit on the address space; nothing if there is none."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return "" if limit == resource.RLIM_INFINITY else f"ulimit -v allows {limit // MIB:,} MiB of address space"


def _allow_files() -> None:
    """Allow MIN_FILES open files if the limit of the system does, which is above that of the shell."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)  # Linux knows no infinite number of files
    if 0 <= soft < MIN_FILES <= hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (MIN_FILES, hard))


def _refuse(kind: int, option: str, need: int, unit: int, of: str, what: str) -> None:
    limit = resource.getrlimit(kind)[0]
    if limit != resource.RLIM_INFINITY and limit < need:
        raise LimitError(
            f"ulimit {option} allows {limit // unit:,} {of}, and {what} {need // unit:,}\n"
            "  fix: raise it where it is set, in the shell or in the scheduler's job"
        )


def _imports() -> int:
    """Return the bytes of address space that the imports of a command take on this machine."""
    stack = resource.getrlimit(resource.RLIMIT_STACK)[0]
    stack = USUAL_STACK if stack == resource.RLIM_INFINITY else stack
    threads = min(len(os.sched_getaffinity(0)), MAX_BLAS_THREADS)
    return IMPORTS + threads * (BLAS_BUFFER + stack) + THREADS * stack
