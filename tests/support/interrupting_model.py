"""Model under which somebody presses Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal

from mathbatch.config import ModelConfig
from mathbatch.models.scripted import ScriptedModel
from mathbatch.records import Request, Response


class InterruptingModel(ScriptedModel):
    """Sends its process one SIGINT when four units are in flight, and answers them after that."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self._asked = 0
        self._interrupted = asyncio.Event()

    async def generate(self, request: Request) -> Response:
        self._asked += 1
        if self._asked == 4:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(0)  # the event loop hears of it before anything is answered
            self._interrupted.set()
        await self._interrupted.wait()
        return await super().generate(request)
