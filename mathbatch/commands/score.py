"""Score a run folder once more, or answers that were made elsewhere."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from tqdm import tqdm

from mathbatch.commands import exit_codes
from mathbatch.commands.app import run_app
from mathbatch.commands.outside_answers import OutsideConfig, score_outside
from mathbatch.config.load import typed
from mathbatch.config.overrides import refuse_multirun
from mathbatch.errors import ConfigError, Interrupted
from mathbatch.reports.html.at_end import refresh_report
from mathbatch.reports.scores import show_scores
from mathbatch.runner import results
from mathbatch.runner.components import Components
from mathbatch.runner.judge_job import bring_replies, judge_of, votes_of
from mathbatch.runner.preflight import Preflight
from mathbatch.runner.reopen import components_of, locked, make_folder, read_records, refuse_read_only
from mathbatch.runner.signals import Signals
from mathbatch.scoring.evaluate import OnScored
from mathbatch.scoring.files import EARLIER
from mathbatch.scoring.marks import Marks, read_marks, refuse_unfit_marks

RUN_DIR = "run_dir="
OUTPUT, MARKS = "output=", "marks="
CHANGEABLE = ("dataset.", "scorer.", "judge.", "model@judge.model=", "batch_size=")


def main() -> int:
    """Score what the command line names; return the exit code."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup(1) wants it
            signal.signal(number, _terminated)
    arguments = sys.argv[1:]
    refuse_multirun(arguments, "score takes one dataset at a time; a sweep scores its own jobs")
    if not arguments:
        ways = "score a run again: run_dir=…; score answers made elsewhere: dataset=… responses.path=… output=…"
        raise ConfigError("run_dir", "has no value", ways)
    folders = [argument.removeprefix(RUN_DIR) for argument in arguments if argument.startswith(RUN_DIR)]
    signals = Signals()
    signals.install()
    try:
        if not folders:
            if any(argument.startswith(MARKS) for argument in arguments):
                raise ConfigError("marks", "they are of a run", "name its folder: run_dir=… marks=…")
            metrics = run_app(partial(_score_composed, signals=signals), schema=OutsideConfig)
            assert isinstance(metrics, dict)
            return _exit_code(metrics)
        rest = [argument for argument in arguments if not argument.startswith(RUN_DIR)]
        return _exit_code(score_run(Path(folders[-1]), rest, signals))
    except KeyboardInterrupt:
        raise KeyboardInterrupt("stopped; the same command scores it whole") from None


def _terminated(number: int, _: object) -> None:
    """Exit as always: workers are ended and drafts removed on the way."""
    raise Interrupted(number)


def score_run(run_dir: Path, overrides: list[str], signals: Signals) -> dict[str, Any]:
    """Score a run folder once more; return the metrics. Raises ConfigError or StoreError."""
    output = _own_argument(overrides, OUTPUT, "name the folder for the scores")
    marks_file = _own_argument(overrides, MARKS, "name the file that the page of the report has saved")
    overrides = [override for override in overrides if not override.startswith((OUTPUT, MARKS))]
    for override in overrides:
        if not override.lstrip("+~").startswith(CHANGEABLE):
            key = override.partition("=")[0]
            raise ConfigError(key, "changes no score", "with run_dir, set keys of `dataset`, `scorer` or `judge`")
    run_dir = run_dir.absolute()
    folder = run_dir if output is None else Path(output).absolute()
    marks_path = None if marks_file is None else Path(marks_file).absolute()
    folder = run_dir if folder.resolve() == run_dir.resolve() else folder
    if run_dir.resolve() in folder.resolve().parents:
        raise ConfigError("output", f"{folder} lies within the run folder", "name a folder outside of it")
    with _taken(run_dir, folder), components_of(run_dir, overrides) as components:
        components.need_scoring()
        Preflight().check_fields(components)
        read_records(components)
        marks = None if marks_path is None else _fitting_marks(marks_path, components)
        left = None if marks_path is not None else results.marks_there(folder)
        judge = None if components.scorers.judge is None else judge_of(components.config, components, folder=folder)
        if judge is not None and folder != run_dir:
            bring_replies(run_dir, folder)
        units = (components.loader.count() or 0) * components.config.sampling.n
        with nullcontext() if judge is None else votes_of(judge, signals) as votes, _progress_bar(units or None) as bar:
            on_scored = _counting(bar)
            metrics = results.score(components, on_scored=on_scored, judge=votes, folder=folder, marks=marks)
        assert metrics is not None
        scored = sum(metrics["verdicts"].values()) - metrics["verdicts"].get("failed", 0)
        metrics["further_answers"] = (components.saver.answered or 0) - scored
    page = refresh_report(run_dir, components.config.report) if folder == run_dir else None
    show_scores(f"{components.config.model.name} on {components.config.dataset.name}", metrics, folder, page)
    if left is not None:
        told = f"the scores are without the {len(left.of_units):,} marks of {left.file or 'a file'} again"
        print(f"mathbatch: {told}; those with them are in {folder / EARLIER}", file=sys.stderr)
    return metrics


def _own_argument(arguments: list[str], name: str, fix: str) -> str | None:
    """Return the last value of an argument that is no setting, None if it isn't there. Raises ConfigError for none."""
    values = [argument.removeprefix(name) for argument in arguments if argument.startswith(name)]
    if "" in values:
        raise ConfigError(name.rstrip("="), "has no value", fix)
    return values[-1] if values else None


def _fitting_marks(path: Path, components: Components) -> Marks:
    """Return the marks in a file, all of which are on answers of the run. Raises ConfigError for others."""
    marks = read_marks(path, components.run.name, components.run_dir)
    refuse_unfit_marks(marks, results.joined(components))
    return marks


@contextmanager
def _taken(run_dir: Path, folder: Path) -> Iterator[None]:
    """Hold the folder that the scores go to, and the run folder so that no run writes there."""
    if folder == run_dir:
        refuse_read_only(run_dir, "write the scores elsewhere: output=…")
        with locked(run_dir):
            yield
        return
    with locked(run_dir, shared=True):
        make_folder(folder)
        with locked(folder):
            yield


def _score_composed(composed: DictConfig, signals: Signals) -> dict[str, Any]:
    config = typed(composed, OutsideConfig)
    with _progress_bar(None) as bar:
        metrics = score_outside(config, _counting(bar), signals)
    show_scores(f"{config.responses.path} on {config.dataset.name}", metrics, Path(config.output))
    return metrics


def _exit_code(metrics: dict[str, Any]) -> int:
    """Return that of a run: not every row has an answer, or not one could be scored."""
    verdicts = metrics["verdicts"]
    is_whole = not verdicts.get("failed") and bool(verdicts.keys() - {"unscored"})
    return exit_codes.SUCCESS if is_whole else exit_codes.FAILURES


def _counting(bar: tqdm[Any]) -> OnScored:
    return lambda count: bar.update(count - bar.n)


def _progress_bar(total: int | None) -> tqdm[Any]:
    return tqdm(total=total, unit="response", disable=None, leave=False)
