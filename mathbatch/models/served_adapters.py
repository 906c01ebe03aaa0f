"""Open an engine so that it has room for the LoRA adapters of all its jobs, and let each request name its own."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from mathbatch.config import ModelConfig
from mathbatch.errors import ConfigError, JobError
from mathbatch.models.checkpoint.adapter_fit import MERGE, check_fit, room_for
from mathbatch.models.checkpoint.adapters import KEY, Adapter, available_adapter

if TYPE_CHECKING:
    from vllm.lora.request import LoRARequest
    from vllm.v1.engine.async_llm import AsyncLLM

# Ranks that all adapters of one batch may have together. Room for them is taken when the engine starts: with 256 it is
# 1.3 GB for a model of 7 billion weights, which is what one adapter of rank 256 takes.
RANKS_TOGETHER = 256


class Adapters:
    """Adapters that an engine serves. Each has a number, by which vLLM knows it, from 1."""

    def __init__(self) -> None:
        self._found: dict[str, Adapter] = {}
        self._highest_rank: int | None = None
        # What comes of the first request for each, on the engine that is open.
        self._served: dict[str, asyncio.Task[LoRARequest | JobError]] = {}

    def find(self, names: Collection[str]) -> None:
        """Find those that are not known yet. Raises ConfigError if one is nowhere, or is none."""
        for name in sorted(names):
            if name not in self._found:
                self._found[name] = available_adapter(name)

    def arguments(self, engine: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of an engine that serves them, beside those that the user gives for it."""
        self._highest_rank = 0
        if not self._found:
            return {}
        self._highest_rank = rank = max(map(room_for, self._found.values()))
        together = engine.get("max_loras") or min(len(self._found), max(1, RANKS_TOGETHER // rank))
        return {
            "enable_lora": True,
            "max_lora_rank": rank,
            "max_loras": together,
            # Those that are not in the batch wait in the machine's memory: none is read from the disk twice.
            "max_cpu_loras": max(len(self._found), together),
        }

    def fit(self, names: Collection[str]) -> bool:
        """Tell whether the engine that was opened with these arguments has room for further ones."""
        if self._highest_rank is None:
            return True
        new = set(names) - self._found.keys()
        return not new or max(room_for(available_adapter(name)) for name in new) <= self._highest_rank

    async def request(self, name: str | None, engine: AsyncLLM, config: ModelConfig) -> LoRARequest | None:
        """Return what tells vLLM with which adapter to answer, once vLLM has read it. Raise JobError if it can't."""
        if name is None:
            return None
        task = self._served.get(name)
        if task is None:
            task = self._served[name] = asyncio.create_task(self._serve(name, engine, config))
        found = task.result() if task.done() else await asyncio.shield(task)
        if isinstance(found, JobError):
            raise found
        return found

    def forget_engine(self) -> None:
        """Note that the engine is closed."""
        for task in self._served.values():
            task.cancel()
        self._served.clear()

    async def _serve(self, name: str, engine: AsyncLLM, config: ModelConfig) -> LoRARequest | JobError:
        """Let vLLM read an adapter, since one that it refused in the middle of a batch would end the engine."""
        from vllm.lora.request import LoRARequest

        try:
            await asyncio.to_thread(self.find, [name])  # one that came after the engine was opened
            adapter = self._found[name]
            await asyncio.to_thread(check_fit, adapter, engine.model_config, config)
            request = LoRARequest(name, list(self._found).index(name) + 1, str(adapter.folder))
            await engine.add_lora(request)
        except ConfigError as error:
            return JobError(str(error))
        except Exception as error:
            if engine.errored:
                raise
            # vLLM has no class of its own for what it reports from its other process.
            return JobError(f"{KEY}: vLLM can't read {name}: {error}\n  fix: {MERGE}")
        return request
