"""Check what is said, and where a checkpoint is taken from, when the hub can't be reached or does not give it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from huggingface_hub import constants
from support.hub import COMMIT, Answer, cached, hub_that_answers

from mathbatch.config import hub
from mathbatch.errors import ConfigError

WEIGHTS = {"config.json": "{}", "model.safetensors": ""}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty cache of the hub's client, which may ask a port where nobody answers."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    return tmp_path


def test_a_model_that_is_nowhere_is_told_with_its_command_and_place(cache: Path) -> None:
    with pytest.raises(ConfigError) as told:
        hub.available_model("maker/solver", "v2")
    message = str(told.value)
    assert message.startswith("model.path: the model maker/solver is not on this machine")
    assert "http://127.0.0.1:9 can't be reached" in message
    assert "hf download maker/solver --revision v2;" in message
    assert str(cache / "models--maker--solver") in message


def test_without_a_network_a_cached_model_is_used_and_nobody_is_asked_again(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = cached(cache, "model", "maker/solver", WEIGHTS)
    assert hub.available_model("maker/solver", None) == str(folder)
    assert hub.available_model("maker/solver", COMMIT) == str(folder)
    with hub_that_answers({"/solver": (200, "", {"id": "maker/solver"})}) as (address, asked):
        monkeypatch.setattr(constants, "ENDPOINT", address)
        assert hub.available_model("maker/solver", None) == str(folder)
    assert not asked


def test_what_an_interrupted_download_lacks_is_named(cache: Path) -> None:
    index = json.dumps({"weight_map": {"a": "model-1-of-2.safetensors", "b": "model-2-of-2.safetensors"}})
    files = {"config.json": "{}", "model.safetensors.index.json": index, "model-1-of-2.safetensors": ""}
    cached(cache, "model", "maker/solver", files)
    with pytest.raises(ConfigError, match=r"model-2-of-2\.safetensors is missing"):
        hub.available_model("maker/solver", None)


def test_a_revision_that_is_not_cached_is_not_replaced_by_another(cache: Path) -> None:
    cached(cache, "model", "maker/solver", WEIGHTS)
    with pytest.raises(ConfigError, match="--revision v2"):
        hub.available_model("maker/solver", "v2")


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"/solver": (404, "RepoNotFound", {})}, "has none of that name"),
        ({"/revision/v2": (404, "RevisionNotFound", {})}, "has no revision v2"),
        ({"/solver": (503, "", {})}, "answers 503"),
        ({"/solver": (407, "", {})}, "answers 407"),
        (
            {"/auth-check": (403, "GatedRepo", {}), "/solver": (200, "", {"id": "maker/solver", "gated": "auto"})},
            "set HF_TOKEN",
        ),
    ],
)
def test_each_refusal_of_the_hub_has_its_own_words(
    cache: Path, monkeypatch: pytest.MonkeyPatch, answers: dict[str, Answer], words: str
) -> None:
    with hub_that_answers(answers) as (address, asked):
        monkeypatch.setattr(constants, "ENDPOINT", address)
        with pytest.raises(ConfigError, match=words):
            hub.available_model("maker/solver", "v2" if "v2" in str(answers) else None)
    assert len(asked) == len(answers)  # each asked once


def test_a_hub_that_has_it_is_left_to_its_client(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cached(cache, "model", "maker/solver", WEIGHTS)
    with hub_that_answers({"/solver": (200, "", {"id": "maker/solver"})}) as (address, _):
        monkeypatch.setattr(constants, "ENDPOINT", address)
        assert hub.available_model("maker/solver", None) == "maker/solver"


def test_what_can_be_no_name_of_the_hub_is_said_so(cache: Path) -> None:
    with pytest.raises(ConfigError, match="no folder weights/of/mine, and no name of the hub"):
        hub.available_model("weights/of/mine", None)


def test_a_folder_of_almost_that_name_is_named(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(cache)
    (cache / "weights" / "solver-7b").mkdir(parents=True)
    with pytest.raises(ConfigError, match="to where you have it, such as weights/solver-7b"):
        hub.available_model("weights/solver-7", None)
