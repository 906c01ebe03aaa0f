"""Make this process fit to load many engines one after another, or to fork commands that do, each in seconds.

Most of the time of a load goes into the imports of vLLM's two processes, which are spawned: thirteen seconds each,
against three for all else that they do with a small checkpoint. Here they are forked from this process, which has
imported everything. Users' engines are spawned, as forked ones would keep the locks and pipes of a run that is killed.
"""

from __future__ import annotations

import importlib
import os
import threading
import time
from multiprocessing import context, process
from typing import Any

# What an engine and its worker import.
MODULES = ("vllm.v1.engine.async_llm", "vllm.v1.engine.core", "vllm.v1.worker.cpu_worker", "vllm.v1.executor")
# How often a forked engine looks whether its parent is still there.
LOOK_EVERY_S = 1.0


def prepare() -> bool:
    """Import what engines need, and let them be forked. Return whether they are: on a CPU only.

    Raises RuntimeError if torch may have more than one thread.
    """
    if os.environ.get("OMP_NUM_THREADS") != "1":
        raise RuntimeError("torch may have threads, which a fork loses: set OMP_NUM_THREADS=1 before it is imported")
    import setproctitle
    from vllm.platforms import current_platform

    if not current_platform.is_cpu():  # what a process has on a GPU is lost to those that are forked from it
        return False
    for name in MODULES:
        importlib.import_module(name)
    # Engines set their title: where that lies is found from the environment as it was when Python started.
    setproctitle.getproctitle()
    # vLLM asks for processes to be spawned, whatever a user sets.
    spawned: Any = context.SpawnProcess
    spawned._Popen = staticmethod(context.ForkProcess._Popen)  # type: ignore[attr-defined]
    spawned._bootstrap = _begin
    return True


def look_at_architectures_here() -> None:
    """Keep vLLM from starting a process that imports it all once more for each architecture that it sees first."""
    from vllm.model_executor.models import registry

    registry._run_in_subprocess = lambda look: look()


def _begin(engine: Any, *arguments: Any, **named: Any) -> int:
    """Begin a forked process that ends when its parent is gone, as it is not tied to it as spawned ones are."""

    def watch() -> None:
        while os.getppid() == engine._parent_pid:
            time.sleep(LOOK_EVERY_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    code: int = process.BaseProcess._bootstrap(engine, *arguments, **named)  # type: ignore[attr-defined]
    return code
