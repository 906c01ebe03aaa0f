"""Check that a checkpoint or a setting with which real vLLM can't start is refused before the load, with its key."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.checkpoints import copy_of_demo, edit, text_model

from mathbatch.config import ModelConfig
from mathbatch.errors import ConfigError
from mathbatch.models.packages import Needed, package_needed
from mathbatch.models.start_errors import LONGEST_WORDS
from mathbatch.models.vllm import VllmModel

pytestmark = pytest.mark.usefixtures("vllm")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let vLLM read a wrong file again at once: it waits for two seconds, lest the hub's client is writing it."""
    from vllm.transformers_utils import repo_utils

    monkeypatch.setattr(repo_utils, "time", SimpleNamespace(sleep=lambda seconds: None))


CODE = {"AutoConfig": "configuration_mine.MineConfig", "AutoModelForCausalLM": "modeling_mine.MineForCausalLM"}
POOLING = [{"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]

# What is done to a checkpoint of text or of pictures, its key, and what the sentence has to say, with its fix.
KINDS: dict[str, tuple[Callable[[Path], Path], Callable[[Path], object], str, tuple[str, ...]]] = {}


def kind(
    make: Callable[[Path], Path], key: str, *words: str
) -> Callable[[Callable[[Path], object]], Callable[[Path], object]]:
    def add(damage: Callable[[Path], object]) -> Callable[[Path], object]:
        KINDS[damage.__name__] = make, damage, key, words
        return damage

    return add


@kind(text_model, "model.trust_remote_code", "can't be loaded without Python code that comes with it", "set it to true")
def code_of_its_own(folder: Path) -> None:
    edit(folder / "config.json", model_type="mine", architectures=["MineForCausalLM"], auto_map=CODE)
    (folder / "configuration_mine.py").write_text("from transformers import LlamaConfig as MineConfig\n")


@kind(text_model, "model.path", "is of the architecture Llama33ForCausalLM", "nearest: LlamaForCausalLM")
def unknown_architecture(folder: Path) -> None:
    edit(folder / "config.json", architectures=["Llama33ForCausalLM"])


@kind(text_model, "model.path", "is of the type 'qwen33', which vllm", "nearest: qwen3")
def unknown_type(folder: Path) -> None:
    edit(folder / "config.json", model_type="qwen33")


@kind(text_model, "model.path", "Should have a `model_type` key in its config.json")
def no_type(folder: Path) -> None:
    edit(folder / "config.json", model_type=None)


@kind(
    text_model,
    "model.path",
    "generates no text",
    "model.engine.hf_overrides.architectures=[LlamaForCausalLM]",
)
def no_architecture(folder: Path) -> None:
    edit(folder / "config.json", architectures=None)


@kind(text_model, "model.path", "generates no text", "model.engine.runner=generate")
def model_of_embeddings(folder: Path) -> None:
    (folder / "modules.json").write_text(json.dumps(POOLING))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_lasttoken": true}')


@kind(text_model, "model.path", "generates no text: its architecture is LlamaModel", "[LlamaForCausalLM]")
def part_of_a_model(folder: Path) -> None:
    edit(folder / "config.json", architectures=["LlamaModel"])


@kind(text_model, "model.path", "is of the dtype float17, which there is not")
def unknown_dtype(folder: Path) -> None:
    edit(folder / "config.json", dtype="float17")


@kind(text_model, "model.path", "num_key_value_heads=3 does not divide num_attention_heads=4")
def heads_that_cannot_be_shared(folder: Path) -> None:
    edit(folder / "config.json", num_key_value_heads=3)


@kind(text_model, "model.path", "Field 'hidden_size' expected int, got str")
def size_of_another_type(folder: Path) -> None:
    edit(folder / "config.json", hidden_size="128")


@kind(copy_of_demo, "model.path", "hidden_size=256, and the weights of the embedding have 128")
def weights_of_a_smaller_model(folder: Path) -> None:
    text = json.loads((folder / "config.json").read_text())["text_config"]
    edit(folder / "config.json", text_config=text | {"hidden_size": 256})


@kind(copy_of_demo, "model.path", "intermediate_size=640, and the weights of the layers have 320")
def weights_of_a_narrower_model(folder: Path) -> None:
    text = json.loads((folder / "config.json").read_text())["text_config"]
    edit(folder / "config.json", text_config=text | {"intermediate_size": 640})


@kind(text_model, "model.path", "hidden_act=silo, a function that vLLM does not have", "did you mean 'silu'?")
def unknown_function(folder: Path) -> None:
    edit(folder / "config.json", hidden_act="silo")


@kind(text_model, "model.path", "rope_type=linaer, which vLLM does not know", "did you mean 'linear'?")
def unknown_rotation(folder: Path) -> None:
    edit(folder / "config.json", rope_parameters={"rope_type": "linaer", "rope_theta": 10000.0, "factor": 2.0})


@kind(text_model, "model.path", "writes down what is said in a recording, and takes no question")
def model_of_recordings(folder: Path) -> None:
    sizes = {"d_model": 64, "encoder_attention_heads": 2, "decoder_attention_heads": 2, "vocab_size": 51865}
    config = {"model_type": "whisper", "architectures": ["WhisperForConditionalGeneration"], **sizes}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"feature_extractor_type": "WhisperFeatureExtractor", "processor_class": "WhisperProcessor"})
    )


@kind(text_model, "model.path", "has 579 tokens, and its config.json vocab_size=400")
def more_tokens_than_the_model_has(folder: Path) -> None:
    edit(folder / "config.json", vocab_size=400)


@kind(text_model, "model.chat_template", "has no chat template", "set it to a file with one")
def no_template(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()


@kind(text_model, "dataset.image_field", "rows have pictures, and", "reads text only")
def text_alone(folder: Path) -> None: ...


@kind(copy_of_demo, "model.path", "has no readable preprocessor_config.json or processor_config.json")
def no_processor(folder: Path) -> None:
    (folder / "processor_config.json").unlink()


@kind(copy_of_demo, "model.path", "can't take a prompt with a picture")
def no_token_for_pictures(folder: Path) -> None:
    tokenizer = (folder / "tokenizer.json").read_text()
    (folder / "tokenizer.json").write_text(tokenizer.replace('"<image>"', '"<picture>"'))
    edit(folder / "tokenizer_config.json", extra_special_tokens=None)


@kind(copy_of_demo, "model.path", "has no readable preprocessor_config.json or processor_config.json")
def unknown_image_processor(folder: Path) -> None:
    edit(folder / "processor_config.json", image_processor={"image_processor_type": "MineImageProcessor"})


@kind(text_model, "model.path", "can't load the tokenizer of")
def tokenizer_without_content(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{}")


@kind(text_model, "model.path", "is of the architecture BartForConditionalGeneration, by which vLLM generates no text")
def encoder_and_decoder(folder: Path) -> None:
    sizes = {"vocab_size": 512, "d_model": 64, "max_position_embeddings": 2048}
    config = {"model_type": "bart", "architectures": ["BartForConditionalGeneration"], **sizes}
    (folder / "config.json").write_text(json.dumps(config))


def told(folder: Path, most_images: int = 1, **settings: Any) -> str | None:
    """Return what is said before the load where rows have so many pictures, None where nothing is amiss."""
    settings = {"max_model_len": 2048, "cpu_kv_cache_gib": 1} | settings
    model = VllmModel(ModelConfig(name="mine", path=str(folder), **settings))
    model.most_images = most_images
    try:
        model.check_before_load({"max_tokens": 8})
    except ConfigError as error:
        return str(error)
    return None


@pytest.mark.parametrize("name", KINDS)
def test_a_checkpoint_that_cannot_start_is_told_in_a_sentence_with_its_key(name: str, tmp_path: Path) -> None:
    make, damage, key, words = KINDS[name]
    folder = make(tmp_path / "model")
    damage(folder)
    said = told(folder)
    assert said is not None
    assert said.startswith(f"{key}: ")
    for expected in words:
        assert expected in said
    assert said.count("\n") == 1
    assert len(said) < 3 * LONGEST_WORDS


def test_sound_checkpoints_are_let_through(tmp_path: Path) -> None:
    assert told(copy_of_demo(tmp_path / "pictures")) is None
    assert told(text_model(tmp_path / "text"), most_images=0) is None
    assert told(text_model(tmp_path / "texts"), max_images=0) is None


@pytest.mark.parametrize(
    ("settings", "key", "words"),
    [
        ({"tensor_parallel_size": 3}, "model.tensor_parallel_size", "has 4 attention heads, which 3 GPUs can't share"),
        ({"engine": {"dtype": "float17"}}, "model.engine.dtype", "float17"),
        ({"engine": {"max_num_seqs": 0}}, "model.engine.max_num_seqs", "0"),
        ({"engine": {"load_format": "zip"}}, "model.engine.load_format", "zip"),
        ({"engine": {"seed": 1, "kv_cache_dtype": "fp3"}}, "model.engine.kv_cache_dtype", "fp3"),
        ({"engine": {"model_impl": "transformer"}}, "model.engine.model_impl", "did you mean 'transformers'?"),
        (
            {"engine": {"limit_mm_per_prompt": {"vidoe": 1}}},
            "model.engine.limit_mm_per_prompt.vidoe",
            "did you mean 'video'?",
        ),
        ({"engine": {"tokenizer": "/nowhere"}}, "model.engine.tokenizer", "/nowhere"),
        (
            {"engine": {"hf_overrides": {"architectures": ["Llama33ForCausalLM"]}}},
            "model.engine.hf_overrides",
            "nearest",
        ),
    ],
)
def test_a_setting_that_vllm_refuses_is_told_with_its_key(
    settings: dict[str, Any], key: str, words: str, tmp_path: Path
) -> None:
    said = told(text_model(tmp_path / "model"), most_images=0, **settings)
    assert said is not None
    assert said.startswith(f"{key}: ")
    assert words in said
    assert len(said) < 3 * LONGEST_WORDS


def test_a_value_that_the_processor_fails_with_is_told_with_its_key(tmp_path: Path) -> None:
    folder = copy_of_demo(tmp_path / "model")
    said = told(folder, mm_processor_kwargs={"size": "large"})
    assert said is not None
    assert said.startswith(f"model.mm_processor_kwargs: the processor of {folder} fails with it: ")
    assert told(folder, mm_processor_kwargs={"size": {"longest_edge": 32}}) is None


def test_a_folder_that_is_misspelt_is_told_with_the_one_beside_it(tmp_path: Path) -> None:
    folder = copy_of_demo(tmp_path / "Qwen3-VL-8B")
    said = told(tmp_path / "Qwen3-VL-8b")
    assert said is not None
    assert said.endswith(f"did you mean {folder}?")


def test_a_folder_that_is_not_there_is_no_name_of_the_hub(tmp_path: Path) -> None:
    said = told(tmp_path / "model")
    assert said is not None
    assert said.startswith(f"model.path: there is no folder {tmp_path / 'model'}, and no name of the hub")


def test_a_missing_package_is_named_with_its_command() -> None:
    from transformers.utils import import_utils

    def command_for(text: str) -> str:
        found = package_needed(ImportError(text), [" ".join(text.split())])
        assert found is not None
        return found.command.partition(" --")[0]

    assert command_for(import_utils.TORCHVISION_IMPORT_ERROR.format("Gemma3Processor")) == "pip install torchvision"
    assert command_for(import_utils.SENTENCEPIECE_IMPORT_ERROR.format("It")) == "pip install sentencepiece"
    assert command_for(import_utils.CV2_IMPORT_ERROR.format("It")) == "pip install opencv-python"
    assert (
        command_for("Package `num2words` is required. Install it with `pip install num2words`.")
        == "pip install num2words"
    )
    code = "packages that were not found in your environment: timm, einops. Run `pip install timm einops`"
    assert command_for(f"This modeling file requires the following {code}") == "pip install timm einops"
    assert package_needed(ModuleNotFoundError("no", name="tiktoken.load"), []) == Needed(
        "tiktoken", "pip install tiktoken"
    )
    assert package_needed(ValueError("pip install"), ["pip install"]) is None
