"""Refuse checkpoints of models that generate no text by themselves: embeddings, rewards, classes, drafts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mathbatch.config import ModelConfig
from mathbatch.errors import ConfigError
from mathbatch.models.checkpoint.folder import config_of

# Engine arguments by which a checkpoint may become another model than its config.json says.
OTHERWISE = {"hf_overrides", "hf_config_path", "config_format", "runner", "convert", "model_impl"}


def architectures() -> list[str]:
    """Return the names of all architectures by which vLLM generates text."""
    from vllm.model_executor.models import registry

    return [*registry._TEXT_GENERATION_MODELS, *registry._MULTIMODAL_MODELS]


def refuse_no_text(config: ModelConfig, found_at: str) -> None:
    """Raise ConfigError if the config.json in the folder names an architecture that generates no text, or none.

    vLLM would find out only after it has imported the code of that architecture, in a process of its own.
    """
    from vllm.model_executor.models import registry

    if OTHERWISE & config.engine.keys():
        return
    found = config_of(Path(found_at))
    names = found.get("architectures") or []
    is_known = not names or not registry._VLLM_MODELS.keys().isdisjoint(names)
    if "model_type" in found and is_known and set(architectures()).isdisjoint(names):
        raise no_text_error(config, found["model_type"], names)


def refuse_no_generator(config: ModelConfig, architectures: Sequence[str]) -> None:
    """Raise ConfigError for a model that vLLM leaves to transformers, and that is none of those which go on a text.

    vLLM takes the encoders of transformers too, and those of its models that have an encoder beside a decoder.
    """
    import transformers
    from transformers.models.auto import modeling_auto

    generators = (
        modeling_auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES,
        modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    )
    known = {name for by_type in generators for name in by_type.values()}
    # A name that transformers doesn't have is that of code which comes with the checkpoint.
    if known.isdisjoint(architectures) and all(hasattr(transformers, name) for name in architectures):
        problem = f"{config.path} is of the architecture {', '.join(architectures)}, by which vLLM generates no text"
        raise ConfigError("model.path", problem, "take a checkpoint of an architecture that vLLM has")


def no_text_error(config: ModelConfig, kind: str, names: Sequence[str]) -> ConfigError:
    """Return the error for a checkpoint of architectures with these names. `kind` is its type for transformers."""
    from transformers.models.auto import modeling_auto

    for name in ("runner", "convert"):
        if config.engine.get(name) not in (None, "auto", "none", "generate"):
            return ConfigError(f"model.engine.{name}", "the model then generates no text", "leave it out")
    what = f"its architecture is {', '.join(names)}" if names else "its config.json names no architecture"
    if not set(architectures()).isdisjoint(names):
        what = "its files are those of a model for embeddings"
    problem = f"vLLM takes {config.path} for a model that generates no text: {what}"
    maker = (modeling_auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES, modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES)
    likely = next((name for by_type in maker if (name := by_type.get(kind)) in architectures()), None)
    if likely is None:
        return ConfigError("model.path", problem, "take one that generates text")
    otherwise = "runner=generate" if likely in names else f"hf_overrides.architectures=[{likely}]"
    return ConfigError(
        "model.path", problem, f"take one that generates text, or set model.engine.{otherwise} if this does"
    )
