"""Saver that ends a process in the middle of its work, however fast or slow the machine is."""

from __future__ import annotations

import os
import random
import signal
import threading
from pathlib import Path

import psutil

from mathbatch.data.saver import JsonLinesDataSaver
from mathbatch.records import Record
from support.processes import engines_of

KILLING = "saver._target_=support.killing_saver.KillingSaver"


class KillingSaver(JsonLinesDataSaver):
    """Kills the run, the run and its reaper, or the engine, within 20 ms of the `after`th record of this process.

    Before it kills the run it writes the ids of all processes below it to `children.txt`.
    """

    def __init__(self, run_dir: Path, rerun: bool = False, after: int = 10, victim: str = "run") -> None:
        super().__init__(run_dir, rerun)
        self._left = after
        self._kill = {"run": self._kill_run, "both": self._kill_both, "engine": self._kill_engine}[victim]

    def append(self, record: Record) -> None:
        super().append(record)
        self._left -= 1
        if self._left == 0:
            threading.Timer(random.random() / 50, self._kill).start()

    def _kill_run(self) -> None:
        children = psutil.Process().children(recursive=True)
        Path("children.txt").write_text(" ".join(str(child.pid) for child in children))
        os.kill(os.getpid(), signal.SIGKILL)

    def _kill_both(self) -> None:
        (reaper,) = [child for child in psutil.Process().children() if "mathbatch.models.reaper" in child.cmdline()]
        reaper.kill()
        self._kill_run()

    def _kill_engine(self) -> None:
        (engine,) = engines_of(os.getpid())
        engine.kill()
