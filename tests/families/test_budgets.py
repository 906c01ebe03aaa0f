"""vLLM's own budget of each family: pictures, and no other kind of item that a run never sends."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.configs import composed

from mathbatch.models.engine_arguments import engine_arguments

if TYPE_CHECKING:
    from vllm.config import VllmConfig

pytestmark = [pytest.mark.engine, pytest.mark.families]

# Families whose checkpoints take videos too, and others with pictures.
NAMES = (
    *("qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_5", "glm4v", "internvl", "llava_onevision", "smolvlm"),
    *("mistral3", "llama4", "gemma3", "paligemma", "llava15", "idefics3"),
)


def configured(name: str, folder: Path, *more: str) -> VllmConfig:
    """Return vLLM's configuration of a tiny checkpoint of this family, with the arguments of a run."""
    from support.families.table import FAMILIES
    from vllm import AsyncEngineArgs
    from vllm.usage.usage_lib import UsageContext

    family = FAMILIES[name]
    if not folder.exists():
        family.make(folder)
    config = composed(f"model={family.group}", f"model.path={folder}", f"model.max_images={family.images}", *more)
    arguments = engine_arguments(config.model, str(folder), seeded=False)
    return AsyncEngineArgs(**arguments).create_engine_config(UsageContext.LLM_CLASS)


@pytest.mark.parametrize("name", NAMES)
def test_only_pictures_are_budgeted_and_that_takes_little_memory(prepared: None, tmp_path: Path, name: str) -> None:
    from vllm.multimodal import MULTIMODAL_REGISTRY
    from vllm.multimodal.encoder_budget import MultiModalBudget

    config = configured(name, tmp_path / name)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    budget: Any = MultiModalBudget(config, MULTIMODAL_REGISTRY)
    assert set(budget.mm_max_toks_per_item) == {"image"}
    assert {kind for kind, limit in budget.mm_limits.items() if limit} == {"image"}
    profiled = budget.get_dummy_encoder_profile_inputs()
    assert {kind for kind, _ in profiled} == {"image"}
    # With a video, GLM-4.1V takes twenty times as much as the process with all its imports.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2 * before


@pytest.mark.parametrize("name", NAMES)
def test_without_pictures_nothing_is_budgeted(prepared: None, tmp_path: Path, name: str) -> None:
    config = configured(name, tmp_path / name, "model.max_images=0")
    assert not config.model_config.supports_multimodal_inputs
