"""Work out how many GPUs of this machine hold one copy of a model, and how many copies there is room for."""

from __future__ import annotations

import functools
import importlib.util
import os
from collections.abc import Callable
from dataclasses import replace

import msgspec

from mathbatch.config import ModelConfig
from mathbatch.errors import ConfigError, EngineError
from mathbatch.fleet.footprint import Footprint, footprint_of
from mathbatch.fleet.gpus import VISIBLE, Card, cards_here, has_amd
from mathbatch.fleet.sizing import Node, Plan, plan_of
from mathbatch.models.checkpoint.folder import local_checkpoint
from mathbatch.models.engine_arguments import LOCAL_EXECUTORS

AMD = "the GPUs of AMD in this machine are not counted: set model.tensor_parallel_size and model.replicas"


def places_itself(config: ModelConfig) -> bool:
    """Tell whether the user says where the processes of one engine run, on this machine or on others."""
    engine = config.engine
    ranks = ("device_ids", "data_parallel_rank", "data_parallel_start_rank", "data_parallel_hybrid_lb", "node_rank")
    spans = engine.get("distributed_executor_backend") not in LOCAL_EXECUTORS or int(engine.get("nnodes") or 1) > 1
    return spans or engine.get("data_parallel_backend") == "ray" or any(engine.get(name) for name in ranks)


def cards() -> tuple[Card, ...]:
    """Return the GPUs that this process may use. Raise EngineError where they can't be counted."""
    return _cards(os.environ.get(VISIBLE))


@functools.lru_cache(maxsize=1)
def _cards(_: str | None) -> tuple[Card, ...]:
    return cards_here()


def sizes_of(config: ModelConfig) -> Footprint | None:
    """Return the sizes of a checkpoint, read once for all jobs that have it. Raise ConfigError if it can't be had."""
    return _sizes_of(config.path, config.revision, msgspec.json.encode(config.engine, order="sorted", enc_hook=str))


@functools.lru_cache(maxsize=8)
def _sizes_of(path: str, revision: str | None, engine: bytes) -> Footprint | None:
    return footprint_of(ModelConfig(name="", path=path, revision=revision, engine=msgspec.json.decode(engine)))


def local_plan(config: ModelConfig) -> Plan:
    """Return the plan for this machine. Small files of a checkpoint on the hub are fetched for it.

    Raise ConfigError for a model or for settings that its GPUs have no room for.
    """
    found = cards()
    plan = plan_of(sizes_of(config) if found else None, [Node(found)], config)
    return plan if found or not has_amd() else replace(plan, reasons=(AMD,))


def may_be_several(config: ModelConfig) -> bool:
    """Tell whether there may be room for several engines here. It is sure where the checkpoint is on this machine."""
    try:
        if config.replicas is not None or len(cards()) < 2:
            return (config.replicas or 1) > 1
        if local_checkpoint(config) is None and config.tensor_parallel_size is None:
            return True
        return local_plan(config).replicas > 1
    except (ConfigError, EngineError):  # told where something has to be loaded
        return False


def settling(missing: str | None = None) -> Callable[[ModelConfig, Callable[[str], object]], ModelConfig]:
    """Return what settles the number of GPUs for the only engine of this machine, and says why.

    `missing` tells what is missing for further ones.
    """

    def settle(config: ModelConfig, say: Callable[[str], object]) -> ModelConfig:
        plan = local_plan(replace(config, replicas=1))
        for reason in plan.reasons:
            say(reason if missing is None or "unused" not in reason else f"{reason}: {missing}")
        return replace(config, tensor_parallel_size=plan.tensor_parallel_size)

    return settle


def has_ray() -> bool:
    """Tell whether the package is installed that runs several engines."""
    return importlib.util.find_spec("ray") is not None
