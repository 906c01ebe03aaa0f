"""Log finished runs to Weights & Biases: `hook=wandb hook.wandb.project=…`."""

from __future__ import annotations

from mathbatch.base import BaseHook
from mathbatch.records import FinishedRun
from mathbatch.reports.hooks.values import id_of, need_package, numbers_of


class WandbHook(BaseHook):
    """Logs the configuration, the numbers and the plot of a run, once for each run whoever repeats it."""

    def __init__(self, project: str = "mathbatch", entity: str | None = None, mode: str | None = None) -> None:
        need_package("wandb")
        self.project, self.entity, self.mode = project, entity, mode

    def finish(self, run: FinishedRun) -> None:
        import wandb

        # Neither the terminal nor the command line, the code or the machine is sent.
        settings = wandb.Settings(console="off", disable_git=True, save_code=False, x_disable_meta=True, silent=True)
        with wandb.init(
            project=self.project, entity=self.entity, mode=self.mode, id=id_of(run), name=run.name, resume="allow",
            config=run.config, settings=settings,
        ) as logged:  # fmt: skip
            logged.log({**numbers_of(run), **{path.stem: wandb.Image(str(path)) for path in run.plots}})
            logged.summary["folder"] = run.folder
