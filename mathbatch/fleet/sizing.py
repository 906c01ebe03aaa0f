"""Decide how many GPUs hold one copy of a model, and how many copies the machines have room for.

`plan_of` is a pure function of what a checkpoint needs, what the machines have and what the user has set. Copies on
fewer GPUs are better than one on many: to answer apart costs no messages, and pictures are prepared for each. So one
copy gets the fewest GPUs that hold it (`need`), and further copies fill the rest of each machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mathbatch.config import ModelConfig
from mathbatch.errors import ConfigError
from mathbatch.fleet.footprint import EXPERT_WIDTH, Footprint, longest_context
from mathbatch.fleet.gpus import Card
from mathbatch.fleet.need import (
    CUDA,
    GIB,
    USUAL_SEQUENCE,
    cache_needed,
    needs,
    parallel_size,
    usable,
    why_indivisible,
)

# Number of GPUs up to which a message says how many would hold a model.
MOST_GPUS = 1024
# Setting with which one engine of vLLM uses the GPUs of several machines.
SPANNING = "model.engine.distributed_executor_backend=ray"
# Setting by which GPUs share experts whole, not the width of each.
EXPERT_PARALLEL = "set model.engine.enable_expert_parallel=true"


@dataclass(frozen=True)
class Node:
    """Machine with its GPUs."""

    cards: tuple[Card, ...] = ()

    @property
    def memory(self) -> int:
        """Return the memory of its smallest card, in bytes."""
        return min(card.memory for card in self.cards)


@dataclass(frozen=True)
class Plan:
    """Number of GPUs for one copy of a model, the copies on each machine, and why, in sentences."""

    tensor_parallel_size: int
    gpus_each: int
    by_node: tuple[int, ...]
    reasons: tuple[str, ...]

    @property
    def replicas(self) -> int:
        """Return the number of copies on all machines."""
        return sum(self.by_node)


def plan_of(found: Footprint | None, nodes: Sequence[Node], config: ModelConfig) -> Plan:
    """Return the plan for a checkpoint, None where nothing is known of its size, on these machines.

    Raise ConfigError for a model that no machine can hold, and for settings that no machine has the GPUs for.
    """
    if not any(node.cards for node in nodes):
        return _without_gpus(nodes, config)
    if any(not card.memory for node in nodes for card in node.cards):
        found = None  # a GPU of another maker
    others = parallel_size(config, "pipeline_parallel_size") * parallel_size(config, "data_parallel_size")
    if config.tensor_parallel_size is not None:
        size, why = config.tensor_parallel_size, [f"model.tensor_parallel_size={config.tensor_parallel_size} is set"]
        _refuse_too_few(nodes, config, size * others)
        _refuse_too_heavy(found, nodes, config, size, others)
    elif found is None:
        size, why = 1, ["sizes of the model or of the GPUs are not known: each engine gets one GPU"]
        _refuse_too_few(nodes, config, others)
    else:
        size, why = _fewest(found, nodes, config, others)
    usable = [_has_room(found, node, config, size, others) for node in nodes]
    if not any(usable):  # there is little room, which is only estimated
        usable = [_may_have_room(found, node, config, size, others) for node in nodes]
    room = [len(node.cards) // (size * others) if fits else 0 for node, fits in zip(nodes, usable, strict=True)]
    by_node = _spread(room, config)
    return Plan(size, size * others, tuple(by_node), (*why, *_uses(nodes, by_node, size * others)))


def _without_gpus(nodes: Sequence[Node], config: ModelConfig) -> Plan:
    """Return the plan for machines without GPUs: one engine on each."""
    count = len(nodes) if config.replicas is None else config.replicas
    by_node = [count // len(nodes) + (at < count % len(nodes)) for at in range(len(nodes))]
    return Plan(config.tensor_parallel_size or 1, 0, tuple(by_node), ())


def _fewest(found: Footprint, nodes: Sequence[Node], config: ModelConfig, others: int) -> tuple[int, list[str]]:
    """Return the fewest GPUs that hold a copy on the most machines, and why. Raise ConfigError if none do."""
    most = max(len(node.cards) for node in nodes) // others
    holding = {
        size: sum(_has_room(found, node, config, size, others) for node in nodes)
        for size in range(1, most + 1)
        if why_indivisible(found, size) is None
    }
    if any(holding.values()):
        size = max(holding, key=lambda one: (holding[one], -one))
        node = next(node for node in nodes if _has_room(found, node, config, size, others))
        return size, list(_why(found, node, config, size))
    for size in sorted(holding, reverse=True):
        if any(_may_have_room(found, node, config, size, others) for node in nodes):
            return size, [f"{found.name} is on the most GPUs that can share it, {size}, and may still lack memory"]
    raise _too_large(found, nodes, config, others)


def _why(found: Footprint, node: Node, config: ModelConfig, size: int) -> Iterator[str]:
    """Say why a copy gets so many GPUs of a machine, and no fewer."""
    card, need = node.memory, needs(found, config, size, node.memory)
    left = usable(config, card) - need.weights - need.working
    yield (
        f"{found.name} has {_gib(found.weights.total)} GiB of weights ({found.weights.source}): {_gpus(size)} of "
        f"{_gib(card)} GiB {'hold' if size > 1 else 'holds'} them, {_gib(need.weights)} GiB on each, with "
        f"{_gib(need.working)} GiB to work in and {_gib(left)} GiB for keys and values"
    )
    for fewer in range(size - 1, 0, -1):
        if (part := why_indivisible(found, fewer)) is not None:
            if needs(found, config, fewer, card).total <= usable(config, card):
                yield f"{fewer} GPUs would hold it and can't share its {part}"
        else:
            lacking = needs(found, config, fewer, card).total - usable(config, card)
            if lacking > 0:
                yield f"{_gpus(fewer)} would lack {_gib(lacking)} GiB{' each' if fewer > 1 else ''}"
            return


def _uses(nodes: Sequence[Node], by_node: Sequence[int], each: int) -> Iterator[str]:
    """Say how the GPUs are used, and what is left over."""
    total, copies = sum(len(node.cards) for node in nodes), sum(by_node)
    yield f"{_gpus(total)}: {copies} {'engine' if copies == 1 else 'engines'} of {_gpus(each)} each"
    if (unused := total - copies * each) > 0:
        yield f"{_gpus(unused)} {'stays' if unused == 1 else 'stay'} unused"


def _spread(room: list[int], config: ModelConfig) -> list[int]:
    """Return the copies on each machine: as many as there is room for, or as the user wants."""
    if config.replicas is None:
        return room
    if config.replicas > sum(room):
        problem = f"{config.replicas} engines, and the GPUs have room for {sum(room)}"
        raise ConfigError("model.replicas", problem, f"set it to {max(sum(room), 1)} or less, or to null")
    by_node = [0] * len(room)
    while sum(by_node) < config.replicas:  # one after another to the machine with the most room left
        by_node[max(range(len(room)), key=lambda at: room[at] - by_node[at])] += 1
    return by_node


def _has_room(found: Footprint | None, node: Node, config: ModelConfig, size: int, others: int) -> bool:
    """Tell whether a machine can hold one copy on `size` GPUs."""
    if len(node.cards) < size * others or found is None:
        return len(node.cards) >= size * others
    return needs(found, config, size, node.memory).total <= usable(config, node.memory)


def _may_have_room(found: Footprint | None, node: Node, config: ModelConfig, size: int, others: int) -> bool:
    """Tell whether it is worth a try there, as what an engine works in is only estimated.

    A number of GPUs that the user has set is tried wherever the weights alone have room.
    """
    if len(node.cards) < size * others or found is None:
        return len(node.cards) >= size * others
    need = needs(found, config, size, node.memory)
    if config.tensor_parallel_size is not None:
        return need.weights <= node.memory
    return need.weights + CUDA + need.one <= usable(config, node.memory)


def _refuse_too_few(nodes: Sequence[Node], config: ModelConfig, wanted: int) -> None:
    """Raise ConfigError where no machine has the GPUs that one copy is to have."""
    most = max(len(node.cards) for node in nodes)
    if wanted <= most:
        return
    sizes = {"model.tensor_parallel_size": config.tensor_parallel_size or 1}
    for name in ("pipeline_parallel_size", "data_parallel_size"):
        sizes |= {f"model.engine.{name}": parallel_size(config, name)} if parallel_size(config, name) > 1 else {}
    path = max(sizes, key=lambda one: sizes[one])
    product = " x ".join(f"{path.rpartition('.')[2]} {size}" for path, size in sizes.items())
    problem = f"one engine needs {wanted} GPUs ({product}), and a machine here has {most} at most"
    raise ConfigError(path, problem, f"lower it, or let one engine span the machines of a Ray cluster: {SPANNING}")


def _refuse_too_heavy(
    found: Footprint | None, nodes: Sequence[Node], config: ModelConfig, size: int, others: int
) -> None:
    """Raise ConfigError where the weights alone are more than the memory of the GPUs that are to hold them."""
    memory = max(node.memory for node in nodes if len(node.cards) >= size * others)
    if found is None or (held := needs(found, config, size, memory).weights) <= memory:
        return
    problem = f"each of {_gpus(size)} would get {_gib(held)} GiB of weights, and has {_gib(memory)} GiB"
    raise ConfigError("model.tensor_parallel_size", problem, "raise it, or set it to null")


def _too_large(found: Footprint, nodes: Sequence[Node], config: ModelConfig, others: int) -> ConfigError:
    """Return the error for a model that no machine can hold: it says what would."""
    node = max(nodes, key=lambda one: len(one.cards) * one.memory if one.cards else 0)
    most, allowed = len(node.cards) // others, usable(config, node.memory)
    if not most:
        _refuse_too_few(nodes, config, others)
    sizes = [size for size in range(1, MOST_GPUS + 1) if why_indivisible(found, size) is None]
    largest = max(size for size in sizes if size <= most)
    need = needs(found, config, largest, node.memory)
    here = f"{_gpus(len(node.cards))} of {_gib(node.memory)} GiB"
    problem = (
        f"{found.name} needs {_gib(need.total)} GiB on each of {_gpus(largest)} ({_gib(need.weights)} of weights, "
        f"{_gib(need.working)} to work in, {_gib(need.cache)} of keys and values), and of {here} it may have "
        f"{_gib(allowed)}"
    )
    fixes = ["take a checkpoint that is smaller, or quantised (FP8, AWQ)"]
    if (part := why_indivisible(found, most)) is not None:
        problem += f"; {most} GPUs can't share its {part}"
        fixes += [EXPERT_PARALLEL] if part.startswith(EXPERT_WIDTH) else []
    if (length := _length_that_fits(found, config, largest, node.memory)) is not None:
        return ConfigError("model.max_model_len", problem, f"set it to {length}, or {fixes[0]}")
    enough = next((size for size in sizes if needs(found, config, size, node.memory).total <= allowed), None)
    if enough is not None:
        fixes.append(f"use {enough} GPUs like these in one machine")
        stages = -(-enough // largest)
        spanning = f"model.tensor_parallel_size={largest} model.engine.pipeline_parallel_size={stages} {SPANNING}"
        fixes.append(f"run one engine on {stages} machines of a Ray cluster: {spanning}")
    return ConfigError("model.path", problem, ", or ".join(fixes))


def _length_that_fits(found: Footprint, config: ModelConfig, size: int, memory: int) -> int | None:
    """Return the longest context, in thousands of tokens, for which there is room; None below the usual sequence."""
    need = needs(found, config, size, memory)
    longest = longest_context(found, config.max_model_len)
    lengths = range(longest // 1024 * 1024, USUAL_SEQUENCE - 1, -1024)
    left = usable(config, memory) - need.weights - need.working
    return next((length for length in lengths if max(cache_needed(found, config, size, length)) <= left), None)


def _gpus(count: int) -> str:
    return "1 GPU" if count == 1 else f"{count} GPUs"


def _gib(size: int) -> str:
    return f"{size / GIB:,.1f}"
