"""Score again, or score answers that were made elsewhere; no engine, no GPU.

    python -m mathbatch.score run_dir=outputs/qwen/mathvista/greedy-0f1e2d3c
    python -m mathbatch.score run_dir=… dataset.scoring=math dataset.input=corrected.jsonl
    python -m mathbatch.score dataset=mathvision dataset.input=rows.jsonl responses.path=answers.jsonl \\
        responses.index_field=id responses.response_field=response output=folder

With `run_dir` the other arguments change the configuration of that run. Earlier scores are kept in `scores/`.
Exit codes: 0 every response has a verdict, 1 some are failed or unscored, 2 the configuration is at fault.
"""

from __future__ import annotations

if __name__ == "__main__":
    from mathbatch import entry

    entry.begin()

import signal
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from tqdm import tqdm

from mathbatch import compose, results
from mathbatch.elsewhere import OutsideConfig, score_outside
from mathbatch.errors import ConfigError, MathBatchError
from mathbatch.hydra_app import run_app
from mathbatch.interrupt import EXIT_SIGNAL, interrupt_once
from mathbatch.judging import judge_of, votes_of
from mathbatch.preflight import Glances, look_at_fields
from mathbatch.scoring.tables import show_scores
from mathbatch.single import EXIT_FAILURES
from mathbatch.stored import locked, parts_of, read_records

RUN_DIR = "run_dir="
CHANGEABLE = ("dataset.", "scorer.", "judge.", "model@judge.model=", "batch_size=")


def main() -> None:
    """The entry point."""
    signal.signal(signal.SIGTERM, _terminated)
    if {"-m", "--multirun"} & set(sys.argv[1:]):
        compose.fail("-m: score takes one dataset at a time; a sweep scores its own jobs")
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(__doc__)
        return
    if not sys.argv[1:]:
        ways = "score a run again: run_dir=…; score answers made elsewhere: dataset=… responses.path=… output=…"
        compose.fail(str(ConfigError("run_dir", "has no value", ways)))
    folders = [argument.removeprefix(RUN_DIR) for argument in sys.argv[1:] if argument.startswith(RUN_DIR)]
    if not folders:
        run_app(_score_composed, schema=OutsideConfig)
        return
    interrupt_once()
    try:
        rest = [argument for argument in sys.argv[1:] if not argument.startswith(RUN_DIR)]
        metrics = score_run(Path(folders[-1]), rest)
    except KeyboardInterrupt:
        compose.fail("stopped; the same command scores it whole", EXIT_SIGNAL + signal.SIGINT)
    except MathBatchError as error:
        compose.fail(str(error))
    sys.exit(exit_code(metrics))


def _terminated(number: int, _: object) -> None:
    """An exit like any other: workers are ended and drafts removed on the way."""
    sys.exit(EXIT_SIGNAL + number)


def score_run(run_dir: Path, overrides: list[str]) -> dict[str, Any]:
    """Score a run folder once more; returns the metrics. Raises ConfigError or StoreError."""
    for override in overrides:
        if not override.lstrip("+~").startswith(CHANGEABLE):
            key = override.partition("=")[0]
            raise ConfigError(key, "changes no score", "with run_dir, set keys of `dataset`, `scorer` or `judge`")
    run_dir = run_dir.absolute()
    with locked(run_dir), parts_of(run_dir, overrides) as parts:
        parts.need_scoring()
        look_at_fields(parts, Glances())
        read_records(parts)
        judge = None if parts.scorers.judge is None else judge_of(parts.config, parts)
        units = (parts.loader.count() or 0) * parts.config.sampling.n
        with nullcontext() if judge is None else votes_of(judge) as says, progress_bar(units or None) as bar:
            metrics = results.score(parts, on_scored=lambda count: bar.update(count - bar.n), judge=says)
        assert metrics is not None
        scored = sum(metrics["verdicts"].values()) - metrics["verdicts"].get("failed", 0)
        metrics["further_answers"] = (parts.saver.answered or 0) - scored
    show_scores(f"{parts.config.model.name} on {parts.config.dataset.name}", metrics, run_dir)
    return metrics


def _score_composed(composed: DictConfig) -> None:
    try:
        config = compose.typed(composed, OutsideConfig)
        with progress_bar(None) as bar:
            metrics = score_outside(config, lambda count: bar.update(count - bar.n))
        show_scores(f"{config.responses.path} on {config.dataset.name}", metrics, Path(config.output))
    except MathBatchError as error:
        compose.fail(str(error))
    sys.exit(exit_code(metrics))


def exit_code(metrics: dict[str, Any]) -> int:
    verdicts = metrics["verdicts"]
    return EXIT_FAILURES if verdicts.get("failed") or verdicts.get("unscored") or not verdicts else 0


def progress_bar(total: int | None) -> tqdm[Any]:
    return tqdm(total=total, unit="response", disable=None, leave=False)


if __name__ == "__main__":
    entry.call(main)
