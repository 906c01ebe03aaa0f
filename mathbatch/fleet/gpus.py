"""See which GPUs this process may use, without torch and without vLLM."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from mathbatch.errors import EngineError

# Environment variable with the numbers or UUIDs of the GPUs that a process may use, separated by commas.
VISIBLE = "CUDA_VISIBLE_DEVICES"
# Files by which the drivers of NVIDIA and AMD show that they are loaded.
NVIDIA_DRIVER, AMD_DRIVER = Path("/proc/driver/nvidia/version"), Path("/dev/kfd")
UUID_PREFIXES = "GPU-", "MIG-"


@dataclass(frozen=True)
class Card:
    """GPU: its memory in bytes, and the name by which CUDA_VISIBLE_DEVICES means it."""

    memory: int
    token: str
    name: str = "GPU"


def cards_here() -> tuple[Card, ...]:
    """Return the GPUs of this machine that CUDA_VISIBLE_DEVICES leaves to this process, in its order.

    Those of AMD are not among them: see `has_amd`. Raise EngineError where a driver is loaded that can't be asked.
    """
    try:
        import pynvml
    except ImportError as error:
        if not NVIDIA_DRIVER.exists():
            return ()
        fix = "pip install nvidia-ml-py, or set model.tensor_parallel_size and model.replicas"
        raise EngineError(f"the GPUs of this machine can't be counted: {error}\n  fix: {fix}") from error
    try:
        pynvml.nvmlInit()
    except (pynvml.NVMLError_LibraryNotFound, pynvml.NVMLError_DriverNotLoaded, pynvml.NVMLError_NoPermission):
        return ()
    except pynvml.NVMLError as error:
        raise EngineError(f"the NVIDIA driver can't be asked for its GPUs: {error}\n  fix: try `nvidia-smi`") from error
    try:
        return visible(pynvml, os.environ.get(VISIBLE))
    finally:
        pynvml.nvmlShutdown()


def has_amd() -> bool:
    """Tell whether this machine has GPUs of AMD, whose number and memory is not known here."""
    return AMD_DRIVER.exists()


def visible(nvml: Any, given: str | None) -> tuple[Card, ...]:
    """Return the cards that a value of CUDA_VISIBLE_DEVICES names; all if it is None. `nvml` is the module pynvml.

    As in CUDA, the list ends at the first entry that names no card, and no card may stand there twice: see
    https://docs.nvidia.com/cuda/cuda-programming-guide/05-appendices/environment-variables.html.
    """
    if given is None:
        tokens = [str(number) for number in range(nvml.nvmlDeviceGetCount())]
    else:
        tokens = [token.strip() for token in given.split(",")]
    cards: list[Card] = []
    for token in tokens:
        if (handle := _handle(nvml, token)) is None:
            break
        cards.append(Card(_memory(nvml, handle), token, _text(nvml.nvmlDeviceGetName(handle))))
    return () if len({card.token for card in cards}) < len(cards) else tuple(cards)


def _handle(nvml: Any, token: str) -> Any:
    """Return NVML's handle of the card with this number or UUID, which may be its beginning; None if there is none."""
    try:
        if token.isdecimal():
            return nvml.nvmlDeviceGetHandleByIndex(int(token))
        if token.startswith(UUID_PREFIXES):
            return nvml.nvmlDeviceGetHandleByUUID(_whole_uuid(nvml, token))
    except (nvml.NVMLError_NotFound, nvml.NVMLError_InvalidArgument):
        return None
    return None


def _whole_uuid(nvml: Any, beginning: str) -> str:
    handles = (nvml.nvmlDeviceGetHandleByIndex(number) for number in range(nvml.nvmlDeviceGetCount()))
    uuids = [_text(nvml.nvmlDeviceGetUUID(handle)) for handle in handles]
    found = [uuid for uuid in uuids if uuid.startswith(beginning)]
    return found[0] if len(found) == 1 else beginning


def _memory(nvml: Any, handle: Any) -> int:
    """Return the memory of a card in bytes. One that shares the memory of the machine, as GB10, has none of its own."""
    try:
        return int(nvml.nvmlDeviceGetMemoryInfo(handle).total)
    except nvml.NVMLError_NotSupported:
        return psutil.virtual_memory().total


def _text(found: str | bytes) -> str:
    return found.decode() if isinstance(found, bytes) else found
