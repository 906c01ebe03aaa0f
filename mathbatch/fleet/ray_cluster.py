"""Join a Ray cluster, or start one of this machine alone, and see what it has."""

from __future__ import annotations

import functools
import logging
import os
import secrets
import signal
import socket
from collections.abc import Callable, Mapping

from mathbatch.config.schema import ClusterConfig
from mathbatch.errors import ConfigError, EngineError, MathBatchError
from mathbatch.fleet.gpus import Card, cards_here
from mathbatch.fleet.sizing import Node
from mathbatch.models.engine_arguments import users_environment
from mathbatch.models.reaper import Reaper
from mathbatch.models.shield import shield_processes

# Unless told otherwise, Ray reports its use to its makers, hides GPUs from tasks that claim none, and gives replicas a
# niceness of 15, above which their engines would have no room.
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_worker_niceness": "5",
}
# Environment variable that says whether Ray asks for a token.
AUTH_MODE = "RAY_AUTH_MODE"
# Seconds to wait for a cluster to take a connection.
KNOCK_S = 20.0


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
        _knock(address)
        ray.init(address=address, logging_level=logging.WARNING)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        fix = "start one with `ray start --head` and name its address, or set cluster=local"
        raise ConfigError("cluster.address", f"no Ray cluster answers at {address}: {error}", fix) from error
    return ray.shutdown


def _knock(address: str) -> None:
    """Raise OSError if nobody listens at an address with a port: Ray would try again for minutes."""
    host, _, port = address.rpartition(":")
    if "://" not in address and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), KNOCK_S).close()


def _start_here() -> Callable[[], None]:
    """Start a cluster of this machine alone. All its processes and files are gone when this process ends, however."""
    import ray

    reaper = Reaper()
    reaper.start()
    access = {} if AUTH_MODE in users_environment() else _access(reaper.folder)
    os.environ |= access

    def leave() -> None:
        ray.shutdown()
        reaper.stop()
        for name in access:
            os.environ.pop(name, None)

    before = shield_processes()
    try:
        ray.init(
            address="local",
            logging_level=logging.WARNING,
            include_dashboard=False,
            _temp_dir=os.path.join(reaper.folder, "ray"),
        )
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        leave()
        raise EngineError(f"Ray can't start on this machine: {error}") from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        reaper.unmark()
    return leave


def _access(folder: str) -> dict[str, str]:
    """Write the token of this process into the folder; return the variable by which Ray finds it.

    Ray asks everybody for a token. By itself it would write one into the home folder, and leave it there.
    """
    path = os.path.join(folder, "token")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
        stream.write(_token())
    return {"RAY_AUTH_TOKEN_PATH": path}


@functools.cache
def _token() -> str:
    """Return a secret. It is the same for all clusters of this process, since Ray reads it only once."""
    return secrets.token_hex(32)


def machines(known: Mapping[str, Node]) -> dict[str, Node]:
    """Return the machines of the cluster now, with their GPUs, by Ray's ids. Those of `known` ones are not asked again.

    Each machine is asked by a task that runs there: only it knows the memory of its GPUs.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    asked, found = {}, {}
    for node in ray.nodes():  # type: ignore[no-untyped-call]
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
