"""Check that a checkpoint whose files are missing, damaged or another's is refused before vLLM is imported."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.checkpoints import copy_of_demo, cut, edit, shard
from support.processes import HEAVY, run, run_and_list_modules

from mathbatch.config import ModelConfig
from mathbatch.errors import ConfigError
from mathbatch.models.checkpoint.files import refuse_bad_files

LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 14960\n"
PAGE = "<!DOCTYPE html><html><body>Access to this model is restricted</body></html>"

# What is done to a copy of the demo model, and what the sentence has to say, with its fix.
KINDS: dict[str, tuple[Callable[[Path], object], tuple[str, ...]]] = {}


def kind(*words: str) -> Callable[[Callable[[Path], object]], Callable[[Path], object]]:
    def add(damage: Callable[[Path], object]) -> Callable[[Path], object]:
        KINDS[damage.__name__] = damage, words
        return damage

    return add


@kind("has no config.json", "hf download")
def no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


@kind("config.json is no JSON: ")
def config_cut_off(folder: Path) -> None:
    cut(folder / "config.json")


@kind("config.json is JSON, but no object")
def config_is_a_list(folder: Path) -> None:
    (folder / "config.json").write_text("[]")


@kind("config.json is a pointer of Git LFS")
def config_left_by_git(folder: Path) -> None:
    (folder / "config.json").write_text(LFS)


@kind("config.json leads to", "blobs/4d7a, which is not there")
def config_is_a_link_to_nothing(folder: Path) -> None:
    (folder / "config.json").unlink()
    (folder / "config.json").symlink_to("../../blobs/4d7a")


@kind("tokenizer.json is no JSON")
def tokenizer_cut_off(folder: Path) -> None:
    cut(folder / "tokenizer.json")


@kind("tokenizer.json is cut off")
def large_tokenizer_cut_off(folder: Path) -> None:
    (folder / "tokenizer.json").write_text('{"model": "' + 5_000_000 * "a")


@kind("has no tokenizer")
def no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


@kind("processor_config.json is empty")
def empty_processor(folder: Path) -> None:
    (folder / "processor_config.json").write_text("")


@kind("chat_template.jinja is a web page")
def template_is_a_web_page(folder: Path) -> None:
    (folder / "chat_template.jinja").write_text(PAGE)


@kind("has no file with weights")
def no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


@kind("has no file with weights")
def state_of_a_training_alone(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "optimizer.bin")


@kind("no file with weights; model.safetensors.4d7a.incomplete is left of a download that was stopped")
def download_stopped(folder: Path) -> None:
    (folder / ".cache" / "huggingface" / "download").mkdir(parents=True)
    left = folder / ".cache" / "huggingface" / "download" / "model.safetensors.4d7a.incomplete"
    (folder / "model.safetensors").rename(left)


@kind("model.safetensors is a pointer of Git LFS")
def weights_left_by_git(folder: Path) -> None:
    (folder / "model.safetensors").write_text(LFS)


@kind("model.safetensors is empty")
def empty_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"")


@kind("model.safetensors has 1,122,848 bytes, and its header tells of 2,245,696")
def weights_cut_off(folder: Path) -> None:
    cut(folder / "model.safetensors")


@kind("model.safetensors has 1,000 bytes, and its header tells of")
def weights_cut_off_in_their_header(folder: Path) -> None:
    cut(folder / "model.safetensors", 1000.5 / 2_245_696)


@kind("model.safetensors is no safetensors file")
def weights_of_another_format(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"PK\3\4" + bytes(range(200, 256)) * 9)


@kind("lacks 1 of 3 files of weights, model-00002-of-00003.safetensors, which model.safetensors.index.json names")
def one_shard_missing(folder: Path) -> None:
    shard(folder, 3)
    (folder / "model-00002-of-00003.safetensors").unlink()


@kind("lacks 1 of 3 files of weights, model-00003-of-00003.safetensors, which belongs to the others")
def one_shard_and_the_index_missing(folder: Path) -> None:
    shard(folder, 3)
    (folder / "model-00003-of-00003.safetensors").unlink()
    (folder / "model.safetensors.index.json").unlink()


@kind("lacks 2 of 2 files of weights, model-00001-of-00002.safetensors, which model.safetensors.index.json names")
def nothing_but_the_index(folder: Path) -> None:
    shard(folder, 2)
    for path in folder.glob("*.safetensors"):
        path.unlink()


@kind("model-00002-of-00002.safetensors has")
def second_shard_cut_off(folder: Path) -> None:
    shard(folder, 2)
    cut(folder / "model-00002-of-00002.safetensors")


@kind("model.safetensors.index.json is no JSON")
def index_cut_off(folder: Path) -> None:
    shard(folder, 2)
    cut(folder / "model.safetensors.index.json")


@kind("pytorch_model.bin is cut off")
def archive_cut_off(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    with zipfile.ZipFile(folder / "pytorch_model.bin", "w") as archive:
        archive.writestr("data.pkl", bytes(4000))
    cut(folder / "pytorch_model.bin")


@kind("is a LoRA adapter, not a model", "set model.path=maker/solver and model.lora=")
def adapter(folder: Path) -> None:
    (folder / "config.json").unlink()
    (folder / "model.safetensors").rename(folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "maker/solver", "r": 8}))


@kind("is StableDiffusionPipeline, which makes pictures, not text")
def pipeline_of_diffusers(folder: Path) -> None:
    (folder / "config.json").unlink()
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionPipeline"}))


@kind("is GGUF, which vLLM does not read")
def folder_of_gguf(folder: Path) -> None:
    (folder / "config.json").unlink()
    (folder / "model.safetensors").rename(folder / "solver-Q4_K_M.gguf")


@kind("has no config.json, but folders in it have", "checkpoint-100, ", "checkpoint-200")
def folder_of_a_training(folder: Path) -> None:
    for name in ("checkpoint-100", "checkpoint-200"):
        (folder / name).mkdir()
        (folder / name / "config.json").write_text("{}")
    (folder / "config.json").unlink()


@kind("has no config.json", "set it to the one: ", "snapshots/5d0c")
def folder_of_the_hubs_cache(folder: Path) -> None:
    (folder / "snapshots" / "5d0c").mkdir(parents=True)
    (folder / "config.json").rename(folder / "snapshots" / "5d0c" / "config.json")


def told(path: Path, **engine: Any) -> str | None:
    """Return what is said of the checkpoint, None where nothing is amiss."""
    try:
        refuse_bad_files(ModelConfig(name="mine", path=str(path), engine=engine), path)
    except ConfigError as error:
        return str(error)
    return None


@pytest.mark.parametrize("name", KINDS)
def test_what_is_wrong_with_the_files_is_told_in_a_sentence_with_its_key(name: str, tmp_path: Path) -> None:
    folder, (damage, words) = copy_of_demo(tmp_path / "model"), KINDS[name]
    assert told(folder) is None
    damage(folder)
    said = told(folder)
    assert said is not None
    assert said.startswith(f"model.path: {folder}")
    for expected in words:
        assert expected in said
    assert said.count("\n") == 1
    assert "\n  fix: " in said


def test_a_file_is_no_checkpoint(tmp_path: Path) -> None:
    folder = copy_of_demo(tmp_path / "model")
    assert f"set it to the folder with config.json: {folder}" in str(told(folder / "model.safetensors"))
    (tmp_path / "solver-Q4_K_M.gguf").write_bytes(b"GGUF")
    assert "is GGUF, which vLLM does not read" in str(told(tmp_path / "solver-Q4_K_M.gguf"))


def test_files_that_are_not_read_are_not_judged(tmp_path: Path) -> None:
    folder = copy_of_demo(tmp_path / "model")
    for name in ("consolidated.safetensors.part", "training_args.bin", "optimizer.pt", "pytorch_model.bin"):
        (folder / name).write_text(LFS)
    assert told(folder) is None
    # A merged adapter, whose own weights lie beside those of the model.
    edit(folder / "tokenizer_config.json", chat_template=None)
    (folder / "adapter_config.json").write_text("{}")
    (folder / "adapter_model.safetensors").write_text(LFS)
    assert told(folder) is None


def test_weights_that_another_format_names_are_not_asked_for(tmp_path: Path) -> None:
    folder = copy_of_demo(tmp_path / "model")
    (folder / "model.safetensors").unlink()
    assert told(folder, load_format="dummy") is None
    assert "has no file with weights" in str(told(folder, load_format="safetensors"))
    (folder / "tokenizer.json").unlink()
    assert told(folder, load_format="dummy", tokenizer="maker/solver") is None


def test_what_the_hub_will_still_send_may_be_missing(tmp_path: Path) -> None:
    folder = copy_of_demo(tmp_path / "model")
    (folder / "model.safetensors").unlink()
    config = ModelConfig(name="mine", path="maker/solver")
    refuse_bad_files(config, folder, is_whole=False)
    cut(folder / "config.json")
    with pytest.raises(ConfigError, match="hf download maker/solver; or"):
        refuse_bad_files(config, folder, is_whole=False)


@pytest.mark.process
def test_a_check_and_a_run_refuse_it_alike_and_leave_no_folder(tmp_path: Path) -> None:
    folder = copy_of_demo(tmp_path / "model")
    cut(folder / "model.safetensors")
    done, modules = run_and_list_modules(tmp_path, f"model.path={folder}")
    checked = run(tmp_path, f"model.path={folder}", module="check")
    assert done.returncode == checked.returncode == 2
    assert done.stderr == checked.stderr
    assert f"model.path: {folder / 'model.safetensors'} has 1,122,848 bytes" in done.stderr
    assert done.stderr.count("\n") == 2
    assert not (tmp_path / "outputs").exists()
    assert modules.isdisjoint(HEAVY - {"numpy"})
