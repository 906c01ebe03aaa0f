"""Define a model that serves several adapters on one engine, and answers with their names."""

from __future__ import annotations

from pathlib import Path

import msgspec

from mathbatch.models.scripted import ScriptedModel
from mathbatch.records import Request, Response

ADAPTER_MODEL = "model._target_=support.adapter_model.AdapterModel"


class AdapterModel(ScriptedModel):
    """Answers `none`, or the last part of the adapter's name. It refuses one that it was not opened for."""

    serves_adapters = True

    async def open(self) -> None:
        await super().open()
        self._opened_for = self.adapters

    async def generate(self, request: Request) -> Response:
        assert request.adapter is None or request.adapter in self._opened_for
        name = "none" if request.adapter is None else Path(request.adapter).name
        return msgspec.structs.replace(await super().generate(request), text=f"\\boxed{{{name}}}")
