"""Start the commands of a plan: each in a Python of its own, or forked from one that has imported vLLM.

A load on a CPU takes seconds, and the imports of its processes minutes. What a process has on a GPU would be lost to
those that are forked from it, so all is started afresh there, as users do.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from bench_parts.process import Process, Start, fresh
from support.command_server import Request
from support.forked import command_server

SERVER = "support.vllm_server"


def start_for(cards: Sequence[object]) -> Start:
    """Return what starts the commands on a machine with these cards."""
    if cards:
        return fresh
    # A pool of threads would be lost to a forked engine, which would wait for it.
    os.environ["OMP_NUM_THREADS"] = "1"
    return _forked


def _forked(arguments: Sequence[str], output: BinaryIO, variables: Mapping[str, str]) -> Process:
    option, module, *more = arguments
    assert option == "-m"
    request = Request(module, more, str(Path.cwd()), dict(variables))
    return command_server(SERVER).start(request, output=output.fileno())
