"""Join a Ray cluster, or start one of this machine alone, and see what it has."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass

from mathbatch.config.schema import ClusterConfig
from mathbatch.errors import ConfigError, EngineError
from mathbatch.models.reaper import Reaper

# Unless told otherwise, Ray reports its use to its makers, and hides GPUs from tasks that claim none.
ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


@dataclass(frozen=True)
class Machines:
    """What the cluster has at this moment."""

    nodes: int
    gpus: int


def join(cluster: ClusterConfig) -> Callable[[], None]:
    """Join the cluster, or start one of this machine; return the function that leaves it.

    Raise ConfigError if Ray or the cluster is missing, EngineError if Ray can't start here.
    """
    try:
        import ray
    except ImportError as error:
        fix = "pip install 'mathbatch[ray]', or set model.replicas=1 cluster=local"
        raise ConfigError("cluster", f"several engines need the package ray: {error}", fix) from error
    os.environ |= {name: value for name, value in ENVIRONMENT.items() if name not in os.environ}
    if cluster.kind == "local":
        return _start_here()
    address = cluster.address or "auto"
    try:
        ray.init(address=address, logging_level=logging.WARNING)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        fix = "start one with `ray start --head` and name its address, or set cluster=local"
        raise ConfigError("cluster.address", f"no Ray cluster answers at {address}: {error}", fix) from error
    return ray.shutdown


def _start_here() -> Callable[[], None]:
    """Start a cluster of this machine alone. All its processes and files are gone when this process ends, however."""
    import ray

    reaper = Reaper()
    reaper.start()
    try:
        ray.init(
            address="local",
            logging_level=logging.WARNING,
            include_dashboard=False,
            _temp_dir=os.path.join(reaper.folder, "ray"),
        )
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        reaper.stop()
        raise EngineError(f"Ray can't start on this machine: {error}") from error
    reaper.unmark()

    def leave() -> None:
        ray.shutdown()
        reaper.stop()

    return leave


def machines() -> Machines:
    """Return what the cluster has now."""
    import ray

    nodes = [node for node in ray.nodes() if node["Alive"]]
    return Machines(len(nodes), int(sum(node["Resources"].get("GPU", 0) for node in nodes)))
