"""Define a model that says again what it was asked, so that what a dataset has comes back as an answer."""

from __future__ import annotations

import msgspec

from mathbatch.models.scripted import ScriptedModel, text_of
from mathbatch.records import Request, Response

ECHO_MODEL = "model._target_=support.echo_model.EchoModel"


class EchoModel(ScriptedModel):
    """Answers with the last message, thinks the same, and puts its beginning into a box."""

    async def generate(self, request: Request) -> Response:
        asked = text_of(request.messages[-1]["content"])
        response = await super().generate(request)
        return msgspec.structs.replace(response, text=f"{asked}\n\\boxed{{{asked[:200]}}}", reasoning=asked)
