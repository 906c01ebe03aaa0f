"""Log finished runs to trackio: `hook=trackio hook.trackio.project=…`."""

from __future__ import annotations

from mathbatch.base import BaseHook
from mathbatch.records import FinishedRun
from mathbatch.reports.hooks.values import flat, need_package, numbers_of


class TrackioHook(BaseHook):
    """Logs the configuration and the numbers of a run; of one that is repeated, as a further step."""

    def __init__(self, project: str = "mathbatch", space_id: str | None = None) -> None:
        need_package("trackio")
        self.project, self.space_id = project, space_id

    def finish(self, run: FinishedRun) -> None:
        import trackio

        config = {name: str(value) for name, value in flat(run.config, ".").items()}
        trackio.init(
            self.project, name=run.name, space_id=self.space_id, config=config, resume="allow", embed=False,
            auto_log_gpu=False, auto_log_cpu=False,
        )  # fmt: skip
        trackio.log(numbers_of(run))
        trackio.finish()
