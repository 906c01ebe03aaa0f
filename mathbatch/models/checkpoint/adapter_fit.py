"""Tell whether a LoRA adapter fits a model, before vLLM refuses it or leaves parts of it out without a word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from mathbatch.config import ModelConfig, hub
from mathbatch.errors import ConfigError
from mathbatch.models.checkpoint.adapters import KEY, WEIGHTS, Adapter
from mathbatch.models.checkpoint.damage import damage_of, header_of

if TYPE_CHECKING:
    from vllm.config import ModelConfig as VllmModelConfig

Shape = tuple[int, ...]
# Modules that a checkpoint may lack because they are tied to others, or hold in another form, as experts.
NOT_IN_EVERY_CHECKPOINT = ("lm_head", "embed_tokens", "experts")
MERGE = "merge it into its base, and set model.path to the result"


def check_fit(adapter: Adapter, model: VllmModelConfig, config: ModelConfig) -> None:
    """Raise ConfigError if vLLM takes no adapter for the model or not this one, or if it was made for another model."""
    from vllm.model_executor.model_loader.utils import get_model_cls
    from vllm.model_executor.models.interfaces import supports_lora

    model_class: Any = get_model_cls(model)
    if not supports_lora(model_class):
        raise ConfigError(KEY, f"vLLM takes no adapter for {model_class.__name__}", MERGE)
    _refuse_features(adapter)
    names = _modules_of(adapter)
    if not names:
        return
    mapper = getattr(model_class, "hf_to_vllm_mapper", None)
    rename = mapper.get_rename_mapper().map_name if mapper is not None else str
    adapted = {_module(rename(f"{name}.weight") or name): shapes for name, shapes in names.items()}
    _refuse_pictures_part(adapter, model_class, adapted, config)
    base = {rename(name) or name: shape for name, shape in _weights_of(model)}
    if base:
        # Quantised weights are packed, so their shapes tell nothing.
        shapes = {} if model.quantization is not None else base
        _refuse_other_model(adapter, adapted, set(map(_module, base)), shapes, config)


def room_for(adapter: Adapter) -> int:
    """Return the smallest rank that vLLM makes room for and that is enough. Raises ConfigError if none is."""
    from vllm.config.lora import MaxLoRARanks

    ranks: list[int] = sorted(get_args(MaxLoRARanks))
    if adapter.rank > ranks[-1]:
        problem = f"{adapter.folder} has rank {adapter.rank}, and vLLM takes {ranks[-1]} at most"
        raise ConfigError(KEY, problem, MERGE)
    return next(room for room in ranks if room >= adapter.rank)


def _refuse_features(adapter: Adapter) -> None:
    """Raise ConfigError for what vLLM refuses by the settings alone, in vLLM's own words."""
    from vllm.config.lora import LoRAConfig
    from vllm.lora.peft_helper import PEFTHelper

    room = LoRAConfig(max_lora_rank=room_for(adapter))
    try:
        PEFTHelper.from_dict(dict(adapter.settings)).validate_legal(room)
    except ValueError as error:
        raise ConfigError(KEY, f"vLLM refuses {adapter.folder}: {error}", MERGE) from error


def _refuse_pictures_part(
    adapter: Adapter, model_class: Any, adapted: dict[str, tuple[Shape, Shape]], config: ModelConfig
) -> None:
    """Raise ConfigError for matrices in the part that reads pictures, which vLLM leaves out unless it is told."""
    if config.engine.get("enable_tower_connector_lora") or not hasattr(model_class, "get_mm_mapping"):
        return
    try:
        parts = model_class.get_mm_mapping(model_class)
    except AttributeError:  # some need a loaded model for it
        return
    outside = tuple(prefix for prefix in (*parts.tower_model, *parts.connector))
    found = next((name for name in adapted if outside and name.startswith(outside)), None)
    if found is not None:
        fix = (
            "set model.engine.enable_tower_connector_lora=true" if model_class.supports_tower_connector_lora else MERGE
        )
        raise ConfigError(
            KEY, f"{adapter.folder} changes the part that reads pictures ({found}), which vLLM leaves out", fix
        )


def _refuse_other_model(
    adapter: Adapter,
    adapted: dict[str, tuple[Shape, Shape]],
    known: set[str],
    shapes: dict[str, Shape],
    config: ModelConfig,
) -> None:
    """Raise ConfigError for modules that the checkpoint has not, or has in another size."""
    for name, (first, second) in adapted.items():
        made_for = f"; it was made for {adapter.settings.get('base_model_name_or_path') or 'another model'}"
        fix = "set model.path to the checkpoint that it was made for"
        if any(part in name.split(".") for part in NOT_IN_EVERY_CHECKPOINT):
            continue
        if name not in known:
            problem = f"{adapter.folder} changes {name}, which {config.path} has not{made_for}"
            raise ConfigError(KEY, problem, fix)
        shape = shapes.get(f"{name}.weight")
        if shape is not None and len(shape) == 2 and shape != (second[0], first[1]):
            sizes = f"{second[0]} x {first[1]}, which is {shape[0]} x {shape[1]} in {config.path}"
            raise ConfigError(KEY, f"{adapter.folder} has {name} for {sizes}{made_for}", fix)


def _module(weight: str) -> str:
    return weight.rpartition(".")[0]


def _modules_of(adapter: Adapter) -> dict[str, tuple[Shape, Shape]]:
    """Return the shapes of both matrices of each module, by its name in the model; none if the file tells no names."""
    file = adapter.folder / WEIGHTS[0]
    if not file.is_file():
        return {}
    shapes: dict[str, dict[str, Shape]] = {}
    for name, shape in _shapes(file):
        module, _, kind = name.removesuffix(".weight").removeprefix("base_model.model.").rpartition(".")
        shapes.setdefault(module, {})[kind] = shape
    return {
        module: (found["lora_A"], found["lora_B"])
        for module, found in shapes.items()
        if found.keys() >= {"lora_A", "lora_B"} and len(found["lora_A"]) == len(found["lora_B"]) == 2
    }


def _weights_of(model: VllmModelConfig) -> Iterator[tuple[str, Shape]]:
    """Yield names and shapes of the weights of a checkpoint, as far as they are here and lie in safetensors."""
    folder: Path | None = Path(model.model)
    if not Path(model.model).is_dir():
        folder = hub.cached_snapshot(hub.MODEL, model.model, model.revision)
    for file in sorted(folder.glob("*.safetensors") if folder is not None else ()):
        yield from _shapes(file)


def _shapes(file: Path) -> Iterator[tuple[str, Shape]]:
    """Yield names and shapes of the tensors in a file. Raises ConfigError if it is damaged."""
    if (damage := damage_of(file)) is not None:
        raise ConfigError(KEY, f"{file} {damage}", "copy or save it again")
    for name, entry in header_of(file).items():
        yield name, tuple(entry["shape"])
