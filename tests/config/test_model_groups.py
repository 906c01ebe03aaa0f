"""Each model group that comes with MathBatch can be composed, and says of its checkpoint what is so."""

from __future__ import annotations

import functools
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from support.configs import composed
from support.paths import ROOT

from mathbatch.config import Config, ModelConfig
from mathbatch.config.paths import conf_dir
from mathbatch.config.vllm_arguments import check_engine_options, vllm_folder
from mathbatch.errors import ConfigError
from mathbatch.fleet import choose
from mathbatch.models.dates import with_fixed_date
from mathbatch.runner.components import sampling_values
from mathbatch.runner.folders import run_folder

# Of servers, whose model is for the user to name.
SERVERS = "openai"
GROUPS = sorted(path.stem for path in (conf_dir() / "model").glob("*.yaml") if path.stem != SERVERS)
THINKING = ["deepseek_r1", "glm4v", "gpt_oss", "qwen3", "qwen3_vl_thinking"]
# Checkpoints that vLLM loads by code that comes with them.
REMOTE_CODE = ["minicpm_v", "molmo2"]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def text_of(group: str) -> str:
    return (conf_dir() / "model" / f"{group}.yaml").read_text(encoding="utf-8")


@functools.cache
def config_of(group: str) -> Config:
    """Return the configuration of a run whose model is its judge too."""
    return composed(f"model={group}", f"model@judge.model={group}")


def model_of(group: str) -> ModelConfig:
    return config_of(group).model


def parsers_of_vllm() -> set[str]:
    folder = vllm_folder()
    assert folder is not None
    registry = (folder / "reasoning" / "__init__.py").read_text(encoding="utf-8")
    return set(re.findall(r'^    "(\w+)": \(', registry, re.MULTILINE))


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_is_built_and_is_a_judge_too(group: str) -> None:
    config = config_of(group)
    assert choose.model_of(config).config is config.model
    assert config.judge.model == config.model
    assert run_folder(config).parts[-3] == config.model.name
    check_engine_options(config.model.engine)


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_says_in_a_comment_what_it_is(group: str) -> None:
    text = text_of(group)
    assert text.startswith("# ")
    keys = list(yaml.safe_load(text))
    assert keys[:2] == ["name", "path"]


def test_servers_are_a_model_and_a_judge_by_the_name_that_they_have_for_it() -> None:
    named = [f"{place}.{key}" for place in ("model", "judge.model") for key in ("path=a/b", "base_urls=[http://a/v1]")]
    config = composed(f"model={SERVERS}", f"model@judge.model={SERVERS}", *named)
    assert choose.model_of(config).config is config.model
    assert config.judge.model == config.model
    assert run_folder(config).parts[-3] == "b"
    assert text_of(SERVERS).startswith("# ")
    with pytest.raises(ConfigError, match=r"model\.path: has no value"):
        composed(f"model={SERVERS}")


def test_no_two_groups_share_a_name() -> None:
    shared = [name for name, count in Counter(model_of(group).name for group in GROUPS).items() if count > 1]
    assert not shared


@pytest.mark.parametrize("group", GROUPS)
def test_a_parser_that_a_group_names_is_one_of_vllm(group: str) -> None:
    reasoning = model_of(group).reasoning
    assert (reasoning is not None) == (group in THINKING)
    assert reasoning is None or isinstance(reasoning, list) or reasoning in parsers_of_vllm()


@pytest.mark.parametrize("group", GROUPS)
def test_code_of_a_checkpoint_is_run_by_no_group_and_its_file_says_how_to_allow_it(group: str) -> None:
    assert not model_of(group).trust_remote_code
    assert ("model.trust_remote_code=true" in text_of(group)) == (group in REMOTE_CODE)


@pytest.mark.parametrize("group", GROUPS)
def test_a_prompt_of_its_own_length_fits_beside_the_longest_answer(group: str) -> None:
    config = config_of(group)
    assert config.sampling.max_tokens == (32768 if group in THINKING else 1024)
    assert config.model.max_model_len is not None
    assert not 0 < config.model.max_model_len < config.model.max_tokens + 1024


@pytest.mark.parametrize("group", GROUPS)
def test_the_readme_lists_each_group_with_its_checkpoint(group: str) -> None:
    (row,) = re.findall(rf"^\| `{group}` \|.*$", README, re.MULTILINE)
    path = model_of(group).path
    assert path in row or group == "demo"
    assert ("trust_remote_code" in row) == (group in REMOTE_CODE)


def test_each_checkpoint_that_the_readme_lists_has_a_group() -> None:
    table = README.split("| `model=` |")[1].split("\n\n")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == GROUPS


@pytest.mark.parametrize(
    ("given", "longest"),
    [
        ([], 32768),
        (["sampling.max_tokens=2048"], 2048),
        (["sampling.max_tokens=null"], None),
        (["sampling=sample"], 32768),
        (["sampling=short"], 300),
        (["sampling=warm"], 32768),
        (["experiment=brief"], 400),
        (["experiment=brief", "sampling.max_tokens=500"], 500),
        (["model.max_tokens=600"], 600),
        (["model.max_tokens=600", "sampling.max_tokens=700"], 700),
        (["model=qwen"], 1024),
        (["model=qwen", "model@judge.model=qwen3_vl_thinking"], 1024),
    ],
)
def test_a_model_that_thinks_has_longer_answers_unless_somebody_says_how_long(
    tmp_path: Path, given: list[str], longest: int | None
) -> None:
    for name, text in (
        ("sampling/short.yaml", "max_tokens: 300\n"),
        ("sampling/warm.yaml", "temperature: 0.6\n"),
        ("experiment/brief.yaml", "# @package _global_\nsampling:\n  max_tokens: 400\n"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    config = composed(f"hydra.searchpath=[file://{tmp_path}]", "model=qwen3_vl_thinking", *given)
    assert sampling_values(config.sampling)["max_tokens"] == longest


def test_the_longest_answer_makes_one_run_whichever_key_gives_it() -> None:
    assert run_folder(composed("model.max_tokens=2048")) == run_folder(composed("sampling.max_tokens=2048"))
    assert run_folder(composed("model.max_tokens=2048")) != run_folder(composed())


@pytest.mark.parametrize("group", ["gpt_oss", "llama3", "mistral_small"])
def test_a_template_that_dates_its_prompts_gets_the_same_date_every_day(group: str) -> None:
    variables = with_fixed_date(model_of(group).chat_template_kwargs)
    assert re.fullmatch(r"\d{2} \w{3} 202\d", variables["strftime_now"]("%d %b %Y"))
    todays = composed(f"model={group}", "model.chat_template_kwargs.strftime_now=null").model
    assert with_fixed_date(todays.chat_template_kwargs) == {}
