"""Measure what asking a server costs this machine: by a bare aiohttp loop, by MathBatch's client, by a whole run.

The server is a process of its own that answers after a second, so that as many requests are in flight as may be. The
bare loop writes JSON, reads JSON and keeps the text. A run reads rows, asks, saves every answer, and writes results.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench_parts.figures import Check, at_least, at_most, figures_by_size, paired
from bench_parts.process import environment, watch
from bench_parts.prompts import rows, write_rows

REQUESTS, QUICK_REQUESTS = 20_000, 400
AT_ONCE, QUICK_AT_ONCE = 1_000, 50
KEYS = ("cpu_ms_each", "wall_s", "most_in_flight", "peak_mb")
# Processor time for a request as a multiple of the bare loop's.
CLIENT_BAR = 2.0


def measure(work: Path, repeats: int, is_quick: bool, say: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    """Yield each way of asking, in each repeat."""
    count, at_once = (QUICK_REQUESTS, QUICK_AT_ONCE) if is_quick else (REQUESTS, AT_ONCE)
    write_rows(data := work / "asked.jsonl", rows(count, seed=5))
    with _server(work) as host:
        for repeat in range(repeats):
            for kind in ("bare", "client", "run"):
                found = (
                    _whole_run(work, data, host, at_once) if kind == "run" else _asked(kind, work, data, host, at_once)
                )
                with urllib.request.urlopen(f"{host}/counts") as reply:
                    counts = json.load(reply)
                if found["answered"] != count:
                    raise RuntimeError(f"{count - found['answered']} of {count} requests are lost by {kind}")
                found |= {"run": kind, "samples": count, "repeat": repeat, "most_in_flight": counts["most"]}
                say(f"  {kind}, {count:,} requests: {found['cpu_ms_each']:.3f} ms of processor time for each")
                yield found | {"lost": count - found["answered"]}


def medians(measurements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return medians; `bare_times` is the processor time as a multiple of the bare loop's, by repeat."""
    named = [one | {"workload": str(one["samples"]), "contender": one["run"]} for one in measurements]
    found = figures_by_size(measurements, KEYS)
    for row in found:
        if row["run"] != "bare":
            row["bare_times"] = paired(named, str(row["samples"]), row["run"], "bare", "cpu_ms_each")
    return found


def checks(found: list[dict[str, Any]]) -> list[Check]:
    by_run = {row["run"]: row for row in found}
    reached = by_run["client"]["most_in_flight"].median / by_run["bare"]["most_in_flight"].median
    return [
        at_most("client: processor time / bare loop's", by_run["client"]["bare_times"].median, CLIENT_BAR),
        at_least("client: requests in flight / bare loop's", reached, 0.95),
    ]


def _asked(kind: str, work: Path, data: Path, host: str, at_once: int) -> dict[str, Any]:
    report = work / "served.json"
    arguments = ["-m", "bench_parts.served", kind, f"{host}/v1", str(data), str(at_once), str(report)]
    watched = watch(arguments, work / "log.txt")
    found: dict[str, Any] = json.loads(report.read_text())
    return found | {"peak_mb": watched.peak_mb}


def _whole_run(work: Path, data: Path, host: str, at_once: int) -> dict[str, Any]:
    shutil.rmtree(output := work / "out-served", ignore_errors=True)
    before = _children_s()
    watched = watch(
        [
            *("-m", "mathbatch.run", "model=openai", "model.path=m", f"model.base_urls=[{host}/v1]"),
            *("dataset=generic", f"dataset.input={data}", "dataset.image_field=null", f"batch_size={at_once}"),
            f"output_dir={output}",
        ],
        work / "log.txt",
    )
    cpu_s = _children_s() - before
    manifest = json.loads(next(output.glob("*/*/*/manifest.json")).read_text())
    answered = manifest["answered"]
    return {
        "answered": answered,
        "cpu_ms_each": 1e3 * cpu_s / answered,
        "wall_s": watched.wall_s,
        "peak_mb": watched.peak_mb,
    }


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def _server(work: Path) -> Iterator[str]:
    """Yield the address of the server, without a path."""
    (port_file := work / "port").unlink(missing_ok=True)
    command = [sys.executable, "-m", "bench_parts.served", "serve", str(port_file)]
    server = subprocess.Popen(command, env=environment())
    try:
        while not port_file.exists():
            if server.poll() is not None:
                raise RuntimeError("the server did not start")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port_file.read_text()}"
    finally:
        server.terminate()
        server.wait()
