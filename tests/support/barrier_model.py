"""Open the real engine in several replicas that wait for each other, so that none answers before all are up."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path

from mathbatch.models.vllm import VllmModel

# Environment variables: the folder where replicas tell that they are up, and how many are waited for.
FOLDER, REPLICAS = "BARRIER_FOLDER", "BARRIER_REPLICAS"


class BarrierModel(VllmModel):
    """Is open when as many engines have been opened as the environment says."""

    async def open(self) -> None:
        await super().open()
        await asyncio.to_thread(self._wait)

    def _wait(self) -> None:
        folder = Path(os.environ[FOLDER])
        tempfile.mkstemp(dir=folder)
        while len(list(folder.iterdir())) < int(os.environ[REPLICAS]):
            time.sleep(0.1)
