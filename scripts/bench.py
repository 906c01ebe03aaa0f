"""Measure MathBatch: throughput against the alternatives, its own overhead, the time to resume and to score.

python scripts/bench.py throughput [--only text]     a real vLLM engine, random weights
python scripts/bench.py overhead                     a model that answers at once; and resume
python scripts/bench.py sweep [--only text]          eight settings over one dataset, a real vLLM engine
python scripts/bench.py resume                       a million rows, 99.9 % of them done
python scripts/bench.py growth [--rows 1000000 …]    run, again, verify, resume, compare: 1 and 10 million rows
python scripts/bench.py fleet [--only driver]        what replicas cost the run, and whether they are kept busy
python scripts/bench.py servers                      1,000 requests in flight, against a bare aiohttp loop
python scripts/bench.py scoring                      5,000 and 50,000 answers through the scorer `math`
python scripts/bench.py looks                        `show` and `runs` over 200 runs with a million answers
python scripts/bench.py report                       a report of 100,000 rows: to build it, and in Chromium
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench_parts import fleets, growing, looks, overhead, reporting, scoring, serving, sweeping, throughput
from bench_parts.figures import Report, machine
from bench_parts.workloads import WORKLOADS

BENCHMARKS = {
    "throughput": "samples/s against LLM.chat and synchronous batches",
    "overhead": "samples/s and memory up to a million rows; and resume",
    "sweep": "seconds for eight settings, against one stream of the same units and eight runs",
    "resume": "seconds until a run that is 99.9 % done is complete",
    "growth": "memory and rows/s of run, resume, verify and compare at 1 and 10 million rows",
    "fleet": "what several engines cost: processor time, units/s, idle slots",
    "servers": "processor time for a request to a server, against a bare loop",
    "scoring": "answers/s of the scorer math, processor time and memory",
    "looks": "seconds of show and runs beyond those of --help",
    "report": "seconds and memory to build a report, against scoring its rows; times and memory in a browser",
}


def main() -> None:
    arguments = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped too
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        work = arguments.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        report = run(arguments, work.resolve())
    from bench_parts.tables import show

    show(report)
    if arguments.json:
        arguments.json.write_text(json.dumps(report.as_dict(), indent=1, default=asdict) + "\n")


def run(arguments: argparse.Namespace, work: Path) -> Report:
    """Return all measurements of one benchmark, with its medians and checks."""
    report = Report(arguments.benchmark, arguments.quick, machine())

    def say(message: str) -> None:
        print(message, flush=True)

    slow_repeats = arguments.repeats if arguments.slow_repeats is None else arguments.slow_repeats
    parts: dict[str, Any] = {"throughput": throughput, "sweep": sweeping, "scoring": scoring, "growth": growing}
    parts |= {"servers": serving, "fleet": fleets, "looks": looks, "report": reporting}
    part = parts.get(arguments.benchmark, overhead)
    if part in (scoring, serving, looks, reporting):
        found = part.measure(work, arguments.repeats, arguments.quick, say)
    elif part is growing:
        found = growing.measure(work, arguments.repeats, arguments.quick, arguments.rows, say)
    elif part is fleets:
        found = fleets.measure(work, arguments.repeats, arguments.quick, arguments.only, say)
    elif part is not overhead:
        found = part.measure(work, arguments.repeats, slow_repeats, arguments.quick, arguments.only, say)
    else:
        found = overhead.measure(work, arguments.repeats, arguments.quick, arguments.benchmark == "overhead", say)
    report.measurements = list(found)
    report.medians = part.medians(report.measurements)
    report.checks = part.checks(report.medians)
    return report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="benchmark", required=True)
    for name, text in BENCHMARKS.items():
        command = commands.add_parser(name, help=text.replace("%", "%%"))
        command.add_argument("--repeats", type=int, default=3, help="measurements of each kind (default 3)")
        command.add_argument(
            "--slow-repeats",
            type=int,
            help="fewer for the slowest: synchronous batches, separate runs (default: as many)",
        )
        command.add_argument("--quick", action="store_true", help="a few samples: shows that it works, not how fast")
        command.add_argument("--json", type=Path, help="write every measurement to this file")
        command.add_argument("--work", type=Path, help="keep all files in this folder (default: a temporary one)")
    commands.choices["growth"].add_argument("--rows", type=int, nargs="+", help="numbers of rows instead")
    commands.choices["fleet"].add_argument("--only", choices=["driver", "simulated", "pair"])
    for name in ("throughput", "sweep"):
        commands.choices[name].add_argument("--only", choices=[workload.name for workload in WORKLOADS])
    return parser


if __name__ == "__main__":
    main()
