"""Check that a LoRA adapter which vLLM would refuse, or leave out in parts, is refused before the load."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants
from support.adapters import DEMO, make_adapter, rename_matrices
from support.configs import composed
from support.hub import cached

from mathbatch.config.overrides import allow_new_key
from mathbatch.errors import ConfigError
from mathbatch.fleet.choose import model_of
from mathbatch.models.checkpoint.adapters import available_adapter, local_adapter
from mathbatch.models.served_adapters import Adapters


def refusal(adapter: Path, *arguments: str) -> str:
    """Return what is said before the load, nothing where nothing is amiss."""
    config = composed(f"model.lora={adapter}", *map(allow_new_key, arguments))
    try:
        model_of(config).check_before_load({})
    except ConfigError as error:
        return str(error)
    return ""


def settings(**changed: Any) -> Callable[[Path], None]:
    """Return what changes these settings of an adapter."""

    def change(folder: Path) -> None:
        file = folder / "adapter_config.json"
        known = json.loads(file.read_text()) | changed
        file.write_text(json.dumps({name: value for name, value in known.items() if value is not None}))

    return change


def renamed(old: str, new: str) -> Callable[[Path], None]:
    """Return what changes the names of an adapter's matrices."""
    return lambda folder: rename_matrices(folder, old, new)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder: (folder / "adapter_config.json").unlink(), "has no adapter_config.json"),
        (lambda folder: (folder / "adapter_model.safetensors").unlink(), "has no adapter_model.safetensors"),
        (lambda folder: (folder / "adapter_config.json").write_text("{"), "can't read"),
        (lambda folder: (folder / "adapter_config.json").write_text("[]"), "of the kind None"),
        (settings(peft_type="LOHA"), "of the kind LOHA"),
        (settings(r=None), "no rank `r`"),
        (settings(r=0), "no rank `r`"),
        (settings(rank_pattern={"q_proj": "8"}), "no rank `r`"),
    ],
)
def test_a_folder_without_a_lora_adapter_is_refused(tmp_path: Path, change: Callable[[Path], None], words: str) -> None:
    folder = make_adapter(tmp_path / "adapter", seed=1)
    change(folder)
    with pytest.raises(ConfigError, match=words) as told:
        local_adapter(str(folder))
    assert str(folder) in str(told.value)


def test_the_adapter_below_a_folder_is_named_and_a_whole_checkpoint_known(tmp_path: Path) -> None:
    make_adapter(tmp_path / "run" / "checkpoint-7", seed=1)
    with pytest.raises(ConfigError, match=r"give one of the folders in it: .*/run/checkpoint-7"):
        local_adapter(str(tmp_path / "run"))
    with pytest.raises(ConfigError, match=r"whole checkpoint\n  fix: set model\.path"):
        local_adapter(str(DEMO))
    with pytest.raises(ConfigError, match="is no folder"):
        local_adapter(str(DEMO / "config.json"))


def test_the_rank_is_the_highest_of_all_patterns(tmp_path: Path) -> None:
    folder = make_adapter(tmp_path / "adapter", seed=1, rank=4, rank_pattern={"q_proj": 40, "v_proj": 2})
    adapter = local_adapter(str(folder))
    assert adapter is not None
    assert (adapter.rank, adapter.targets) == (40, "down_proj, q_proj, v_proj")


def test_an_adapter_of_the_hub_is_taken_from_the_cache_and_one_that_is_nowhere_told_by_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert local_adapter("owner/tuned") is None
    with pytest.raises(ConfigError, match=r"(?s)model\.lora: the model owner/tuned is not .* set model\.lora to where"):
        available_adapter("owner/tuned")
    files = {"adapter_config.json": '{"r": 8}', "adapter_model.safetensors": ""}
    folder = cached(tmp_path, "model", "owner/tuned", files)
    for found in (local_adapter("owner/tuned"), available_adapter("owner/tuned")):
        assert found is not None
        assert (found.folder, found.rank) == (folder, 8)
    with pytest.raises(ConfigError, match=r"model\.lora: there is no folder a/b/c"):
        local_adapter("a/b/c")


@pytest.mark.usefixtures("vllm")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (settings(use_dora=True), "DoRA"),
        (settings(bias="all"), "bias"),
        (settings(modules_to_save=["lm_head"]), "modules_to_save"),
        (settings(init_lora_weights="pissa"), "init_lora_weights"),
        (settings(r=1024), "rank 1024, and vLLM takes 512 at most"),
        (settings(rank_pattern={"q_proj": 600}), "rank 600"),
        (renamed("text_model", "language_model"), "which pkg://mathbatch/demo/model has not"),
        (renamed("layers.3", "layers.31"), "layers.31"),
        (renamed("q_proj", "o_proj_of_mine"), "o_proj_of_mine"),
        (renamed("q_proj", "k_proj"), "128 x 128, which is 64 x 128 in pkg://mathbatch/demo/model"),
        (lambda folder: (folder / "adapter_model.safetensors").write_bytes(b"no tensors"), "can't be read"),
    ],
)
def test_what_vllm_would_refuse_or_leave_out_is_refused_in_one_sentence(
    tmp_path: Path, change: Callable[[Path], None], words: str
) -> None:
    folder = make_adapter(tmp_path / "adapter", seed=1)
    assert refusal(folder) == ""
    change(folder)
    told = refusal(folder)
    assert told.startswith("model.lora: ")
    assert words in told
    assert "\n  fix: " in told


@pytest.mark.usefixtures("vllm")
def test_an_adapter_of_the_part_that_reads_pictures_needs_a_word_to_vllm(tmp_path: Path) -> None:
    folder = make_adapter(tmp_path / "adapter", seed=1, below="model.vision_model")
    told = refusal(folder)
    assert "changes the part that reads pictures (model.vision_model.encoder.layers.0.self_attn.q_proj)" in told
    assert told.endswith("fix: set model.engine.enable_tower_connector_lora=true")
    assert refusal(folder, "model.engine.enable_tower_connector_lora=true") == ""


@pytest.mark.usefixtures("vllm")
def test_an_engine_has_room_for_its_adapters_and_for_later_ones_of_no_higher_rank(tmp_path: Path) -> None:
    folders = {rank: str(make_adapter(tmp_path / f"{rank}", seed=rank, rank=rank)) for rank in (2, 12, 16, 40)}
    found = Adapters()
    assert found.arguments({}) == {}
    assert not found.fit({folders[2]}), "an engine that was opened without adapters takes none"
    found.find([folders[2], folders[12]])
    assert found.arguments({}) == {"enable_lora": True, "max_lora_rank": 16, "max_loras": 2, "max_cpu_loras": 2}
    assert found.fit({folders[2], folders[16]})
    assert not found.fit({folders[2], folders[40]})
    assert found.arguments({"max_loras": 5})["max_cpu_loras"] == 5


@pytest.mark.usefixtures("vllm")
def test_adapters_of_a_high_rank_take_no_more_room_than_one_of_256(tmp_path: Path) -> None:
    found = Adapters()
    found.find([str(make_adapter(tmp_path / f"{at}", seed=at, rank=100)) for at in range(5)])
    assert found.arguments({}) == {"enable_lora": True, "max_lora_rank": 128, "max_loras": 2, "max_cpu_loras": 5}
