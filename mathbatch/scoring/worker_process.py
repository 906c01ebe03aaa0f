"""Run inside a worker process: score one response after another, each within limits that the system enforces.

Nothing that runs here can be trusted: responses may be hostile, and scorers may be anybody's code. Three things keep
the scoring run safe:

- Only plain data goes back to the parent process, and its types are checked there.
- The limit of processor time is a signal that ends the process, even within C code that never returns to Python, and
  even if the parent process no longer exists. Waiting for a core is not counted: a busy machine makes no answer harder.
- The memory limit is the system's limit on the address space.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from mathbatch.parts.checks import writable
from mathbatch.parts.faults import Fault, PartFailure
from mathbatch.records import Score
from mathbatch.scoring.panel import Panel, panel_of
from mathbatch.scoring.review import ReviewReason
from mathbatch.visible import print_visibly

# Seconds of processor time that all scorers together may take for one response; most take milliseconds.
TIME_LIMIT_S = 5.0
# Address space that a worker may take beyond what it has at its start. A tower of powers asks for more than any machine
# has.
MEMORY_LIMIT_BYTES = 1 << 30
TIME_PROBLEM = f"too hard to compare: it takes over {TIME_LIMIT_S:g} s of processor time"
MEMORY_PROBLEM = f"too hard to compare: it takes over {MEMORY_LIMIT_BYTES >> 30} GiB"
# Modules that a worker needs and its parent does not: the rules for reading answers take long to load.
PRELOAD = (__name__, "mathbatch.scoring.doubts")
# Message by which a worker says that it has started.
READY = b""
# Characters of an error message that are kept.
MAX_PROBLEM = 300


class WorkerReply(msgspec.Struct):
    """Reply of a worker about one response: the votes and the reasons to review them, or why there are none.

    `too_hard` tells that `problem` is a limit or a crash, which a response can bring about, and no error of a scorer.
    """

    votes: dict[str, Score] = {}
    review: list[ReviewReason] = []
    problem: str = ""
    too_hard: bool = False
    limits: str = ""
    """Limits of the comparison with a gold answer, where that was asked about."""
    fault: Fault | None = None
    """Mistake of the scorer itself, if that is the problem."""


_encode = msgspec.msgpack.Encoder().encode
decode_reply = msgspec.msgpack.Decoder(WorkerReply).decode


def serve(connection: Connection, spec: tuple[Any, dict[str, Any]]) -> None:
    """Answer requests until the parent process closes the connection or ends.

    A request is pickled: a sample, a response, and the name of the one scorer that is asked (None: all of them). With
    None for the response it asks what is wrong with the sample's gold answer.
    """
    # A session of its own keeps Ctrl-C away, and lets the parent end this worker with everything a scorer has started.
    os.setsid()
    print_visibly()
    panel = panel_of(*spec)
    _limit_memory()
    try:
        connection.send_bytes(READY)
        while True:
            connection.send_bytes(_reply_to(panel, connection.recv_bytes()))
    except (EOFError, OSError):
        return


def _reply_to(panel: Panel, message: bytes) -> bytes:
    # Set for every request, because a scorer may have changed what the signal does.
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, TIME_LIMIT_S)
    try:
        sample, response, only = pickle.loads(message)
        if response is None:
            problem = panel.gold_problem(sample) or ""
            return _encode(WorkerReply(problem=problem, limits="" if problem else panel.gold_limits(sample) or ""))
        from mathbatch.scoring.doubts import review_reasons

        votes = panel.votes(sample, response, only)
        return _encode(WorkerReply(votes, review_reasons(sample, response, panel.counted(votes))))
    except PartFailure as error:
        problem = writable(f"the comparison fails: {error}"[:MAX_PROBLEM])
        return _encode(WorkerReply(problem=problem, fault=Fault(*map(writable, error.fault))))
    except MemoryError:
        return _encode(WorkerReply(problem=MEMORY_PROBLEM, too_hard=True))
    except BaseException as error:  # noqa: BLE001 - scorers may raise anything, also exits that are no Exceptions
        problem = f"the comparison fails: {type(error).__name__}: {error}"[:MAX_PROBLEM]
        return _encode(WorkerReply(problem=writable(problem)))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _limit_memory() -> None:
    with open("/proc/self/statm", encoding="ascii") as sizes:
        most = int(sizes.read().split()[0]) * resource.getpagesize() + MEMORY_LIMIT_BYTES
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (most if hard < 0 else min(most, hard), hard))
