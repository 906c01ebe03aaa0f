"""Tell what a quantised checkpoint needs: a method that vLLM knows, and a card that can compute with its numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from mathbatch.config import ModelConfig
from mathbatch.config.vllm_arguments import vllm_folder
from mathbatch.errors import ConfigError
from mathbatch.models.checkpoint.folder import config_of

# Methods that vLLM has given to packages of their own, which register themselves with it.
PLUGINS = {"bitsandbytes": "vllm-bnb-plugin"}
GENERATIONS = {60: "Pascal", 70: "Volta", 75: "Turing", 80: "Ampere", 89: "Ada", 90: "Hopper", 100: "Blackwell"}
# Cards that multiply 8-bit floats (https://docs.vllm.ai/en/v0.32.0/features/quantization/llm_compressor/fp8/).
FP8_ARITHMETIC = 89
FP8_METHODS = {"fp8", "fbgemm_fp8", "modelopt"}


class Quantization(NamedTuple):
    """Method of a quantised checkpoint with its settings, and the setting of ours that has chosen it."""

    method: str
    settings: dict[str, Any]
    chosen_by: str

    @property
    def is_fp8(self) -> bool:
        """Tell whether weights are 8-bit floats."""
        groups = self.settings.get("config_groups")
        weights = [group.get("weights") or {} for group in groups.values()] if isinstance(groups, dict) else []
        found = any(one.get("type") == "float" and one.get("num_bits") == 8 for one in weights)
        return found or self.method in FP8_METHODS


def quantization_of(config: ModelConfig, folder: Path) -> Quantization | None:
    """Return how the checkpoint in this folder is quantised, None if it isn't, or only vLLM can tell."""
    known = config_of(folder)
    text = known.get("text_config")
    for part in (known, text if isinstance(text, dict) else {}):
        settings = part.get("quantization_config") or part.get("compression_config")
        if isinstance(settings, dict) and isinstance(method := settings.get("quant_method"), str):
            return Quantization(method.lower().replace("_tensors", "-tensors"), settings, "model.path")
    chosen = config.engine.get("quantization")
    return Quantization(chosen, {}, "model.engine.quantization") if isinstance(chosen, str) else None


def needs_of(found: Quantization) -> str:
    """Return what a quantised checkpoint needs, in a line. Imports vLLM."""
    if vllm_folder() is None or not _is_known(found.method):
        return f"{found.method}, which vLLM doesn't know here"
    needs = f"{found.method}, for cards {_from(_min_capability(found))}"
    if found.is_fp8:
        needs += f"; 8-bit arithmetic {_from(FP8_ARITHMETIC)}, on older ones only the weights are kept in 8 bits"
    if "weight_block_size" in found.settings:
        needs += "; without a GPU, for processors with AMX"
    return needs


def refuse_unknown(found: Quantization) -> None:
    """Raise ConfigError if vLLM does not know the method. Imports vLLM."""
    if _is_known(found.method):
        return
    package = PLUGINS.get(found.method)
    fix = f"pip install {package}" if package else "take the checkpoint without it, or by a method that vLLM knows"
    raise ConfigError(found.chosen_by, f"vLLM does not know the quantisation '{found.method}'", fix)


def refuse_unsuitable(found: Quantization) -> None:
    """Raise ConfigError if the card of this machine, or its processor, can't compute with the numbers. Imports vLLM."""
    from vllm.model_executor.kernels.linear.scaled_mm.cpu import CPUFp8BlockScaledMMKernel
    from vllm.platforms import current_platform

    fix = "use another machine, or the checkpoint without it or by another method"
    card, needed = current_platform.get_device_capability(), _min_capability(found)
    if card is not None and card.to_int() < needed:
        own = card.as_version_str()
        problem = f"its quantisation, {found.method}, is for cards {_from(needed)}, and this one has {own}"
        raise ConfigError(found.chosen_by, problem, fix)
    if current_platform.is_cpu() and "weight_block_size" in found.settings:
        is_supported, why = CPUFp8BlockScaledMMKernel.is_supported()
        if not is_supported:
            problem = f"vLLM can't compute with its quantisation, {found.method} in blocks, on this processor: {why}"
            raise ConfigError(found.chosen_by, problem, fix)


def _is_known(method: str) -> bool:
    from vllm.model_executor.layers.quantization import QUANTIZATION_METHODS
    from vllm.plugins import load_general_plugins

    load_general_plugins()
    return method in QUANTIZATION_METHODS


def _min_capability(found: Quantization) -> int:
    """Return the oldest compute capability that vLLM takes for a method, times ten."""
    from vllm.model_executor.layers.quantization import get_quantization_config

    return int(get_quantization_config(found.method).get_min_capability())


def _from(capability: int) -> str:
    generation = f" ({GENERATIONS[capability]})" if capability in GENERATIONS else ""
    return f"from compute capability {capability / 10:.1f}{generation} on"
