"""Check that a wrong setting is refused at once, before any engine loads, with its path and what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from support.configs import composed
from support.processes import HEAVY, run, run_and_list_modules
from support.rows import SCRIPTED, questions, write_rows

from mathbatch.config import SamplingConfig
from mathbatch.config.overrides import flags_first, overrides_of
from mathbatch.config.paths import conf_dir
from mathbatch.config.vllm_arguments import fields_of, vllm_folder
from mathbatch.runner.components import sampling_values
from mathbatch.runner.folders import run_folder

ROWS = "dataset.input=rows.jsonl"
REFUSED = [
    # overrides, what the message must hold
    (["sampling.temperatur=1"], ["sampling.temperatur", "did you mean 'temperature'?"]),
    (["sampling.temperature=hot"], ["sampling.temperature", "'hot'", "type float"]),
    (["model=qwn"], ["model: there is no 'qwn'", "did you mean 'qwen'?"]),
    (["hydra.run.dir=elsewhere"], ["hydra.run.dir: has no effect", "set output_dir"]),
    (["++hydra.job.chdir=true"], ["hydra.job.chdir: has no effect", "leave it out"]),
    (["dataset=mathvisa"], ["dataset: there is no 'mathvisa'", "did you mean 'mathvista'?"]),
    (["+sampling.foo=1"], ["sampling.foo: no such key", "valid names"]),
    (["++sampling.temperatur=1"], ["sampling.temperatur", "did you mean 'temperature'?"]),
    (["dataset.input=nowhere.json"], ["dataset.input", "nowhere.json", "fix"]),
    (["dataset=generic", "dataset.input=row.jsonl"], ["dataset.input", "did you mean 'rows.jsonl'?"]),
    (["dataset=generic"], ["dataset.input: has no value", "command line"]),
    (["sampling.top_p=1.5"], ["sampling.top_p: 1.5 is out of range", "at most 1.0"]),
    (["sampling.top_p=0"], ["sampling.top_p", "more than 0.0"]),
    (["sampling.temperature=-1"], ["sampling.temperature: -1.0 is out of range"]),
    (["sampling.max_tokens=0"], ["sampling.max_tokens: 0 is out of range", "at least 1"]),
    (["sampling.min_tokens=9", "sampling.max_tokens=5"], ["sampling.min_tokens", "max_tokens=5"]),
    (["sampling.temperature=inf"], ["sampling.temperature: inf is out of range"]),
    (["sampling.repetition_penalty=nan"], ["sampling.repetition_penalty: nan is out of range"]),
    (["sampling.stop=[a,'']"], ["sampling.stop: a text in it is empty"]),
    (["sampling.bad_words=['']"], ["sampling.bad_words: a text in it is empty"]),
    (["sampling.logit_bias.yes=1"], ["sampling.logit_bias.yes: is no bias of a token"]),
    (["sampling.n=4"], ["sampling.n", "temperature 0", "sampling.n=1"]),
    (["sampling.n=2.5"], ["sampling.n", "'2.5'"]),
    (["batch_size=0"], ["batch_size: 0 is out of range"]),
    (["shard=5/4"], ["shard: '5/4' is no shard", "shard=1/4 to shard=4/4"]),
    (["shard=1/4", "rerun=true"], ["rerun: a shard (1/4)", "set another output_dir"]),
    (["model.path=null"], ["model.path"]),
    (["system_prompt=a", "system_prompt_file=b"], ["system_prompt_file", "set one of the two"]),
    (["system_prompt_file=no.txt"], ["system_prompt_file", "no.txt"]),
    (["+dataset._target_=os.system"], ["dataset._target_: no such key"]),
    (["+model.engine.hf_token=abc"], ["model.engine.hf_token", "oc.env:HF_TOKEN"]),
    (["-m", "model.engine.hf_token=abc", "seed=1,2"], ["model.engine.hf_token", "oc.env:HF_TOKEN"]),
    (["model.engine.gpu_memory_utilisation=0.9"], ["model.engine", "did you mean 'gpu_memory_utilization'?"]),
    (["model.engine.max_model_len=5"], ["model.engine.max_model_len", "model.max_model_len"]),
    (["model.engine.limit_mm_per_prompt.image=3"], ["limit_mm_per_prompt.image: 3 pictures", "set model.max_images=3"]),
    (["model.engine.limit_mm_per_prompt=3"], ["limit_mm_per_prompt: 3 is no mapping"]),
    (["model.engine.reasoning_parser=qwen3"], ["model.engine.reasoning_parser", "model.reasoning"]),
    (["model.reasoning=qwen_3"], ["model.reasoning: vLLM has no reasoning parser 'qwen_3'", "did you mean 'qwen3'?"]),
    (["model.reasoning=[think]"], ["model.reasoning: ['think'] is neither", "['<think>','</think>']"]),
    (["sampling.thinking_token_budget=9"], ["sampling.thinking_token_budget: ", "set model.reasoning"]),
    (["-m", "sampling.thinking_token_budget=9,99"], ["sampling.thinking_token_budget: ", "set model.reasoning"]),
    (["saver._target_=mathbatch.data.saver.NoSaver"], ["saver._target_", "NoSaver"]),
    (["saver._target_=builtins.dict"], ["saver._target_", "BaseDataSaver"]),
    (["batcher.bach_size=3"], ["batcher.bach_size", "did you mean 'batch_size'?"]),
    (["sampling.temperature=["], ["sampling.temperature"]),
    (["samplin.n=2"], ["samplin", "did you mean 'sampling'?"]),
    (["dataset.query_field=quary"], ["dataset.query_field", "query_cot"]),
    (["dataset.index_field=sample_id"], ["dataset.index_field", "sample_index", "null"]),
    (["dataset.image_field=picture"], ["dataset.image_field", "null"]),
    (["dataset.answer_field=gold"], ["dataset.answer_field"]),
    (["dataset.prompt='{{ query_cot'"], ["dataset.prompt", "line 1"]),
    (["judge.model.name=x"], ["judge.model.name: there is no judge.model", "model@judge.model=qwen"]),
    (["deploy.port=80"], ["deploy.port: there is no deploy", "choose one: deploy=vllm"]),
    (["report=false", "report.live=true"], ["report.live: there is no report", "leave out report=false"]),
    (["report=Off", "report.live=true"], ["report.live: there is no report"]),
    (["sampling=null"], ["sampling: it needs one", "valid names: greedy, sample"]),
    (["loader._target_=foo.Bar"], ["loader._target_: there is no class 'foo.Bar'", "No module named 'foo'"]),
    (["model.engine.say=a,{b"], ["mathbatch: model.engine.say=a,{b: not an override"]),
    (["batcher={bach_size: 3}"], ["batcher.bach_size", "did you mean 'batch_size'?"]),
    (["dataset.where=false"], ["dataset.where: it leaves out all 3 rows"]),
    (["dataset.prompt='{{ query_cott }}'"], ["dataset.prompt", "did you mean 'query_cot'?"]),
    (["dataset.prompt='{% if hint %}{{ hint }}{% endif %}{{ query_cot }}'"], ["hint is defined and"]),
    (["model.gpu_memory_utilization=0.5"], ["no such key", "model.engine.gpu_memory_utilization=…"]),
    (["model.path=/nowhere/weights"], ["model.path: there is no folder /nowhere/weights", "hub id"]),
    (["dataset.image_base_path=nowhere"], ["dataset.image_base_path", "nowhere"]),
]


@pytest.mark.parametrize(("arguments", "fragments"), REFUSED, ids=[" ".join(case[0]) for case in REFUSED])
@pytest.mark.process
def test_is_refused_before_anything_heavy_is_imported_and_names_path_and_fix(
    tmp_path: Path, arguments: list[str], fragments: list[str]
) -> None:
    write_rows(tmp_path / "rows.jsonl", [{**row, "image": ""} for row in questions(3)])
    given = arguments if any("dataset" in argument for argument in arguments) else ["dataset=generic", ROWS, *arguments]
    if arguments[0].startswith("dataset.") and not arguments[0].startswith("dataset.input"):
        given = ["dataset=generic", ROWS, *arguments]
    done, modules = run_and_list_modules(tmp_path, *given)
    assert not HEAVY & modules
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("mathbatch: ")
    for fragment in fragments:
        assert fragment in done.stderr
    assert not list(tmp_path.glob("outputs/*/*/*/responses/*"))


@pytest.mark.parametrize("group", ["model", "dataset", "sampling", "cluster"])
def test_each_shipped_yaml_composes_and_has_a_run_folder(group: str) -> None:
    for path in sorted((conf_dir() / group).glob("*.yaml")):
        # What a server calls its model has to be said.
        served = ["model.path=served"] if (group, path.stem) == ("model", "openai") else []
        config = composed(f"{group}={path.stem}", "dataset.input=rows.jsonl", *served)
        assert run_folder(config).name


def test_null_max_tokens_reaches_the_engine_as_up_to_the_context_length() -> None:
    assert sampling_values(composed("sampling.max_tokens=null").sampling)["max_tokens"] is None


@pytest.mark.parametrize(
    "override",
    [
        "sampling.structured_outputs.regex='a+'",
        "sampling.logit_bias.5=1.0",
        "sampling.extra_args={a: b}",
        "dataset.columns.z=query_cot",
    ],
)
@pytest.mark.process
def test_free_form_keys_can_be_set_from_the_command_line(tmp_path: Path, override: str) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(2))
    done = run(tmp_path, SCRIPTED, "dataset=generic", f"dataset.input={data}", "dataset.image_field=null", override)
    assert done.returncode == 0, done.stderr


@pytest.mark.process
def test_flags_may_stand_among_the_overrides_and_a_folder_of_own_datasets_is_found(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", questions(2))
    (tmp_path / "my_conf" / "dataset").mkdir(parents=True)
    own = tmp_path / "my_conf" / "dataset" / "mine.yaml"
    own.write_text("name: mine\ninput: rows.jsonl\nimage_field: null\n", encoding="utf-8")
    done = run(tmp_path, SCRIPTED, "--config-dir", "my_conf", "dataset=mine")
    assert done.returncode == 0, done.stderr
    own.write_text("name: mine\ninput: rows.jsonl\nimag_field: null\n", encoding="utf-8")
    done = run(tmp_path, SCRIPTED, "dataset=mine", "--config-dir", "my_conf")
    assert done.returncode == 2
    assert "imag_field" in done.stderr
    assert "image_field" in done.stderr


@pytest.mark.process
@pytest.mark.parametrize(
    ("arguments", "first", "inside"),
    [
        (["--cfg", "job", "--package", "dataset"], "# @package dataset", "name: demo"),
        (["sampling=sample", "-c", "job", "-p", "sampling"], "# @package sampling", "temperature: 0.7"),
        (["--cfg", "hydra", "--package", "hydra.job"], "# @package hydra.job", "chdir: false"),
        (["dataset=gsm8k", "--info"], "", "dataset/gsm8k"),
        (["dataset=gsm8k", "--info", "defaults"], "", "dataset/gsm8k"),
    ],
)
def test_hydra_shows_a_part_of_the_configuration(tmp_path: Path, arguments: list[str], first: str, inside: str) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(first)
    assert inside in done.stdout


def test_values_of_flags_are_no_overrides() -> None:
    arguments = ["--package", "dataset", "a=1", "--info", "b=2", "-i", "plugins", "-cn", "other"]
    assert overrides_of(arguments) == ["a=1", "b=2"]
    flags = ["--package", "dataset", "--info", "all", "-i", "plugins", "-cn", "other"]
    assert flags_first(arguments) == [*flags, "a=1", "b=2"]


def test_zero_and_zero_point_zero_are_one_run() -> None:
    assert run_folder(composed("sampling.temperature=0")) == run_folder(composed("sampling.temperature=0.0"))


def test_the_identity_does_not_depend_on_how_a_key_is_given() -> None:
    by_group = composed("sampling=sample", "sampling.temperature=0.5", "sampling.top_p=1", "sampling.seed=null")
    assert run_folder(by_group) == run_folder(composed("sampling.temperature=0.5"))


def test_another_way_to_split_thoughts_is_another_run() -> None:
    ways = ("null", "qwen3", "deepseek_r1", "['<think>','</think>']", "['[THINK]','[/THINK]']")
    folders = {run_folder(composed(f"model.reasoning={way}")) for way in ways}
    assert len(folders) == len(ways)
    assert run_folder(composed()) in folders


NOT_OURS = {
    "n": "rollouts are units of their own",
    "output_kind": "only final outputs are read",
    "detokenize": "answers are text",
    "logprobs": "not saved",
    "prompt_logprobs": "not saved",
    "prompt_logprob_token_ids": "not saved",
    "prompt_logprob_start": "not saved",
    "logprob_token_ids": "not saved",
    "flat_logprobs": "not saved",
    "stream_interval": "only final outputs are read",
    "skip_clone": "internal",
    "output_text_buffer_length": "internal",
    "skip_reading_prefix_cache": "follows from prompt_logprobs",
    "routed_experts_prompt_start": "not saved",
    "trace_decode_token_ids": "internal",
}


def test_each_sampling_parameter_of_the_installed_vllm_is_in_the_schema_or_refused_for_a_reason() -> None:
    folder = vllm_folder()
    assert folder is not None
    theirs = {name for name in fields_of(folder / "sampling_params.py", "SamplingParams") if not name.startswith("_")}
    ours = set(OmegaConf.structured(SamplingConfig))
    assert theirs - ours - NOT_OURS.keys() == set()
    assert ours - theirs == set()


@pytest.mark.process
def test_a_secret_from_the_environment_is_nowhere_in_the_run_folder(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(3))
    done = run(
        tmp_path,
        SCRIPTED,
        "dataset=generic",
        f"dataset.input={data}",
        "dataset.image_field=null",
        "system_prompt='${oc.env:PATH}'",
    )
    assert done.returncode == 0, done.stderr
    for path in tmp_path.glob("outputs/**/*"):
        if path.is_file():
            assert os.environ["PATH"].encode() not in path.read_bytes(), path
