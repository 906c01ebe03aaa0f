"""Ends the engine's processes when the process that started them is gone, however it went.

vLLM's engine process does not notice that its owner was killed: it would wait for ever, with the GPU's memory. So a run
starts this beside the engine, holding the other end of a pipe, which the system closes with the run:

    python -m mathbatch.models.reaper <process id> <mark>

It ends the children of the run then, and every process that has MATHBATCH_OWNER=<mark> in its environment.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

VARIABLE = "MATHBATCH_OWNER"
LOOK_EVERY_S = 1.0


class Reaper:
    """Processes that are started between `start` and `unmark` end with this process, or at `stop`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        mark = os.urandom(16).hex()
        # Its standard input is the pipe: only this process holds the writing end.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mathbatch.models.reaper", str(os.getpid()), mark],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.environ[VARIABLE] = mark

    def unmark(self) -> None:
        os.environ.pop(VARIABLE, None)

    def stop(self) -> None:
        """Kill what is left of the marked processes. Returns when they are gone."""
        self.unmark()
        if self._process is not None:
            self._process.communicate()
            self._process = None


def watch(owner: int, mark: str) -> None:
    """Wait for the end of standard input, then kill what the owner has started, with all below it.

    By two signs, since neither is enough: vLLM's processes overwrite their environment when they set their title, and
    so lose the mark some seconds after they start; children are seen only while the owner lives.
    """
    import psutil

    known: set[psutil.Process] = set()
    while not select.select([sys.stdin], [], [], LOOK_EVERY_S)[0]:
        with suppress(psutil.Error):
            known = {child for child in psutil.Process(owner).children() if child.pid != os.getpid()}
    for process in [*known, *_marked(mark)]:
        with suppress(psutil.Error):
            for below in [*process.children(recursive=True), process]:
                below.kill()


def _marked(mark: str) -> Iterator[psutil.Process]:
    import psutil

    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(VARIABLE) == mark:
                yield process


if __name__ == "__main__":
    watch(int(sys.argv[1]), sys.argv[2])
