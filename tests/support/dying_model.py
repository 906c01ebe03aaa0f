"""A model that a sample kills slowly: what is in flight beside it is under way when it dies."""

from __future__ import annotations

import asyncio

from mathbatch.models.scripted import ScriptedModel, text_of
from mathbatch.records import Request, Response

DYING = "model._target_=support.dying_model.DyingModel"


class DyingModel(ScriptedModel):
    """Dies `delay_s` after the sample that kills it has come."""

    async def generate(self, request: Request) -> Response:
        if self.die_on and self.die_on in text_of(request.messages[-1]["content"]):
            await asyncio.sleep(self.delay_s)
        return await super().generate(request)
