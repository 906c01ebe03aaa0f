"""Make reports of runs with made-up numbers and no rows: what an overview must be able to show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mathbatch.reports.html import payload as page
from mathbatch.reports.html.page import write_page
from mathbatch.reports.html.scripts import write_script

MADE = "2026-11-29T15:00:00Z"


def figures(**known: Any) -> page.Figures:
    """Return the counts of a run of 100 rows."""
    usual = {"units": 100, "answered": 100, "output_tokens": 20000, "seconds": 31.0, "tokens_per_s": 640.0}
    return page.Figures(**{**usual, **known})


def share(name: str, value: float | None, judged: int = 100) -> page.Share:
    """Return an accuracy with a rough interval."""
    if value is None:
        return page.Share(name, None, judged=0)
    half = 1.96 * (value * (1 - value) / judged) ** 0.5
    return page.Share(name, value, max(0.0, value - half), min(1.0, value + half), round(value * judged), judged)


def metrics(accuracy: float = 0.7, **known: Any) -> page.Metrics:
    """Return the scores of a run whose answers are right or wrong."""
    whole = share("", accuracy)
    correct = round(accuracy * 100)
    usual = {"accuracy": accuracy, "low": whole.low, "high": whole.high, "correct": correct, "judged": 100}
    verdicts = {"correct": correct, "wrong": 100 - correct}
    return page.Metrics(**{**usual, "verdicts": verdicts, "scorers": ["auto"], **known})


def run(key: str = "a", scores: page.Metrics | None = None, **known: Any) -> page.RunFacts:
    """Return the facts of a run."""
    usual: dict[str, Any] = {
        "base": f"{key}-1",
        "run": key,
        "name": f"greedy-{key}",
        "model": "demo",
        "dataset": "demo",
        "folder": ".",
        "command": "python -m mathbatch.run",
        "when": MADE,
        "settings": [("sampling.temperature", "0")],
        "versions": {"vllm": "0.32.0"},
        "figures": figures(),
        "rows": 100,
        "included": 100,
    }
    return page.RunFacts(key=key, metrics=scores, **{**usual, **known})


def write(folder: Path, runs: list[page.RunFacts], **known: Any) -> Path:
    """Write the report and return its page."""
    report = page.Report(**{"title": "made up", "made": MADE, "version": "0.9", "runs": runs, **known})
    write_script(folder / "report" / "data", "report", report)
    write_page(folder, report.title)
    return folder / "report.html"


def one_run() -> dict[str, Any]:
    """Return a run with all that a run can have, and with names that others would like to harm with."""
    topics = [share(f"topic {number:03}", None if number == 7 else number / 400) for number in range(400)]
    hostile = [share("\u202etxet desrever", 0.5), share("(none)", 0.4), share("<img src=x onerror=alert(1)>", 0.1)]
    scores = metrics(
        breakdown={"topic": topics, "n" * 150: hostile},
        pass_at=[share(str(k), 0.7 + k / 50) for k in (1, 2, 4, 8)],
        maj_at=[share(str(k), 0.7 + k / 100) for k in (1, 2, 4, 8)],
        verdicts={"correct": 66, "wrong": 28, "no_answer": 3, "unscored": 1, "failed": 2},
        notes=["x" * 400],
        beside=share("auto", 0.73),
        marks=share("marks", 0.69),
        suspects=17,
    )
    return {
        "runs": [
            run(
                scores=scores,
                figures=figures(failed=2, truncated=7, cost=1.234, reasoning_tokens=12000),
                failures={"timeout": 2},
                lengths=page.Histogram(
                    [0, 100, 200, 300], {"correct": [5, 60, 1], "wrong": [0, 8, 20], "truncated": [0, 0, 7]}
                ),
                selection="1,200 of 100,000 rows are shown",
                settings=[(f"model.engine.argument_{number}", "v" * number * 9) for number in range(12)],
                command="python -m mathbatch.run " + "model.engine.argument=1 " * 60,
            )
        ]
    }


def forty_jobs() -> dict[str, Any]:
    """Return a sweep of 40 jobs over models and temperatures, of which one came to nothing."""
    runs, jobs = [], []
    for place, model in enumerate(("qwen", "internvl", "gemma", "qwen3_vl_thinking", "llava")):
        for step in range(8):
            values = {"model": model, "sampling.temperature": f"{step * 0.2:.1f}"}
            if (place, step) == (2, 7):
                jobs.append(page.SweepJob(values, None, "failed", "CUDA out of memory"))
                continue
            runs.append(run(f"{model}{step}", metrics(0.9 - 0.1 * place - 0.05 * step), model=model))
            jobs.append(page.SweepJob(values, f"{model}{step}", "complete"))
    return {"runs": runs, "sweep": page.Sweep(["model", "sampling.temperature"], jobs)}


def models_by_datasets() -> dict[str, Any]:
    """Return runs of three models over three datasets, one of them without scores."""
    pairs = [
        (model, dataset) for model in ("qwen", "internvl", "gemma") for dataset in ("mathvista", "gsm8k", "x" * 90)
    ]
    runs = [run(f"r{at}", metrics(0.9 - 0.1 * at), model=model, dataset=data) for at, (model, data) in enumerate(pairs)]
    runs[-1].metrics = None
    return {"runs": runs}


def at_work(done: int = 312, made: str = MADE, **known: Any) -> dict[str, Any]:
    """Return a run of a thousand rows that is going on."""
    live = page.Live(
        run="a", done=done, total=1000, failed=4, tokens_per_s=1234.5, members=["replica 0: up"], refresh_s=1
    )
    runs = [run(status="running", figures=figures(units=1000, answered=done, failed=4), failures={"timeout": 4})]
    return {"runs": runs, "made": made, "live": live, **known}


CASES: dict[str, dict[str, Any]] = {
    "one run": one_run(),
    "forty jobs": forty_jobs(),
    "models by datasets": models_by_datasets(),
    "at work": at_work(),
    "no gold answers": {"runs": [run(lengths=page.Histogram([0, 100, 200], {"not judged": [40, 60]}))]},
    "nothing answered": {"runs": [run(figures=page.Figures(units=100), status="stopped")]},
    "all failed": {
        "runs": [run(scores=page.Metrics(verdicts={"failed": 100}), figures=figures(answered=0, failed=100))],
    },
    "one row": {"runs": [run(scores=page.Metrics(accuracy=1.0, correct=1, judged=1, verdicts={"correct": 1}), rows=1)]},
    "no run": {"runs": []},
}
