"""Join a Ray cluster, or start one of this machine alone, and see what it has."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from mathbatch.config.schema import ClusterConfig
from mathbatch.errors import ConfigError, EngineError, MathBatchError
from mathbatch.fleet.gpus import Card, cards_here
from mathbatch.fleet.sizing import Node

# Ray reports its use to its makers, and counts the processors that a container may not use, unless told otherwise.
ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
# Environment variable with the folder of Ray's sockets and logs.
TEMPORARY = "RAY_TMPDIR"


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


def machines(known: Mapping[str, Node]) -> dict[str, Node]:
    """Return the machines of the cluster now, with their GPUs, by Ray's ids. Those of `known` ones are not asked again.

    Each machine is asked by a task that runs there: only it knows the memory of its GPUs.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    asked, found = {}, {}
    for node in ray.nodes():
        id, gpus = node["NodeID"], int(node["Resources"].get("GPU", 0))
        if not node["Alive"]:
            continue
        found[id] = known.get(id, Node())
        if gpus and id not in known:
            there = NodeAffinitySchedulingStrategy(id, soft=False)
            task = ray.remote(cards_here).options(num_cpus=0, scheduling_strategy=there)
            asked[id] = task.remote(), gpus
    for id, (cards, gpus) in asked.items():
        try:
            seen = ray.get(cards)[:gpus]
        except ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, MathBatchError):
                raise error.cause from error
            raise
        except ray.exceptions.RayError:  # the machine has left meanwhile
            del found[id]
            continue
        # Ray also counts GPUs of other makers, whose memory is not known.
        found[id] = Node(seen + (Card(0, ""),) * (gpus - len(seen)))
    return found
