"""Write the numbers of finished runs for TensorBoard: `hook=tensorboard`, then `tensorboard --logdir …`."""

from __future__ import annotations

from pathlib import Path

from mathbatch.base import BaseHook
from mathbatch.records import FinishedRun
from mathbatch.reports.hooks.values import need_package, numbers_of


class TensorboardHook(BaseHook):
    """Writes the numbers of a run to a folder of its own below `folder`."""

    def __init__(self, folder: str = "outputs/tensorboard") -> None:
        need_package("tensorboard")
        self.folder = Path(folder).expanduser()

    def finish(self, run: FinishedRun) -> None:
        from tensorboard.summary import DirectoryOutput, Writer

        writer = Writer(DirectoryOutput(str(self.folder / run.name)))
        for name, value in numbers_of(run).items():
            writer.add_scalar(name, value, step=0)
        writer.close()
