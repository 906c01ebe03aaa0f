"""Log finished runs to MLflow: `hook=mlflow hook.mlflow.tracking_uri=http://…`."""

from __future__ import annotations

import re

from mathbatch.base import BaseHook
from mathbatch.records import FinishedRun
from mathbatch.reports.hooks.values import flat, id_of, need_package, numbers_of

# Characters that MLflow takes in the name of a metric, and the longest value of a parameter.
OTHERS = re.compile(r"[^\w\-. :/]")
LONGEST = 500
TAG = "mathbatch.run"


class MlflowHook(BaseHook):
    """Logs the configuration, the numbers, the plots and the documents of a run, once however often it is repeated."""

    def __init__(self, experiment: str = "mathbatch", tracking_uri: str | None = None) -> None:
        need_package("mlflow")
        self.experiment, self.tracking_uri = experiment, tracking_uri

    def finish(self, run: FinishedRun) -> None:
        import mlflow

        if self.tracking_uri is not None:
            mlflow.set_tracking_uri(self.tracking_uri)
        mlflow.set_experiment(self.experiment)
        own = f"tags.`{TAG}` = '{id_of(run)}'"
        known = mlflow.search_runs(filter_string=own, max_results=1, output_format="list")
        with mlflow.start_run(known[0].info.run_id if known else None, run_name=run.name):
            mlflow.set_tags({TAG: id_of(run), "folder": run.folder})
            if not known:  # parameters can't be changed
                mlflow.log_params({name: str(value)[:LONGEST] for name, value in flat(run.config, ".").items()})
            mlflow.log_metrics({OTHERS.sub("_", name): value for name, value in numbers_of(run).items()})
            for path in (*run.plots, *run.documents):
                mlflow.log_artifact(str(path))
