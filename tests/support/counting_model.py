"""Define a model that notes whom it was asked about, and answers what the question tells it to."""

from __future__ import annotations

import zlib

import msgspec

from mathbatch.models.scripted import ScriptedModel, text_of
from mathbatch.records import Request, Response

COUNTING = "model._target_=support.counting_model.CountingModel"
SAY, OR = " Say ", " or "


class CountingModel(ScriptedModel):
    r"""Answers `\boxed{7}` to "What is 3 + 4? Say \boxed{7} or \boxed{8}", the second at a temperature above 1.

    Further rollouts take turns. A judge's prompt gets a verdict that depends on nothing but its text. `asked.txt`, in
    the folder where the command was started, lists the units, one a line; those of a judge begin with `judge:`.
    """

    async def generate(self, request: Request) -> Response:
        prompt = text_of(request.messages[-1]["content"])
        is_judge = "Verdict:" in prompt
        _note(f"{'judge:' if is_judge else ''}{request.id}#{request.rollout}")
        response = await super().generate(request)
        if is_judge:
            verdict = "wrong" if zlib.crc32(prompt.encode()) % 3 == 0 else "correct"
            return msgspec.structs.replace(response, text=f"Answer: 4\nVerdict: {verdict}")
        choices = prompt.partition(SAY)[2].split(OR)
        number = request.rollout + (request.sampling.get("temperature", 0) > 1)
        return msgspec.structs.replace(response, text=choices[number % len(choices)])


def _note(unit: str) -> None:
    with open("asked.txt", "a", encoding="utf-8") as asked:
        asked.write(f"{unit}\n")
