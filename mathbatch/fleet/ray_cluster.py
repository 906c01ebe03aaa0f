"""Join a Ray cluster, or start one of this machine alone, and see what it has."""

from __future__ import annotations

import logging
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mathbatch.config.schema import ClusterConfig
from mathbatch.errors import ConfigError, EngineError

# Ray reports its use to its makers, and counts the processors that a container may not use, unless told otherwise.
ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
# Environment variable with the folder of Ray's sockets and logs.
TEMPORARY = "RAY_TMPDIR"


@dataclass(frozen=True)
class Machines:
    """What the cluster has at this moment."""

    nodes: int
    gpus: int


def join(cluster: ClusterConfig) -> None:
    """Join the cluster, unless that is done. Raise ConfigError if Ray or the cluster is missing."""
    try:
        import ray
    except ImportError as error:
        fix = "pip install 'mathbatch[ray]', or set model.replicas=1 cluster=local"
        raise ConfigError("cluster", f"several engines need the package ray: {error}", fix) from error
    if ray.is_initialized():
        return
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    options = {"log_to_driver": True, "logging_level": logging.WARNING, "include_dashboard": False}
    if cluster.kind == "ray":
        del options["include_dashboard"]
        address = cluster.address or "auto"
    else:
        address = "local"
        # Ray fails where the folder is missing that this variable names.
        Path(os.environ.get(TEMPORARY, tempfile.gettempdir()), "ray").mkdir(parents=True, exist_ok=True)
    try:
        ray.init(address=address, **options)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        if cluster.kind == "local":
            raise EngineError(f"Ray can't start on this machine: {error}") from error
        fix = "start one with `ray start --head` and name its address, or set cluster=local"
        raise ConfigError("cluster.address", f"no Ray cluster answers at {address}: {error}", fix) from error


def leave() -> None:
    """Leave the cluster; the one that was started for this run ends."""
    import ray

    ray.shutdown()


def machines() -> Machines:
    """Return what the cluster has now."""
    import ray

    nodes = [node for node in ray.nodes() if node["Alive"]]
    return Machines(len(nodes), int(sum(node["Resources"].get("GPU", 0) for node in nodes)))
