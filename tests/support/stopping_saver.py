"""Define a saver that ends its process after a number of records, at the same one each time."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from mathbatch.data.saver import JsonLinesDataSaver
from mathbatch.records import Record

STOPPING = "saver._target_=support.stopping_saver.StoppingSaver"


class StoppingSaver(JsonLinesDataSaver):
    """Kills its process when so many records are saved."""

    def __init__(self, run_dir: Path, rerun: bool = False, after: int = 10) -> None:
        super().__init__(run_dir, rerun)
        self._left = after

    def append(self, record: Record) -> None:
        super().append(record)
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
