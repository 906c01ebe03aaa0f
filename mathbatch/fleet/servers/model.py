"""Answer requests with OpenAI-compatible servers: vLLM, SGLang, LMDeploy, and those of companies.

python -m mathbatch.run model=openai model.path=qwen "model.base_urls=[http://a:8000/v1,http://b:8000/v1]"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mathbatch.config import ModelConfig
from mathbatch.config.vllm_arguments import check_nested_sampling
from mathbatch.errors import ConfigError
from mathbatch.fleet.member import Member
from mathbatch.fleet.model import FleetModel
from mathbatch.fleet.servers.addresses import Key, addresses_of
from mathbatch.fleet.servers.bodies import BodyWriter
from mathbatch.fleet.servers.dialects import LENGTHS, dialect_of
from mathbatch.fleet.servers.member import ServerMember, ServerSettings
from mathbatch.fleet.servers.pictures import Pictures
from mathbatch.fleet.servers.waits import Waits

# Settings of an engine that nothing can be done about in a request, with their values where they are not set, and who
# has to set them.
OF_THE_ENGINE: dict[str, Any] = {
    "revision": None,
    "tensor_parallel_size": None,
    "replicas": None,
    "max_model_len": 0,
    "trust_remote_code": False,
    "cpu_kv_cache_gib": 4,
    "chat_template": None,
    "chat_template_content_format": "auto",
    "lora": None,
    "mm_processor_kwargs": {},
    "engine": {},
}
WHOSE = "leave it out, and give it to the server where that is started"


class ServerModel(FleetModel):
    """Servers that have the same model under the same name, each a member of the fleet."""

    waits = Waits()
    waits_beside_others = True
    """Tell whether a server that is not there is asked again for as long as others answer."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        for name, unset in OF_THE_ENGINE.items():
            if getattr(config, name) != unset:
                raise ConfigError(f"model.{name}", "a server has its own, and takes no other", WHOSE)
        if isinstance(config.reasoning, str):
            problem = "the parser of thoughts is the server's own"
            raise ConfigError("model.reasoning", problem, "start the server with it, or give a pair of marks here")
        self._addresses = addresses_of(config)
        self._key = Key(config)
        self._dialect = dialect_of(config.server, [address.host for address in self._addresses])
        self._writer = BodyWriter(config)
        self._pictures: Pictures | None = None

    def check_sampling(self, values: Mapping[str, Any]) -> None:
        check_nested_sampling(values)
        self._writer.head(values, self._dialect, LENGTHS[0])

    async def members(self) -> Sequence[Member]:
        config = self.config
        self._pictures = Pictures(self.image_budget_bytes, self.image_workers)
        marks = config.reasoning
        settings = ServerSettings(
            model=config.path,
            max_images=config.max_images,
            marks=None if marks is None else (marks[0], marks[1]),
            limit_s=config.stall_timeout_s,
            start_s=config.start_timeout_s,
            dialect=self._dialect,
            waits=self.waits,
        )
        made = [ServerMember(one, self._key, settings, self._writer, self._pictures) for one in self._addresses]
        for member in made if self.waits_beside_others else ():
            member.others_are_up = lambda: any(one.is_up for one in made)
        return made

    async def close(self) -> None:
        await super().close()
        if self._pictures is not None:
            self._pictures.close()

    @property
    def images_read(self) -> int:  # type: ignore[override]
        """Return how many pictures were read, for all servers."""
        return 0 if self._pictures is None else self._pictures.reads
