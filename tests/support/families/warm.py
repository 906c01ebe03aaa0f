"""Make this process fit to load many engines one after another, each in seconds.

Most of the time of a load goes into the imports of vLLM's two processes, which are spawned: thirteen seconds each,
against three for all else that they do with a small checkpoint. Here they are forked from this process, which has
imported everything. Users' engines are spawned, as forked ones would keep the locks and pipes of a run that is killed.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
import time
from multiprocessing import context

from support.families.torchvision import make_importable

# What an engine and its worker import.
MODULES = ("vllm.v1.engine.async_llm", "vllm.v1.engine.core", "vllm.v1.worker.cpu_worker", "vllm.v1.executor")
# How often a forked process looks whether its parent is still there.
LOOK_EVERY_S = 1.0


def prepare() -> None:
    """Import what engines need and let them be forked, on a CPU. Raises RuntimeError if torch is here already."""
    if "torch" in sys.modules:
        raise RuntimeError("torch has its threads already, which a fork loses: use scripts/test_families")
    # With one thread torch has no pool of threads, which forked processes would wait for in vain.
    os.environ["OMP_NUM_THREADS"] = "1"
    # vLLM would bind the engines of both test processes to the same core.
    os.environ["VLLM_CPU_OMP_THREADS_BIND"] = "nobind"
    make_importable()
    from vllm.platforms import current_platform

    if not current_platform.is_cpu():  # what a process has on a GPU is lost to those that are forked from it
        return
    for name in MODULES:
        importlib.import_module(name)
    _look_at_architectures_here()
    # vLLM asks for processes to be spawned, whatever a user sets.
    context.SpawnProcess._Popen = staticmethod(context.ForkProcess._Popen)  # type: ignore[method-assign]
    os.register_at_fork(after_in_child=_end_with_parent)


def _look_at_architectures_here() -> None:
    """Keep vLLM from starting a process that imports it all once more for each architecture that it sees first."""
    from vllm.model_executor.models import registry

    registry._run_in_subprocess = lambda look: look()


def _end_with_parent() -> None:
    """Let this process end when its parent is gone: forked engines are not tied to it as spawned ones are."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_EVERY_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
