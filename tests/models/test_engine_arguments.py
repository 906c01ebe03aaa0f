"""Arguments of the engine: what it budgets, how long a context is, and what is said before it loads."""

from __future__ import annotations

import json
import os
import shutil
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import pytest
from support.configs import composed

from mathbatch.config import ModelConfig
from mathbatch.config.paths import locate
from mathbatch.errors import ConfigError
from mathbatch.fleet.choose import model_of
from mathbatch.models import engine_arguments as engine_arguments_module
from mathbatch.models.checkpoint.context_length import context_length, is_surely_taken
from mathbatch.models.engine_arguments import PICTURE_CACHE_NAME, engine_arguments, environment
from mathbatch.models.leftovers import SHARED_MEMORY, SharedMemoryNotes, own_folder, remove_folder

# Importing vLLM takes ten seconds, which its processes share with other tests of real engines.
pytestmark = pytest.mark.usefixtures("vllm")


def arguments_of(config: ModelConfig) -> dict[str, Any]:
    return engine_arguments(config, str(locate(config.path, "model.path")), seeded=False)


def demo(**keys: Any) -> ModelConfig:
    return ModelConfig(name="demo", path="pkg://mathbatch/demo/model", **keys)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """Return a copy of the demo model, which takes 4,096 tokens."""
    folder = tmp_path / "model"
    shutil.copytree(locate(demo().path, "model.path"), folder)
    return folder


def change(checkpoint: Path, part: str | None, **keys: Any) -> None:
    """Set keys in the configuration of a checkpoint, or in a part of it; None takes one out."""
    path = checkpoint / "config.json"
    config = json.loads(path.read_text())
    section = config if part is None else config[part]
    section.update(keys)
    for name in [name for name, value in keys.items() if value is None]:
        del section[name]
    path.write_text(json.dumps(config))


@pytest.mark.parametrize("most", [0, 1, 5])
def test_nothing_but_pictures_is_budgeted(most: int) -> None:
    limits = arguments_of(demo(max_images=most))["limit_mm_per_prompt"]
    assert limits == {"image": most, "vision_chunk": most, "video": 0, "audio": 0}


def test_limits_of_the_user_are_added_to_ours() -> None:
    given = {"image": {"width": 640, "height": 480}, "video": {"count": 1, "num_frames": 8}, "smell": 2}
    limits = arguments_of(demo(max_images=3, engine={"limit_mm_per_prompt": given}))["limit_mm_per_prompt"]
    assert limits == {**given, "image": {"count": 3, "width": 640, "height": 480}, "vision_chunk": 3, "audio": 0}


@pytest.mark.parametrize("name", ["image", "vision_chunk"])
@pytest.mark.parametrize("limit", [2, {"count": 2}])
def test_two_different_limits_of_pictures_are_refused(name: str, limit: Any) -> None:
    with pytest.raises(
        ConfigError, match=f"limit_mm_per_prompt.{name}: 2 pictures in one prompt, and model.max_images"
    ):
        demo(max_images=3, engine={"limit_mm_per_prompt": {name: limit}})
    demo(max_images=2, engine={"limit_mm_per_prompt": {name: limit}})


def test_pictures_for_a_model_that_is_to_read_text_only_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"language_model_only: .*\n  fix: set model.max_images=0"):
        demo(max_images=3, engine={"language_model_only": True})
    demo(max_images=0, engine={"language_model_only": True})


def test_a_model_on_several_cards_divides_pictures_among_them_and_shares_them_in_memory() -> None:
    pictures = {"mm_encoder_tp_mode", "mm_processor_cache_type"}
    found = arguments_of(demo(tensor_parallel_size=2))
    assert {found[name] for name in pictures} == {"data", "shm"}
    assert pictures.isdisjoint(arguments_of(demo(tensor_parallel_size=1)))
    assert pictures.isdisjoint(arguments_of(demo(tensor_parallel_size=2, max_images=0)))


@pytest.mark.parametrize(
    "engine",
    [
        {"distributed_executor_backend": "ray"},
        {"nnodes": 2},
        {"mm_processor_cache_gb": 1e6},  # more than there is room for
    ],
)
def test_pictures_are_not_shared_in_memory_where_vllm_can_not_do_it(engine: dict[str, Any]) -> None:
    found = arguments_of(demo(tensor_parallel_size=2, engine=engine))
    assert found["mm_encoder_tp_mode"] == "data"
    assert "mm_processor_cache_type" not in found


def test_arguments_of_the_user_take_precedence() -> None:
    engine = {"mm_encoder_tp_mode": "weights", "mm_processor_cache_type": "lru"}
    found = arguments_of(demo(tensor_parallel_size=2, engine=engine))
    assert {name: found[name] for name in engine} == engine


@pytest.fixture
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the user have set no variable; vLLM sets one for shared memory when it is imported."""
    monkeypatch.setattr(engine_arguments_module, "users_environment", frozenset)


@pytest.mark.usefixtures("nothing_set")
def test_each_start_has_shared_memory_of_its_own() -> None:
    first, second = (environment(demo())[PICTURE_CACHE_NAME] for _ in range(2))
    assert first != second


@pytest.mark.usefixtures("nothing_set")
def test_shared_memory_with_pictures_is_removed_after_a_run_that_was_killed(tmp_path: Path) -> None:
    lock = own_folder(str(tmp_path))
    pictures = SharedMemory(environment(demo())[PICTURE_CACHE_NAME], create=True, size=1 << 16)  # as vLLM makes it
    resource_tracker.unregister(pictures._name, "shared_memory")  # type: ignore[attr-defined]
    SharedMemoryNotes(str(tmp_path)).look([os.getpid()])
    pictures.close()
    os.close(lock)
    assert (SHARED_MEMORY / pictures.name).exists()
    remove_folder(str(tmp_path))
    assert not (SHARED_MEMORY / pictures.name).exists()


LENGTHS = [
    # Keys in the checkpoint's configuration of the text, what is configured, and the length of the context.
    ({}, 0, 4096),
    ({}, 4096, 4096),
    ({}, 4097, None),
    ({}, None, 4096),
    ({"max_position_embeddings": 65536}, 0, 32768),
    ({"max_position_embeddings": 65536}, None, 65536),
    ({"max_position_embeddings": 65536}, 65536, 65536),
    ({"max_position_embeddings": None}, 0, 2048),  # the default of transformers
    ({"max_position_embeddings": None}, 4096, None),
    ({"rope_parameters": {"rope_type": "linear", "rope_theta": 1e4, "factor": 2.0}}, 0, 8192),
    ({"rope_parameters": {"rope_type": "linear", "rope_theta": 1e4, "factor": 2.0}}, 8192, 8192),
    ({"rope_parameters": {"rope_type": "linear", "rope_theta": 1e4, "factor": 2.0}}, 8193, None),
]


@pytest.mark.parametrize(("keys", "configured", "expected"), LENGTHS)
def test_the_context_is_as_long_as_the_checkpoint_takes(
    checkpoint: Path, keys: dict[str, Any], configured: int | None, expected: int | None
) -> None:
    change(checkpoint, "text_config", **keys)
    config = ModelConfig(name="m", path=str(checkpoint), max_model_len=configured)
    if expected is None:
        with pytest.raises(ConfigError, match=r"model.max_model_len: [\d,]+ tokens are more than the"):
            model_of(composed(f"model.path={checkpoint}", f"model.max_model_len={configured}")).check_before_load({})
        with pytest.raises(ConfigError, match=r"set it to \d+ or less"):
            context_length(config)
    else:
        assert context_length(config) == expected
        assert arguments_of(config)["max_model_len"] == (None if configured is None else expected)


def test_a_longer_context_that_vllm_is_told_to_take_is_taken(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    longer = {"hf_overrides": {"text_config": {"max_position_embeddings": 9000}}}
    assert context_length(ModelConfig(name="m", path=str(checkpoint), max_model_len=9000, engine=longer)) == 9000
    with pytest.raises(ConfigError, match="more than the 9,000 that the checkpoint takes"):
        context_length(ModelConfig(name="m", path=str(checkpoint), max_model_len=9001, engine=longer))
    monkeypatch.setenv("VLLM_ALLOW_LONG_MAX_MODEL_LEN", "1")
    assert context_length(ModelConfig(name="m", path=str(checkpoint), max_model_len=9001)) == 9001


def test_a_model_with_two_sorts_of_positions_has_the_longer_context(checkpoint: Path) -> None:
    long = {"rope_type": "longrope", "rope_theta": 1e4, "long_factor": [2.0] * 16, "short_factor": [1.0] * 16}
    change(checkpoint, "text_config", rope_parameters={**long, "original_max_position_embeddings": 2048})
    config = ModelConfig(name="m", path=str(checkpoint))
    assert context_length(config) == 4096
    config.max_model_len = 5000
    with pytest.raises(ConfigError, match="more than the 4,096 that"):
        context_length(config)


def test_the_context_of_a_checkpoint_that_is_not_here_is_what_is_configured() -> None:
    lengths = [context_length(ModelConfig(name="m", path="maker/solver", max_model_len=n)) for n in (0, 7, None)]
    assert lengths == [32768, 7, None]


def test_vllm_is_asked_only_where_the_configuration_leaves_it_open(checkpoint: Path) -> None:
    assert is_surely_taken(4096, checkpoint, {})
    assert not is_surely_taken(4097, checkpoint, {})
    assert not is_surely_taken(4096, checkpoint, {"hf_overrides": {}})
    change(checkpoint, None, max_position_embeddings=1 << 20)  # not of the part about text
    assert not is_surely_taken(4097, checkpoint, {})
    change(checkpoint, "text_config", max_position_embeddings=None)
    assert not is_surely_taken(4, checkpoint, {})
