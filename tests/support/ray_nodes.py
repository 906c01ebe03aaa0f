"""Run a Ray cluster of several nodes on this machine, in a process of its own that ends with the test.

It prints the address of the cluster, and does what it reads: `add` a node, or `kill` the last one, as a machine that
fails.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType

from support.processes import environment


class Nodes:
    """Cluster with one node at first, as a context."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Nodes:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "support.ray_nodes"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(self._folder / "nodes.log").open("wb"),
            env=environment() | {"RAY_USAGE_STATS_ENABLED": "0"},
            text=True,
        )
        self.address = self._read()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def do(self, what: str) -> None:
        """Add or kill a node; return when that is done."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        self._read()

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = next((line for line in self._process.stdout if line.startswith("> ")), "")
        assert line, (self._folder / "nodes.log").read_text()[-2000:]
        return line.removeprefix("> ").strip()


def main() -> None:
    """Start the cluster and obey."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    print("> " + cluster.address, flush=True)
    nodes = []
    try:
        for line in sys.stdin:
            if line.strip() == "add":
                nodes.append(cluster.add_node(num_cpus=1))
            else:
                cluster.remove_node(nodes.pop(), allow_graceful=False)
            print("> done", flush=True)
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    main()
