"""A model that loses requests."""

from __future__ import annotations

from collections import Counter

from mathbatch.config import ModelConfig
from mathbatch.errors import RequestLost
from mathbatch.models.scripted import ScriptedModel, text_of
from mathbatch.records import Request, Response


class ForgetfulModel(ScriptedModel):
    """Loses each request twice, and one whose prompt says `never` always. It needs the picture each time."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self._asked = Counter[str]()

    async def generate(self, request: Request) -> Response:
        (picture,) = (part["image"] for part in request.messages[-1]["content"] if part["type"] == "image")
        picture.load()
        self._asked[request.id] += 1
        if self._asked[request.id] <= 2 or "never" in text_of(request.messages[-1]["content"]):
            request.drop_images()
            raise RequestLost("engine_error", "lost")
        return await super().generate(request)
