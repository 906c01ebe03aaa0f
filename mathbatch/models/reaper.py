"""Ends the engine's processes when the process that started them is gone, however it went.

vLLM's engine process does not notice that its owner was killed: it would wait for ever, with the GPU's memory. So a run
starts this beside the engine, holding the other end of a pipe, which the system closes with the run:

    python -m mathbatch.models.reaper <process id> <mark> <folder>

It ends the children of the run then, and every process that has MATHBATCH_OWNER=<mark> in its environment, and removes
the folder, where they have their sockets.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

VARIABLE = "MATHBATCH_OWNER"
LOOK_EVERY_S = 1.0
GONE_WITHIN_S = 10.0
GONE_CHECK_S = 0.02
NICENESS = 10
NOT_THE_ENGINES = "multiprocessing.forkserver", "multiprocessing.resource_tracker"
"""In the command lines of our scorers, whose server forks them, and of what Python keeps for all: an engine that ends
leaves them be. Both end with this process by themselves, and engines are never forked from that server.
"""


class Reaper:
    """Processes that are started between `start` and `unmark` end with this process, or at `stop`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._others: set[int] = set()
        self.folder = ""

    def start(self) -> None:
        self._others = {child.pid for child in _below(os.getpid())}
        mark = os.urandom(16).hex()
        self.folder = tempfile.mkdtemp(prefix="mb-")
        # Its standard input is the pipe: only this process holds the writing end.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mathbatch.models.reaper", str(os.getpid()), mark, self.folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.environ[VARIABLE] = mark

    def make_nice(self) -> None:
        """Let the marked processes have only what this one leaves of the processor's time.

        Where the engine computes on the same cores that prepare its pictures, it would otherwise make many small steps
        and slow that down; so it makes fewer and larger ones. Where it has the cores to itself, nothing changes.
        """
        import psutil

        assert self._process is not None
        for process in _below(os.getpid()):
            if process.pid not in self._others and process.pid != self._process.pid:
                with suppress(psutil.Error, ProcessLookupError):
                    for thread in process.threads():
                        os.setpriority(os.PRIO_PROCESS, thread.id, NICENESS)

    def unmark(self) -> None:
        os.environ.pop(VARIABLE, None)

    def stop(self) -> None:
        """Kill what is left of the marked processes. Returns when they are gone."""
        self.unmark()
        if self._process is not None:
            self._process.communicate()
            self._process = None


def watch(owner: int, mark: str) -> None:
    """Wait for the end of standard input, then kill what the owner has started since, with all below it.

    By two signs, since neither is enough: vLLM's processes overwrite their environment when they set their title, and
    so lose the mark some seconds after they start; children are seen only while the owner lives.
    """
    import psutil

    others = _below(owner)
    known: set[psutil.Process] = set()
    while not select.select([sys.stdin], [], [], LOOK_EVERY_S)[0]:
        known |= _below(owner) - others
    doomed = {process for process in known | set(_marked(mark)) if process.is_running()}
    for process in doomed:
        with suppress(psutil.Error):
            process.kill()
    deadline = time.monotonic() + GONE_WITHIN_S
    while any(_holds_something(process) for process in doomed) and time.monotonic() < deadline:
        time.sleep(GONE_CHECK_S)


def _holds_something(process: psutil.Process) -> bool:
    """A zombie, which only waits for its parent to look, holds neither memory nor devices once its threads are gone."""
    import psutil

    with suppress(psutil.Error, OSError):
        return process.is_running() and (
            process.status() != psutil.STATUS_ZOMBIE or len(os.listdir(f"/proc/{process.pid}/task")) > 1
        )
    return False


def _below(owner: int) -> set[psutil.Process]:
    """The owner's children and theirs, this process among them, that may be an engine's."""
    import psutil

    try:
        children = [child for child in psutil.Process(owner).children() if _may_be_the_engines(child)]
        return set(children).union(*(child.children(recursive=True) for child in children))
    except psutil.NoSuchProcess:
        return set()


def _may_be_the_engines(process: psutil.Process) -> bool:
    import psutil

    with suppress(psutil.Error):
        return not any(name in word for word in process.cmdline() for name in NOT_THE_ENGINES)
    return True


def _marked(mark: str) -> Iterator[psutil.Process]:
    import psutil

    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(VARIABLE) == mark and _may_be_the_engines(process):
                yield process


if __name__ == "__main__":
    watch(int(sys.argv[1]), sys.argv[2])
    shutil.rmtree(sys.argv[3], ignore_errors=True)
