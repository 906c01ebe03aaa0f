"""Define a model that adds right or wrong by what its prompt says, so that two prompts flip known rows."""

from __future__ import annotations

import re

import msgspec

from mathbatch.models.scripted import ScriptedModel, text_of
from mathbatch.records import Request, Response

ADDING = "model._target_=support.adding_model.AddingModel"
SUM = re.compile(r"What is (\d+) \+ (\d+)")


class AddingModel(ScriptedModel):
    """Answers "What is 3 + 4?" by the sum; but by one more if 4 divides the first number and nobody says `carefully`.

    A `strictly` makes every seventh sum wrong.
    """

    async def generate(self, request: Request) -> Response:
        prompt = "\n".join(text_of(message["content"]) for message in request.messages)
        response = await super().generate(request)
        found = SUM.search(prompt)
        if found is None:
            return response
        first, second = int(found[1]), int(found[2])
        is_wrong = ("carefully" not in prompt and first % 4 == 0) or ("strictly" in prompt and first % 7 == 0)
        return msgspec.structs.replace(response, text=f"I add.\n\\boxed{{{first + second + is_wrong}}}")
