"""What a worker process does: one comparison after another, each within limits that the system itself enforces.

The code that runs here is not to be trusted: answers are hostile, scorers are anybody's. So nothing but plain data,
whose types are checked, goes back to the parent; the time limit is a signal that ends the process, also within C code
that never comes back to Python and when the parent is long gone; and the memory limit is the system's.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from mathbatch.records import Score
from mathbatch.scoring.panel import Panel, panel_of
from mathbatch.scoring.review import Suspicion, suspicions

LIMIT_S = 5.0
"""For one response, all its scorers together; most take milliseconds."""
MEMORY_BYTES = 1 << 30
"""Of address space for one worker, beyond what it has at its start: a power tower asks for more than there is."""
READY = b""
MAX_PROBLEM = 300
"""Characters of what an error says."""


class Looked(msgspec.Struct):
    """The votes on a response and what is odd about it; or why there are none."""

    votes: dict[str, Score] = {}
    odd: list[Suspicion] = []
    problem: str = ""


_encode = msgspec.msgpack.Encoder().encode
decode_looked = msgspec.msgpack.Decoder(Looked).decode


def serve(connection: Connection, spec: tuple[Any, dict[str, Any]]) -> None:
    """Answer pairs of sample and response, pickled, until the parent closes the connection or is gone. A pair without
    a response asks what is wrong with the gold answer.
    """
    os.setsid()  # Ctrl-C is for the parent, and what a scorer starts can be ended together with it
    panel = panel_of(*spec)
    _limit_memory()
    try:
        connection.send_bytes(READY)
        while True:
            connection.send_bytes(_looked(panel, connection.recv_bytes()))
    except (EOFError, OSError):
        return


def _looked(panel: Panel, message: bytes) -> bytes:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # each time: a scorer may have alarms of its own
    signal.setitimer(signal.ITIMER_REAL, LIMIT_S)
    try:
        sample, response = pickle.loads(message)
        if response is None:
            return _encode(Looked(problem=panel.gold_problem(sample) or ""))
        votes = panel.votes(sample, response)
        return _encode(Looked(votes, suspicions(sample, response, votes)))
    except MemoryError:
        return _encode(Looked(problem=f"the comparison takes over {MEMORY_BYTES >> 30} GiB"))
    except BaseException as error:  # noqa: BLE001 - of any scorer; and alarms and exits are no Exceptions
        told = f"the comparison fails: {type(error).__name__}: {error}"[:MAX_PROBLEM]
        return _encode(Looked(problem=told.encode(errors="replace").decode()))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _limit_memory() -> None:
    with open("/proc/self/statm", encoding="ascii") as sizes:
        most = int(sizes.read().split()[0]) * resource.getpagesize() + MEMORY_BYTES
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (most if hard < 0 else min(most, hard), hard))
