"""Run an experiment: `python -m mathbatch.run model=qwen dataset=mathvista`. The same command again goes on with it."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

from omegaconf import DictConfig

from mathbatch import compose, results
from mathbatch.config import Config
from mathbatch.console import chatter_to
from mathbatch.identity import run_folder
from mathbatch.memory import share_one_arena
from mathbatch.parts import Parts, build
from mathbatch.pipeline import generate
from mathbatch.preflight import preflight
from mathbatch.progress import Counts, Progress
from mathbatch.snapshot import write_snapshot
from mathbatch.summary import show_summary

EXIT_FAILURES = 1


def main() -> None:
    """The console script. Exit codes: 0 all answered, 1 failures remain, 2 configuration or disk, 130 Ctrl-C."""
    compose.main(execute)


def execute(config: Config, composed: DictConfig) -> int:
    """One job: check, generate, write results."""
    share_one_arena()
    run_dir = run_folder(config)
    parts = build(config, run_dir)
    preflight(parts)
    parts.saver.open()
    try:
        write_snapshot(run_dir, composed)
        with chatter_to(run_dir / "run.log") as terminal:
            progress = Progress(Counts(total=_total(parts)), terminal)
            try:
                caught = asyncio.run(_generate(parts, progress))
            finally:
                progress.close()
        metrics = _finish(parts, progress) if caught is None else None
    finally:
        parts.saver.close()
    show_summary(parts, progress, metrics, finished=caught is None)
    if caught is not None:
        return compose.EXIT_SIGNAL + caught
    return EXIT_FAILURES if progress.counts.failed else 0


def _total(parts: Parts) -> int | None:
    rows = parts.loader.count()
    return None if rows is None else rows * parts.config.sampling.n


async def _generate(parts: Parts, progress: Progress) -> int | None:
    """Generate; the number of the signal that ended it, None if it came to its end by itself."""
    loop, stop, caught = asyncio.get_running_loop(), asyncio.Event(), list[int]()
    work = asyncio.current_task()
    assert work is not None

    def on_signal(number: int) -> None:
        caught.append(number)
        if len(caught) > 2:
            os._exit(compose.EXIT_SIGNAL + number)
        if len(caught) > 1 or not progress.counts.in_flight:
            work.cancel()
            return
        stop.set()
        progress.say(
            f"stopping: {progress.counts.in_flight} in flight will be finished and saved; once more to stop at once"
        )

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal, number)
    try:
        await generate(parts, progress, stop)
    except asyncio.CancelledError:
        if not caught:
            raise
    return caught[0] if caught else None


def _finish(parts: Parts, progress: Progress) -> dict[str, Any] | None:
    """Results, scores, and at the very end the manifest; returns the metrics."""
    counts, elapsed = progress.counts, progress.elapsed_s
    results.export(parts, results.results_path(parts))
    metrics = results.score(parts)
    facts = {
        "units": counts.done,
        "answered": counts.before + counts.answered,
        "failed": counts.failed,
        "this_run": {
            "answered": counts.answered,
            "truncated": counts.truncated,
            "prompt_tokens": counts.prompt_tokens,
            "output_tokens": counts.output_tokens,
            "seconds": round(elapsed, 3),
            "output_tokens_per_s": round(counts.output_tokens / max(elapsed, 1e-9), 1),
        },
    }
    results.write_manifest(parts, facts)
    return metrics


if __name__ == "__main__":
    main()
