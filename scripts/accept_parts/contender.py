"""Answer the same rows with vLLM's own `LLM.chat`, all workloads with one engine; started by `steps.py`.

Every answer has `--max-tokens` tokens, as weights without values never end one.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from bench_parts.contender import llm_chat


def main() -> None:
    """Write `{workload: seconds}` to the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", required=True, help="engine arguments as JSON")
    parser.add_argument("--max-tokens", type=int, required=True)
    parser.add_argument("--report", type=Path, required=True)
    parser.add_argument("rows", nargs="+", help="name=path of each workload")
    arguments = parser.parse_args()
    from vllm import LLM, SamplingParams

    llm = LLM(**json.loads(arguments.engine))
    sampling = SamplingParams(temperature=0.0, max_tokens=arguments.max_tokens, ignore_eos=True)
    seconds = {}
    for named in arguments.rows:
        name, _, path = named.partition("=")
        started = time.monotonic()
        llm_chat(llm, sampling, Path(path), arguments.report.with_name(f"{name}.json"))
        seconds[name] = time.monotonic() - started
    arguments.report.write_text(json.dumps(seconds))


if __name__ == "__main__":
    main()
