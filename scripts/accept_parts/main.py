"""Try MathBatch on the GPUs of this machine, and write one report and one table. Started by `scripts/accept_gpu`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench_parts.figures import Report, machine
from bench_parts.tables import show
from bench_parts.workloads import write_dataset

from accept_parts import steps
from accept_parts.plan import cards, plan_for
from accept_parts.versions import versions

STEPS = (steps.throughput, steps.videos, steps.kill, steps.sweep, steps.two_cards)


def main() -> int:
    """Return 0 if every bar is reached, 1 if one is missed or a step has failed."""
    arguments = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped too
    with tempfile.TemporaryDirectory(prefix="accept-") as temporary:
        work = (arguments.work or Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        report, failures = run(arguments, work)
    for name, found in report["steps"].items():
        show(Report(name, arguments.quick, {}, medians=found["medians"], checks=found["checks"]))
    print(f"{report['seconds']:.0f} s; versions: {report['versions']}")
    arguments.json.write_text(json.dumps(report, indent=1, default=asdict) + "\n", encoding="utf-8")
    print(f"report: {arguments.json}")
    for failure in failures:
        print(f"accept_gpu: {failure}", file=sys.stderr)
    missed = [check.name for found in report["steps"].values() for check in found["checks"] if not check.met]
    return 1 if failures or missed else 0


def run(arguments: argparse.Namespace, work: Path) -> tuple[dict[str, Any], list[str]]:
    """Return the report, and what failed: a step that fails does not keep the others from being tried."""
    started = time.monotonic()
    plan = plan_for(cards(), work, arguments.quick, arguments.repeats)
    print(f"{plan.model_name} on {', '.join(card['name'] for card in plan.cards) or 'the CPU'}", flush=True)
    rows = {workload.name: write_dataset(workload, work / workload.name) for workload in plan.workloads}
    found: dict[str, Any] = {}
    failures = []
    for step in STEPS:
        print(f"{step.__name__.replace('_', ' ')}:", flush=True)
        try:
            medians, checks = step(plan, rows, work, lambda message: print(message, flush=True))
        except (RuntimeError, OSError, ValueError) as error:
            failures.append(f"{step.__name__}: {error}")
            continue
        found[step.__name__.replace("_", " ")] = {"medians": medians, "checks": checks}
    report = {
        "quick": arguments.quick,
        "machine": machine(),
        "cards": plan.cards,
        "versions": versions(),
        "model": plan.model_name,
        "seconds": time.monotonic() - started,
        "steps": found,
        "failures": failures,
    }
    return report, failures


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="accept_gpu", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tiny model, on the CPU too: shows that it works")
    parser.add_argument("--repeats", type=int, help="measurements of each kind (default 2; --quick: 1)")
    parser.add_argument("--json", type=Path, default=Path("accept_gpu.json"), help="report (default accept_gpu.json)")
    parser.add_argument("--work", type=Path, help="keep all files in this folder (default: a temporary one)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
