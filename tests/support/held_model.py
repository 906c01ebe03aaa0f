"""A model that stops where a test wants it: what the test does then falls into the middle of the work for certain."""

from __future__ import annotations

import asyncio
from pathlib import Path

from mathbatch.config import ModelConfig
from mathbatch.models.scripted import ScriptedModel
from mathbatch.records import Request, Response

HELD = "model._target_=support.held_model.HeldModel"


class HeldModel(ScriptedModel):
    """Holds all units after the first ones of its process, as many as `hold.txt` says, until that file is gone.

    `begun.txt` lists the ids that it was asked. Both lie in the folder where the command was started.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self._begun = 0

    async def generate(self, request: Request) -> Response:
        self._begun += 1
        number = self._begun
        _note(request.id)
        while number > _free():  # noqa: ASYNC110 - another process lets go
            await asyncio.sleep(0.01)
        return await super().generate(request)


def _note(id: str) -> None:
    with open("begun.txt", "a", encoding="utf-8") as begun:
        begun.write(f"{id}\n")


def _free() -> float:
    try:
        return int(Path("hold.txt").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return float("inf")


def hold_after(folder: Path, units: int) -> None:
    """Each process that is started in `folder` answers so many units."""
    (folder / "hold.txt").write_text(str(units), encoding="utf-8")
    (folder / "begun.txt").unlink(missing_ok=True)


def let_go(folder: Path) -> None:
    (folder / "hold.txt").unlink()


def begun(folder: Path) -> list[str]:
    """Ids that were asked since `hold_after`, in order."""
    path = folder / "begun.txt"
    return path.read_text(encoding="utf-8").split() if path.exists() else []
