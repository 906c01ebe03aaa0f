"""Start servers for a model, one for each copy that there is room for, and answer with them.

python -m mathbatch.run model=qwen dataset=mathvista deploy=sglang deploy.python=/envs/sglang
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mathbatch.base import BaseInferenceModel
from mathbatch.config import Config, ModelConfig, hub
from mathbatch.config.paths import locate
from mathbatch.errors import ConfigError
from mathbatch.fleet import local
from mathbatch.fleet.deploy.command import command_of, environment_of, refuse_unpassed, values_of
from mathbatch.fleet.deploy.member import DeployedMember
from mathbatch.fleet.deploy.process import free_port
from mathbatch.fleet.gpus import VISIBLE
from mathbatch.fleet.member import Member
from mathbatch.fleet.model import FleetModel
from mathbatch.fleet.servers.addresses import Address
from mathbatch.fleet.servers.model import ServerModel
from mathbatch.fleet.sizing import Plan
from mathbatch.models.checkpoint.context_length import context_length
from mathbatch.models.engine_arguments import engine_arguments, environment
from mathbatch.models.vllm import VllmModel


class LocalAddress(Address):
    """Address of a server on this machine, to which no proxy leads."""

    @property
    def proxy(self) -> None:
        """Return None, whatever the environment names."""
        return


class LocalServers(ServerModel):
    """Client of the servers that this run starts. One that doesn't answer in time is ended, and started again."""

    waits_beside_others = False

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self._addresses = [LocalAddress(one.url, one.name, one.host) for one in self._addresses]


class DeployedModel(FleetModel):
    """Servers that are started for a run. `model`, which is never opened, judges settings where the servers are vLLM's.

    `log_folder` gets a file with what each of them says.
    """

    def __init__(self, config: Config, model: BaseInferenceModel) -> None:
        super().__init__(config.model)
        assert config.deploy is not None
        self._deploy, self._model = config.deploy, model
        if not isinstance(model, VllmModel):
            raise ConfigError("deploy", "this model has no checkpoint to be served", "leave it out, or choose another")
        if config.cluster.kind != "local":
            fix = "set cluster=local; for servers on other machines, model=openai model.base_urls=[…]"
            raise ConfigError("deploy", "servers are started on this machine alone", fix)
        refuse_unpassed(config.model, self._deploy)
        self._client = self._client_of([])
        if not local.places_itself(config.model):
            model.settle = local.settling()

    def check_sampling(self, values: Mapping[str, Any]) -> None:
        self._client.check_sampling(values)

    def check_before_load(self, values: Mapping[str, Any]) -> None:
        if self._deploy.takes_engine:
            self._model.seeded, self._model.most_images = self.seeded, self.most_images
            self._model.check_before_load(values)

    async def members(self) -> Sequence[Member]:
        plan, environments = await asyncio.to_thread(self._prepared)
        for reason in plan.reasons:
            self._stream[0](reason)
        taken: set[int] = set()
        ports = [free_port(taken) for _ in environments]
        self._client = self._client_of(ports)
        self._client.image_budget_bytes, self._client.image_workers = self.image_budget_bytes, self.image_workers
        values, engine = await asyncio.to_thread(self._values, plan.tensor_parallel_size)
        made = zip(await self._client.members(), ports, environments, strict=True)
        return [
            DeployedMember(
                f"server {at}",
                client,
                port,
                command_of(self._deploy, {**values, "port": port}, engine),
                variables,
                self.log_folder / f"server-{at}.log",
            )
            for at, (client, port, variables) in enumerate(made)
        ]

    async def close(self) -> None:
        await super().close()
        await self._client.close()

    @property
    def images_read(self) -> int:  # type: ignore[override]
        """Return how many pictures were read, for all servers."""
        return self._client.images_read

    def _prepared(self) -> tuple[Plan, list[dict[str, str]]]:
        """Return the plan for this machine, and the environment of each server."""
        plan = Plan(self.config.tensor_parallel_size or 1, 0, (1,), ())
        if not local.places_itself(self.config):
            plan = local.local_plan(self.config)
        return plan, [self._environment(plan, at) for at in range(max(1, plan.replicas))]

    def _values(self, size: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what the names in the command stand for, and the arguments of vLLM's engine where it takes those.

        `size` is the number of GPUs for one copy.
        """
        config = replace(self.config, tensor_parallel_size=size)
        path = locate(config.path, "model.path")
        found_at = str(path.resolve()) if path.exists() else hub.available_model(config.path, config.revision)
        engine = engine_arguments(config, found_at, self.seeded) if self._deploy.takes_engine else {}
        length = None if engine else context_length(config)
        values = values_of(config, self._deploy, found_at, size, length)
        if engine:  # these are no arguments of the engine, but of its server
            format = config.chat_template_content_format
            engine |= {"chat_template": values["chat_template"], "chat_template_content_format": format}
        return values, engine

    def _environment(self, plan: Plan, at: int) -> dict[str, str]:
        """Return the environment of one server, which gets its own GPUs."""
        found = environment_of(self._deploy)
        if self._deploy.takes_engine:
            found = environment(self.config) | found
            if token := self.config.engine.get(
                "hf_token"
            ):  # on its command line all users of the machine could read it
                found["HF_TOKEN"] = str(token)
        if plan.gpus_each:
            own = local.cards()[at * plan.gpus_each : (at + 1) * plan.gpus_each]
            found[VISIBLE] = ",".join(card.token for card in own)
        return found

    def _client_of(self, ports: Sequence[int]) -> LocalServers:
        """Return what asks the servers at these ports."""
        config = self.config
        return LocalServers(
            ModelConfig(
                name=config.name,
                path=config.name,
                max_tokens=config.max_tokens,
                max_images=config.max_images,
                chat_template_kwargs=config.chat_template_kwargs,
                reasoning=None if isinstance(config.reasoning, str) else config.reasoning,
                stall_timeout_s=config.stall_timeout_s,
                base_urls=[f"http://127.0.0.1:{port}/v1" for port in ports or (1,)],
                api_key_env="",
                server=self._deploy.kind,
                extra_body=config.extra_body,
                start_timeout_s=self._deploy.start_timeout_s,
            )
        )
