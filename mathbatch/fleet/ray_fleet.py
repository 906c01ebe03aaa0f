"""Run replicas of a model on this machine or on a Ray cluster, as many as its GPUs have room for."""

from __future__ import annotations

import asyncio
import os
import pickle
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mathbatch.base import BaseInferenceModel
from mathbatch.config import Config
from mathbatch.errors import MathBatchError
from mathbatch.fleet import local, ray_cluster
from mathbatch.fleet.member import Member
from mathbatch.fleet.model import FleetModel
from mathbatch.fleet.ray_member import RayMember
from mathbatch.fleet.replica import ReplicaSettings
from mathbatch.fleet.sizing import Node, Plan, plan_of
from mathbatch.models.vllm import VllmModel
from mathbatch.parts.faults import in_words

# Seconds between two looks for machines that have joined the cluster.
LOOK_EVERY_S = 5.0
# Share of a processor that a replica claims which has no GPU: many fit on one, and Ray spreads them.
CPU_SHARE = 0.001
# Ports of the first replica's engine, and how many each has for itself, below those that systems give out.
FIRST_PORT, PORTS_EACH = 20_000, 50
# Requests that a replica may have at once.
MAX_CONCURRENCY = 4096


class RayFleet(FleetModel):
    """Replicas of `model`, which itself is never opened: it only judges settings."""

    def __init__(self, config: Config, model: BaseInferenceModel) -> None:
        super().__init__(config.model)
        self._whole, self._model = config, model
        self.serves_adapters = model.serves_adapters
        self._growth: asyncio.Task[None] | None = None
        self._replicas = 0
        self._leave_cluster: Callable[[], None] = lambda: None
        self._machines: dict[str, Node] = {}
        self._placed: Counter[str] = Counter()
        self._plan = Plan(1, 0, (1,), ())
        if isinstance(model, VllmModel) and config.cluster.kind == "local":
            model.settle = local.settling()

    def check_sampling(self, values: Mapping[str, Any]) -> None:
        self._model.check_sampling(values)

    def check_before_load(self, values: Mapping[str, Any]) -> None:
        self._model.seeded, self._model.most_images = self.seeded, self.most_images
        self._model.adapters = self.adapters
        self._model.check_before_load(values)

    async def members(self) -> Sequence[Member]:
        self._leave_cluster = await asyncio.to_thread(ray_cluster.join, self._whole.cluster)
        await self._look()
        for reason in self._plan.reasons:
            self._stream[0](reason)
        self.config = replace(self.config, tensor_parallel_size=self._plan.tensor_parallel_size)
        return [self._member() for _ in range(max(1, self._plan.replicas))]

    async def open(self) -> None:
        await super().open()
        if self.config.replicas is None:
            self._growth = asyncio.create_task(self._grow())

    async def close(self) -> None:
        if self._growth is not None:
            self._growth.cancel()
            await asyncio.wait([self._growth])
        try:
            await super().close()
        finally:
            await asyncio.to_thread(self._leave_cluster)

    async def _look(self) -> None:
        """See which machines there are, and plan for them. Raise ConfigError for what they have no room for."""
        self._machines = await asyncio.to_thread(ray_cluster.machines, self._machines)
        has_gpus = any(node.cards for node in self._machines.values())
        is_sized = has_gpus and isinstance(self._model, VllmModel)
        sizes = await asyncio.to_thread(local.sizes_of, self.config) if is_sized else None
        self._plan = plan_of(sizes, list(self._machines.values()), self.config)

    def _member(self) -> Member:
        on_one_machine = max((1, *self._plan.by_node))
        settings = ReplicaSettings(
            config=self.config,
            folder=os.getcwd(),
            environment=_environment(self._replicas),
            seeded=self.seeded,
            adapters=self.adapters,
            most_images=self.most_images,
            image_budget_bytes=int(self._whole.image_budget_gib * 2**30 / on_one_machine),
            image_workers=self._whole.image_workers,
        )
        name = f"replica {self._replicas}"
        self._replicas += 1
        gpus = self._plan.gpus_each
        options = {
            "num_gpus": gpus,
            # The GPUs decide where it fits: a machine may offer fewer processors than GPUs, or none.
            "num_cpus": 0 if gpus else CPU_SHARE,
            "max_concurrency": MAX_CONCURRENCY,
            "max_restarts": 0,
            "max_task_retries": 0,
            "scheduling_strategy": "SPREAD" if gpus else self._emptiest_machine(),
        }
        return RayMember(name, pickle.dumps(settings), options)

    def _emptiest_machine(self) -> Any:
        """Return Ray's wish for the machine with the fewest replicas. SPREAD alone may leave an idle one idle."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        machine = min(self._machines, key=lambda id: self._placed[id])
        self._placed[machine] += 1
        return NodeAffinitySchedulingStrategy(machine, soft=True)

    async def _grow(self) -> None:
        """Add replicas as machines join the cluster."""
        import ray

        assert self._pool is not None
        told = ""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            had_gpus = self._plan.gpus_each > 0
            try:
                await self._look()
            except (MathBatchError, ray.exceptions.RayError) as error:  # those that are up go on
                if str(error) != told:
                    self._stream[0](f"no engines are added: {in_words(error)}")
                told = str(error)
                continue
            if had_gpus and not self._plan.gpus_each:  # all machines with GPUs are gone; they may come back
                continue
            while self._replicas < self._plan.replicas:
                self._pool.add(self._member())


def _environment(number: int) -> dict[str, str]:
    """Return variables by which the engine of a replica keeps out of the way of others on its machine.

    Engines that compile into one cache at the same time break each other's files, and two that look for a free port at
    the same time may find the same one (https://github.com/vllm-project/vllm/issues/18851).
    """
    cache = os.path.expanduser(os.path.join(os.environ.get("XDG_CACHE_HOME", "~/.cache"), "vllm"))
    return {
        "VLLM_CACHE_ROOT": os.path.join(cache, f"replica-{number}"),
        "VLLM_PORT": str(FIRST_PORT + PORTS_EACH * number),
    }
