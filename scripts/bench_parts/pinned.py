"""Run the demo model with each engine on a core of its own.

python -m bench_parts.pinned [--core=N] [arguments of mathbatch.run]

With --core the whole run is on that core. Without, its replicas take the cores one by one, and no row is asked before
all of them are up, as loading is not what is compared.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys
import tempfile
from pathlib import Path

from mathbatch.__main__ import main
from mathbatch.fleet.ray_fleet import RayFleet
from mathbatch.models.vllm import VllmModel

# Environment variable with the folder whose files stand for the cores.
CORES = "BENCH_CORES"


class PinnedModel(VllmModel):
    """Takes a core that no other has taken, for itself and for its engine."""

    async def open(self) -> None:
        for core in sorted(os.sched_getaffinity(0)):
            lock = os.open(Path(os.environ[CORES], str(core)), os.O_RDWR | os.O_CREAT)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            os.sched_setaffinity(0, {core})
            break
        await super().open()


class WaitingFleet(RayFleet):
    """Is open when all of its replicas are up."""

    async def open(self) -> None:
        await super().open()
        while any(one.state != "up" for one in self.figures()):
            await asyncio.sleep(0.1)


def run() -> None:
    """Run MathBatch, pinned as the first argument says."""
    # vLLM would bind all engines to the same core.
    os.environ |= {"VLLM_CPU_OMP_THREADS_BIND": "nobind", "OMP_NUM_THREADS": "1"}
    if sys.argv[1:] and sys.argv[1].startswith("--core="):
        os.sched_setaffinity(0, {int(sys.argv.pop(1).partition("=")[2])})
        main()
        return
    import mathbatch.fleet.ray_fleet

    mathbatch.fleet.ray_fleet.RayFleet = WaitingFleet  # type: ignore[misc]
    with tempfile.TemporaryDirectory() as cores:
        os.environ[CORES] = cores
        sys.argv.append("model._target_=bench_parts.pinned.PinnedModel")
        main()


if __name__ == "__main__":
    run()
