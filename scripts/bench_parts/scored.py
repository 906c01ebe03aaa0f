"""Score a file of answers and tell what that took; started by scoring.py, in a process of its own.

python -m bench_parts.scored ROWS ANSWERS FOLDER REPORT
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from bench_parts.figures import MB
from mathbatch.config import DatasetConfig
from mathbatch.records import Record, Sample
from mathbatch.scoring.evaluate import evaluate
from mathbatch.scoring.panel import panel_of

# Times at which memory is looked at, evenly over the answers.
LOOKS = 100


class Probe:
    """Resident memory of this process and of all below it, in MB, as the answers are scored."""

    def __init__(self, count: int) -> None:
        self._step, self._me = max(1, count // LOOKS), psutil.Process()
        self.parent: list[float] = []
        self.workers: list[float] = []

    def __call__(self, scored: int) -> None:
        if scored % self._step == 0:
            self.parent.append(self._me.memory_info().rss / MB)
            self.workers.append(sum(_rss(one) for one in self._me.children(recursive=True)))

    def facts(self) -> dict[str, float]:
        tenth = max(1, len(self.parent) // 10)
        found = {}
        for name, series in (("parent", self.parent), ("workers", self.workers)):
            found[f"{name}_mb"] = max(series)
            found[f"{name}_growth_mb"] = max(series[-tenth:]) - max(series[:tenth])
        return found


def main(rows: Path, answers: Path, folder: Path, report: Path) -> None:
    with rows.open() as stream:
        count = sum(1 for _ in stream)
    probe, begun, cpu = Probe(count), time.monotonic(), _Cpu()
    folder.mkdir(exist_ok=True)
    dataset = DatasetConfig(name="answers", metadata=["subject"])
    metrics = evaluate(_joined(rows, answers), panel_of("math", {}), dataset, folder, on_scored=cpu.watching(probe))
    seconds = time.monotonic() - begun
    kinds = {kind: cell["accuracy"] for kind, cell in metrics["breakdown"]["subject"].items()}
    found = {"seconds": seconds, "answers": count, "verdicts": metrics["verdicts"], "accuracy": kinds}
    report.write_text(json.dumps(found | probe.facts() | cpu.facts()))


class _Cpu:
    """Seconds of processor time of this process, and of the others while they are still there to be asked."""

    def __init__(self) -> None:
        self._me = psutil.Process()
        self._before, self.others = sum(self._me.cpu_times()[:2]), 0.0

    def watching(self, probe: Probe) -> Any:
        def look(scored: int) -> None:
            before = len(probe.parent)
            probe(scored)
            if len(probe.parent) > before:  # a server's own times hold those of the workers that have ended
                self.others = sum(_seconds(one) for one in self._me.children(recursive=True))

        return look

    def facts(self) -> dict[str, float]:
        return {"parent_cpu_s": sum(self._me.cpu_times()[:2]) - self._before, "workers_cpu_s": self.others}


def _joined(rows: Path, answers: Path) -> Iterator[tuple[Sample, list[Record]]]:
    with rows.open() as golds, answers.open() as responses:
        for at, (gold, response) in enumerate(zip(golds, responses, strict=True), 1):
            row, text = json.loads(gold), json.loads(response)["response"]
            metadata = {"subject": row["subject"]}
            sample = Sample(row["id"], at, row, row["problem"], gold=row["answer"], metadata=metadata, fields=row)
            yield sample, [Record(row["id"], "", text=text)]


def _rss(process: psutil.Process) -> float:
    try:
        return process.memory_info().rss / MB
    except psutil.Error:
        return 0.0


def _seconds(process: psutil.Process) -> float:
    try:
        return sum(process.cpu_times()[:4])
    except psutil.Error:
        return 0.0


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
