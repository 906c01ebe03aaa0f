"""Quantised checkpoints: what they need is said, and what can't run is refused before the load."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf
from support.configs import composed

from mathbatch.commands.check.command import check_composed
from mathbatch.config.paths import locate
from mathbatch.errors import ConfigError
from mathbatch.fleet.choose import model_of
from mathbatch.models.checkpoint.quantization import (
    Quantization,
    needs_of,
    quantization_of,
    refuse_unknown,
    refuse_unsuitable,
)

# vLLM is imported.
pytestmark = pytest.mark.usefixtures("vllm")
FLOATS = {"config_groups": {"group_0": {"weights": {"type": "float", "num_bits": 8}}}}
INTEGERS = {"config_groups": {"group_0": {"weights": {"type": "int", "num_bits": 4}}}}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(locate(composed().model.path, "model.path"), folder)
    return folder


def quantise(checkpoint: Path, settings: dict[str, Any], key: str = "quantization_config", part: str = "") -> None:
    path = checkpoint / "config.json"
    config = json.loads(path.read_text())
    (config[part] if part else config)[key] = settings
    path.write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("key", "part"), [("quantization_config", ""), ("quantization_config", "text_config"), ("compression_config", "")]
)
def test_the_method_is_found_wherever_checkpoints_name_it(checkpoint: Path, key: str, part: str) -> None:
    config = composed(f"model.path={checkpoint}").model
    assert quantization_of(config, checkpoint) is None
    quantise(checkpoint, {"quant_method": "compressed_tensors"}, key, part)
    found = quantization_of(config, checkpoint)
    assert found is not None
    assert found.method == "compressed-tensors"


@pytest.mark.parametrize(
    ("method", "settings", "words", "not_said"),
    [
        ("awq", {}, ["7.5 (Turing)"], "8-bit"),
        ("gptq", {}, ["6.0 (Pascal)"], "8-bit"),
        ("fp8", {}, ["7.5 (Turing)", "8.9 (Ada)", "only the weights"], "AMX"),
        ("fp8", {"weight_block_size": [128, 128]}, ["7.5 (Turing)", "8.9 (Ada)", "AMX"], "4-bit"),
        ("compressed-tensors", FLOATS, ["8.9 (Ada)"], "AMX"),
        ("compressed-tensors", INTEGERS, ["7.0 (Volta)"], "8.9"),
        ("mxfp4", {}, ["8.0 (Ampere)"], "8.9"),
        ("nobodys", {}, ["doesn't know"], "capability"),
    ],
)
def test_what_a_method_needs_is_what_vllm_says(
    method: str, settings: dict[str, Any], words: list[str], not_said: str
) -> None:
    told = needs_of(Quantization(method, settings, "model.path"))
    assert told.startswith(method)
    assert all(word in told for word in words)
    assert not_said not in told


@pytest.mark.parametrize(
    ("method", "fix"), [("bitsandbytes", "pip install vllm-bnb-plugin"), ("nobodys", "take the checkpoint without it")]
)
def test_a_method_that_vllm_does_not_know_is_refused_before_the_load(checkpoint: Path, method: str, fix: str) -> None:
    quantise(checkpoint, {"quant_method": method})
    with pytest.raises(ConfigError, match=rf"model.path: vLLM does not know the quantisation '{method}'\n  fix: {fix}"):
        model_of(composed(f"model.path={checkpoint}")).check_before_load({})


def test_a_method_of_the_users_is_refused_by_its_own_key(checkpoint: Path) -> None:
    config = composed(f"model.path={checkpoint}", "+model.engine.quantization=nobodys").model
    found = quantization_of(config, checkpoint)
    assert found is not None
    with pytest.raises(ConfigError, match=r"model.engine.quantization: "):
        refuse_unknown(found)


@pytest.mark.parametrize("capability", [(7, 0), (7, 5)])
def test_a_card_that_is_too_old_is_refused(monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int]) -> None:
    from vllm import platforms
    from vllm.platforms.interface import DeviceCapability

    found = Quantization("awq", {}, "model.path")
    refuse_unsuitable(found)  # without a card
    monkeypatch.setattr(
        type(platforms.current_platform), "get_device_capability", lambda *_: DeviceCapability(*capability)
    )
    if capability < (7, 5):
        with pytest.raises(ConfigError, match=r"from compute capability 7.5 \(Turing\) on, and this one has 7.0"):
            refuse_unsuitable(found)
    else:
        refuse_unsuitable(found)


@pytest.mark.parametrize("is_supported", [True, False])
def test_a_processor_that_lacks_the_instructions_is_refused(
    monkeypatch: pytest.MonkeyPatch, is_supported: bool
) -> None:
    import torch

    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: is_supported)
    found = Quantization("fp8", {"weight_block_size": [128, 128]}, "model.path")
    if is_supported:
        refuse_unsuitable(found)
    else:
        with pytest.raises(ConfigError, match=r"fp8 in blocks, on this processor: requires AMX"):
            refuse_unsuitable(found)


def test_check_says_what_a_quantised_checkpoint_needs(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quantise(checkpoint, {"quant_method": "fp8", "activation_scheme": "dynamic"})
    config = composed(f"model.path={checkpoint}", f"output_dir={tmp_path}", "dataset.limit=2")
    assert check_composed(OmegaConf.structured(config)) == 0
    assert "quantised as: fp8, for cards from compute capability 7.5" in capsys.readouterr().out
